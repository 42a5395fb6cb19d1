//! Steps whose effect nothing ever sees: a later step overwrites or removes what they made, or does the same again.

use super::steps::StepView;
use super::yaml::Node;
use crate::item::path::Path;
use crate::language::compile::compiled::{Compiled, Rule};
use crate::language::compile::steps::Step;
use crate::language::finding::{Code, Finding};
use serde_json::Value;
use std::collections::BTreeSet;
use std::ops::Range;

/// What of a step matters here, worked out once.
struct Effect<'d> {
    view: &'d StepView<'d>,
    /// The whole step as plain data.
    value: Value,
    /// The path that it makes something of, and where that is written.
    makes: Option<(Path, &'d Node)>,
    /// The path that it sets or removes, whatever is there.
    ends: Option<(Path, &'d Node)>,
    /// The top-level attributes that it reads.
    reads: BTreeSet<String>,
}

/// Warns of every step that has no effect.
pub fn check(steps: &[StepView<'_>], compiled: &Compiled, findings: &mut Vec<Finding>) {
    // Both lists are in the order of the document, each step before those within it.
    let compiled = compiled.rules().iter().flat_map(Rule::all_steps);
    let effects: Vec<Effect<'_>> = steps.iter().zip(compiled).map(|(view, step)| Effect::of(view, step)).collect();
    for (index, effect) in effects.iter().enumerate() {
        let later = || effects[index + 1..].iter().filter(|other| effect.is_beside(other));
        let next = later().next();
        let finding = next.and_then(|next| effect.repeated(next)).or_else(|| effect.overwritten(later()));
        findings.extend(finding);
    }
}

impl<'d> Effect<'d> {
    fn of(view: &'d StepView<'d>, step: &Step) -> Self {
        let field = |name: &str| view.node.field(name);
        let copied = || field("copy").and_then(|copy| copy.field("to"));
        let path = |node: &'d Node| Some((Path::parse(node.text()?).ok()?, node));
        let unguarded = field("when").is_none();
        Self {
            view,
            value: view.node.value(),
            makes: field("set").or(field("default")).or_else(copied).and_then(path),
            ends: field("set").or(field("remove")).filter(|_| unguarded).and_then(path),
            reads: reads(view, step),
        }
    }

    /// Whether two steps are in the same list of steps.
    fn is_beside(&self, other: &Self) -> bool {
        let above = |step: &'d StepView<'d>| step.numbers.split_last().map(|(_, above)| above);
        self.view.rule == other.view.rule && above(self.view) == above(other.view)
    }

    /// Where the step begins.
    fn head(&self) -> Range<usize> {
        self.view.node.entries().first().map_or(self.view.node.span.clone(), |first| first.at.clone())
    }

    /// The very step again, right after it.
    fn repeated(&self, next: &Self) -> Option<Finding> {
        if next.value != self.value {
            return None;
        }
        let finding = Finding::warning(Code::Duplicate, next.head(), "this step does what the step before it did");
        Some(finding.also(self.head(), "the same").help("take one of them out"))
    }

    /// What the step makes is set or removed by a later one, and no step in between reads it.
    fn overwritten<'o>(&self, later: impl Iterator<Item = &'o Self>) -> Option<Finding>
    where
        'd: 'o,
    {
        let (path, node) = self.makes.as_ref()?;
        for other in later {
            if other.reads.contains(path.root()) {
                return None;
            }
            if let Some((_, again)) = other.ends.as_ref().filter(|(end, _)| end == path) {
                let verb = if other.view.node.field("set").is_some() { "sets it again" } else { "removes it" };
                let message = format!("this step has no effect: {} {verb}", other.view.name());
                let finding = Finding::warning(Code::NoEffect, node.span.clone(), message);
                return Some(finding.also(again.span.clone(), verb).help("take this step out"));
            }
            // A step that writes within the same attribute may need what was there.
            if other.view.writes.iter().any(|write| write.root() == Some(path.root())) {
                return None;
            }
        }
        None
    }
}

/// The top-level attributes that a step reads: those of its paths and of its expressions.
fn reads(view: &StepView<'_>, step: &Step) -> BTreeSet<String> {
    let of_paths = view.reads.iter().filter_map(|read| Some(read.root()?.to_owned()));
    of_paths.chain(step.expressions().flat_map(|(_, expression)| expression.reads().clone())).collect()
}
