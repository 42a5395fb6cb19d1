//! What the whole document says: conditions that are the same for every item, steps without effect, a second run.

use super::effects;
use super::steps::{StepView, rules};
use super::yaml::Node;
use crate::item::value::Item;
use crate::language::compile::compiled::Compiled;
use crate::language::document::Document;
use crate::language::document::field::Field;
use crate::language::expression::cel::Expression;
use crate::language::finding::{Code, Finding};
use std::ops::Range;

/// Everything that is to be said of a document that compiles.
pub fn check(
    root: &Node,
    steps: &[StepView<'_>],
    document: &Document,
    compiled: &Compiled,
    findings: &mut Vec<Finding>,
) {
    let rules = rules(root);
    let known = compiled.constant_conditions();
    for (field, node) in conditions(&rules, steps) {
        let known = known.iter().find(|constant| constant.field == field).map(|constant| constant.holds);
        let Some(holds) = known.or_else(|| without_item(node)) else { continue };
        let is_last_of_several = field.rule == Some(rules.len());
        findings.extend(told(&field, holds, is_last_of_several, node.span.clone()));
    }
    effects::check(steps, findings);
    if !compiled.is_shown_idempotent() {
        findings.push(second_run(root, &rules, document));
    }
}

/// Every condition, with where it stands.
fn conditions<'d>(rules: &[(Option<usize>, &'d Node)], steps: &[StepView<'d>]) -> Vec<(Field, &'d Node)> {
    let of_rules = rules.iter().flat_map(|(rule, node)| {
        ["where", "check"].into_iter().filter_map(|name| Some((Field::of(*rule, name), node.field(name)?)))
    });
    let of_steps = steps.iter().filter_map(|step| {
        let place = step.numbers.iter().fold(Field::of(step.rule, ""), |field, number| field.step(*number));
        Some((place.named("when"), step.node.field("when")?))
    });
    of_rules.chain(of_steps).collect()
}

/// What a condition that names no attribute is for every item.
fn without_item(node: &Node) -> Option<bool> {
    let expression = Expression::compile(node.text()?).ok()?;
    let names_none = expression.reads().is_empty() && expression.key_reads().is_empty();
    names_none.then(|| expression.holds(&Item::new()))?.ok()
}

fn told(field: &Field, holds: bool, is_last_of_several: bool, span: Range<usize>) -> Option<Finding> {
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

/// Nothing shows that a second run leaves changed items alone. The finding is at the rule of which that is so.
fn second_run(root: &Node, rules: &[(Option<usize>, &Node)], document: &Document) -> Finding {
    let message = "nothing shows that a second run would leave changed items alone";
    let looked = "the dry run applies the migration twice to every item and refuses it if that makes a difference";
    let unshown = rules.iter().find(|(rule, _)| rule.is_some_and(|rule| !is_shown_alone(document, rule)));
    let (_, rule) = unshown.or(rules.first()).copied().unwrap_or((None, root));
    if let Some(condition) = rule.field("where") {
        return Finding::note(Code::NotIdempotent, condition.span.clone(), message)
            .label("not known to be false for a changed item")
            .because(looked);
    }
    let at = rule.entry("change").map_or(rule.span.clone(), |entry| entry.at.clone());
    Finding::warning(Code::NotIdempotent, at, message)
        .label("done to every item, whenever it runs")
        .because(looked)
        .help("write a `where` that is false once an item is changed, as in `where: '!has(item.version)'`")
}

/// Whether a rule by itself can be shown to leave its items alone once they are changed.
fn is_shown_alone(document: &Document, rule: usize) -> bool {
    let Some(rule) = document.rules.get(rule - 1) else { return true };
    let alone = Document { rules: vec![rule.clone()], ..document.clone() };
    Compiled::of(&alone).is_ok_and(|compiled| compiled.is_shown_idempotent())
}
