//! What the whole document says: conditions that are the same for every item, steps without effect, a second run.

use super::effects;
use super::place;
use super::steps::{StepView, rules};
use super::yaml::Node;
use crate::item::value::Item;
use crate::language::compile::compiled::{Compiled, Rule};
use crate::language::compile::steps::Step;
use crate::language::document::field::Field;
use crate::language::expression::cel::Expression;
use crate::language::finding::{Code, Finding};
use std::ops::Range;

/// Everything that is to be said of a document that compiles.
pub fn check(root: &Node, steps: &[StepView<'_>], compiled: &Compiled, findings: &mut Vec<Finding>) {
    let rules = rules(root);
    for (field, condition) in compiled.rules().iter().flat_map(conditions) {
        let (Some(holds), Some(node)) = (without_item(condition), place::value(root, &field)) else { continue };
        let is_last_of_several = field.rule == Some(rules.len());
        findings.extend(constant(&field, holds, is_last_of_several, node.span.clone()));
    }
    effects::check(steps, compiled, findings);
    let repeating = compiled.rules().iter().zip(&rules).filter(|(rule, _)| rule.may_repeat());
    findings.extend(repeating.map(|(_, (_, node))| second_run(node)));
}

/// Every condition of a rule and its steps, with its field.
fn conditions(rule: &Rule) -> impl Iterator<Item = (Field, &Expression)> {
    let of_steps = rule.all_steps().flat_map(Step::expressions).filter(|(field, _)| field.name == "when");
    rule.conditions().chain(of_steps)
}

/// What a condition that names no attribute is for every item.
fn without_item(condition: &Expression) -> Option<bool> {
    let names_none = condition.reads().is_empty() && condition.key_reads().is_empty();
    names_none.then(|| condition.holds(&Item::new()))?.ok()
}

/// A condition that is the same for every item.
fn constant(field: &Field, holds: bool, is_last_of_several: bool, span: Range<usize>) -> Option<Finding> {
    Some(match (field.name, holds) {
        ("where", true) if is_last_of_several => return None,
        ("where", true) => Finding::warning(Code::AlwaysTrue, span, "`where` is true for every item")
            .label("always true")
            .because("nothing then tells a changed item from an unchanged one")
            .help("name what only unchanged items have, as in `!has(item.version)`; leave `where` out if every item is meant"),
        ("where", false) => Finding::error(Code::AlwaysFalse, span, "`where` is true for no item")
            .label("never true")
            .because("no item would be changed"),
        ("check", true) => Finding::warning(Code::AlwaysTrue, span, "`check` holds for every item, so it checks nothing"),
        ("check", false) => Finding::error(Code::AlwaysFalse, span, "`check` holds for no item")
            .label("every item would be invalid"),
        (_, true) => Finding::warning(Code::AlwaysTrue, span, "`when` is true for every item")
            .label("always true")
            .help("leave it out"),
        (_, false) => Finding::warning(Code::AlwaysFalse, span, "`when` is true for no item")
            .label("never true")
            .because("the step is never carried out"),
    })
}

/// A second run may change the items of a rule again: a note if the author has written a `where`, else a warning.
fn second_run(rule: &Node) -> Finding {
    let message = "a second run may change these items again";
    let reason = "a step computes a value from an attribute that the steps change; the dry run applies the migration twice \
                  to every item and fails if the second time makes a difference";
    if let Some(condition) = rule.field("where") {
        return Finding::note(Code::NotIdempotent, condition.span.clone(), message)
            .label("no step changes what this reads")
            .because(reason);
    }
    let at = rule.entry("change").map_or(rule.span.clone(), |entry| entry.at.clone());
    Finding::warning(Code::NotIdempotent, at, message)
        .label("applies to every item, in every run")
        .because(reason)
        .help("write a `where` that is false once an item is changed, as in `where: '!has(item.version)'`")
}
