//! Where in a document's text a field is, and the faults of compiling at their places.

use super::expression;
use super::yaml::{Entry, Node};
use crate::language::compile::fault::{Fault, Part};
use crate::language::document::field::Field;
use crate::language::finding::Finding;
use std::ops::Range;

/// What a field leads to.
struct Found<'d> {
    /// The field's value, or the innermost map on the way to it that is there.
    node: &'d Node,
    /// Whether all of the way is there.
    is_there: bool,
}

/// The value of a field, if the document has it.
pub fn value<'d>(root: &'d Node, field: &Field) -> Option<&'d Node> {
    Some(found(root, field)).filter(|found| found.is_there).map(|found| found.node)
}

/// A fault of compiling as a finding of the document. Nothing if another finding has said what is wrong at its place.
pub fn finding(document: &str, root: &Node, fault: Fault, known: &[Finding]) -> Option<Finding> {
    let Fault { field, part, mut finding, beside } = fault;
    let Found { node, is_there } = found(root, &field);
    match part {
        Part::Expression if node.tag.is_some() => return None,
        Part::Expression => return Some(expression::placed(document, node, finding)),
        Part::Name => finding.span = root.entry(field.name).map_or_else(|| first_name(root), |entry| entry.at.clone()),
        Part::Value => {
            let is_known = |known: &Finding| node.span.start <= known.span.start && known.span.end <= node.span.end;
            if known.iter().any(is_known) {
                return None;
            }
            finding.span = if is_there && !field.name.is_empty() { node.span.clone() } else { first_entry(node) };
        }
    }
    if let Some(suggestion) = &mut finding.suggestion {
        suggestion.span = finding.span.clone();
    }
    Some(match beside.and_then(|(name, label)| Some((root.entry(name)?, label))) {
        Some((other, label)) => finding.also(other.at.clone(), label),
        None => finding,
    })
}

fn found<'d>(root: &'d Node, field: &Field) -> Found<'d> {
    let mut found = Found { node: root, is_there: true };
    if let Some(rule) = field.rule {
        found.enter(|node| node.field("rules")?.elements().get(rule - 1));
    }
    for (depth, number) in field.steps.iter().enumerate() {
        found.enter(|node| {
            let within = if depth == 0 { node } else { node.field("increment_version")? };
            within.field("change")?.elements().get(number - 1)
        });
    }
    for name in field.name.split('.').filter(|name| !name.is_empty()) {
        found.enter(|node| node.field(name));
    }
    found
}

impl<'d> Found<'d> {
    fn enter(&mut self, step: impl Fn(&'d Node) -> Option<&'d Node>) {
        match step(self.node).filter(|_| self.is_there) {
            Some(node) => self.node = node,
            None => self.is_there = false,
        }
    }
}

/// The first entry of a map stands for all of it.
fn first_entry(node: &Node) -> Range<usize> {
    let entry = |first: &Entry| first.at.start..first.value.span.end.max(first.at.end);
    node.entries().first().map_or_else(|| node.span.clone(), entry)
}

fn first_name(node: &Node) -> Range<usize> {
    node.entries().first().map_or_else(|| node.span.clone(), |first| first.at.clone())
}
