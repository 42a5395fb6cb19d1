//! Steps whose effect nothing ever sees: a later step overwrites or removes what they made, or does the same again.

use super::finding::{Code, Finding};
use super::steps::StepView;
use crate::language::expression::Expression;
use crate::path::Path;
use std::collections::BTreeSet;

/// Warns of every step that has no effect.
pub fn check(steps: &[StepView<'_>], findings: &mut Vec<Finding>) {
    for (index, step) in steps.iter().enumerate() {
        let later: Vec<&StepView<'_>> = steps[index + 1..].iter().filter(|other| are_beside(step, other)).collect();
        if let Some(finding) = repeated(step, &later).or_else(|| overwritten(step, &later)) {
            findings.push(finding);
        }
    }
}

/// Whether two steps are in the same list of steps.
fn are_beside(one: &StepView<'_>, other: &StepView<'_>) -> bool {
    let above = |step: &StepView<'_>| step.numbers.split_last().map(|(_, above)| above.to_vec());
    one.rule == other.rule && above(one) == above(other)
}

/// The very step again, with nothing in between that could make a difference.
fn repeated(step: &StepView<'_>, later: &[&StepView<'_>]) -> Option<Finding> {
    let next = later.first().filter(|next| next.node.value() == step.node.value())?;
    let span = next.node.entries().first().map_or(next.node.span.clone(), |first| first.at.clone());
    let finding = Finding::warning(Code::Duplicate, span, "this step does what the step before it did");
    let first = step.node.entries().first().map_or(step.node.span.clone(), |first| first.at.clone());
    Some(finding.also(first, "the same").help("take one of them out"))
}

/// What a step writes is set or removed by a later one, and no step in between reads it.
fn overwritten(step: &StepView<'_>, later: &[&StepView<'_>]) -> Option<Finding> {
    let copied = || step.node.field("copy").and_then(|copy| copy.field("to"));
    let node = step.node.field("set").or(step.node.field("default")).or_else(copied)?;
    let path = Path::parse(node.text()?).ok()?;
    for other in later {
        let again = other.node.field("set").or(other.node.field("remove"));
        let same = again.and_then(|node| Path::parse(node.text()?).ok()).is_some_and(|other| other == path);
        if reads(other).contains(path.root()) {
            return None;
        }
        if let (true, None, Some(again)) = (same, other.node.field("when"), again) {
            let verb = if other.node.field("set").is_some() { "sets it anew" } else { "removes it" };
            let message = format!("this step has no effect: {} {verb}", other.name());
            let finding = Finding::warning(Code::NoEffect, node.span.clone(), message);
            return Some(finding.also(again.span.clone(), verb).help("take this step out"));
        }
        // A step that writes within the same attribute may need what was there.
        if other.writes.iter().any(|write| write.root() == Some(path.root())) {
            return None;
        }
    }
    None
}

/// The top-level attributes that a step reads, those within it too.
fn reads(step: &StepView<'_>) -> BTreeSet<String> {
    let mut roots: BTreeSet<String> = step.reads.iter().filter_map(|read| Some(read.root()?.to_owned())).collect();
    for name in ["to", "when"] {
        let Some(text) = step.node.field(name).and_then(|node| node.text()) else { continue };
        if let Ok(expression) = Expression::compile_for_element(text) {
            roots.extend(expression.reads().iter().cloned());
        }
    }
    roots
}
