//! What the whole document says: conditions that are the same for every item, steps without effect, a second run.

use super::effects;
use super::finding::{Code, Finding};
use super::steps::{StepView, rules};
use super::yaml::Node;
use crate::language::compiled::Compiled;
use crate::language::expression::Expression;
use crate::value::Item;

/// Everything that is to be said of a document that compiles.
pub fn check(root: &Node, steps: &[StepView<'_>], _compiled: &Compiled, findings: &mut Vec<Finding>) {
    for (_, rule) in rules(root) {
        for field in ["where", "check"] {
            if let Some(node) = rule.field(field) {
                constant(field, node, findings);
            }
        }
    }
    effects::check(steps, findings);
}

/// A condition that names no attribute is the same for every item.
fn constant(field: &str, node: &Node, findings: &mut Vec<Finding>) {
    let Some(Ok(expression)) = node.text().map(Expression::compile) else { return };
    if !expression.reads().is_empty() {
        return;
    }
    let (Ok(holds), span) = (expression.holds(&Item::new()), node.span.clone()) else { return };
    findings.push(match (field, holds) {
        ("where", true) => Finding::warning(Code::AlwaysTrue, span, "`where` is true for every item")
            .because("a second run would go through all items again, and nothing tells a changed item from an unchanged one")
            .help("name what only unchanged items have, as in `!has(item.version)`, or leave `where` out if every item is meant"),
        ("where", false) => Finding::error(Code::AlwaysFalse, span, "`where` is false for every item")
            .label("no item would be changed"),
        (_, true) => Finding::warning(Code::AlwaysTrue, span, format!("`{field}` holds for every item, so it checks nothing")),
        (_, false) => Finding::error(Code::AlwaysFalse, span, format!("`{field}` holds for no item"))
            .label("every item would be invalid"),
    });
}
