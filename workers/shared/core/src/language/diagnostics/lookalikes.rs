//! What is valid and looks like something else: paths that begin with `item.`, strings that look like expressions, numbers
//! that reading would round.

use super::steps::{PathView, StepView};
use super::yaml::{Kind, Node};
use crate::language::document;
use crate::language::finding::{Code, Finding};
use serde_saphyr::granit_parser::ScalarStyle;

/// Warns of the paths and literals of a step that are likely to mean something else.
pub fn check(step: &StepView<'_>, findings: &mut Vec<Finding>) {
    let only_read = step.reads.iter().filter(|read| step.writes.iter().all(|write| write.node.span != read.node.span));
    only_read.chain(&step.writes).for_each(|view| path(view, findings));
    let to = step.node.field("to").filter(|to| !matches!(to.kind, Kind::Scalar(..)));
    let new_values = step.node.field("map_values").and_then(|map| map.field("values"));
    if let Some(literal) = to {
        within(literal, "an expression is one string as a whole: `to: \"{'street': item.street}\"`", findings);
    }
    if let Some(values) = new_values {
        within(values, "new values are fixed; what depends on the item is for `set`", findings);
    }
}

/// Every number that reading the document would round.
pub fn rounded(node: &Node, findings: &mut Vec<Finding>) {
    node.elements().iter().for_each(|element| rounded(element, findings));
    node.entries().iter().for_each(|entry| rounded(&entry.value, findings));
    let Kind::Scalar(text, ScalarStyle::Plain) = &node.kind else { return };
    if document::rounded(text).is_some() {
        let message = "this number would be rounded when it is read";
        let finding = Finding::error(Code::Literal, node.span.clone(), message).label("more digits than a float holds");
        let replacement = format!("\"decimal('{text}')\"");
        findings.push(finding.suggest("write it as an expression", node.span.clone(), replacement));
    }
}

fn path(view: &PathView<'_>, findings: &mut Vec<Finding>) {
    let (span, text) = (view.node.span.clone(), view.node.text().unwrap_or_default());
    if view.path.is_none() {
        return;
    }
    let prefix =
        ["item.", "$.", "key."].into_iter().find(|prefix| text.starts_with(prefix) && text.len() > prefix.len());
    if let Some(prefix) = prefix {
        let message = format!(
            "a path begins with the attribute itself: this one means an attribute named `{}`",
            &prefix[..prefix.len() - 1]
        );
        let finding = Finding::warning(Code::Path, span.clone(), message);
        findings.push(finding.suggest("in paths, leave it out", span, &text[prefix.len()..]));
    } else if text.starts_with('/') {
        let message = "this path means one attribute whose name begins with `/`";
        let written = text.trim_start_matches('/').replace('/', ".");
        let finding = Finding::warning(Code::Path, span.clone(), message);
        findings.push(finding.suggest("the parts of a path are joined by dots", span, written));
    }
}

fn within(node: &Node, help: &str, findings: &mut Vec<Finding>) {
    node.elements().iter().for_each(|element| within(element, help, findings));
    node.entries().iter().for_each(|entry| within(&entry.value, help, findings));
    let Some(text) = node.text().filter(|text| is_like_an_expression(text)) else { return };
    let message = format!("this sets the string `{text}` itself, not what the expression gives");
    findings.push(Finding::warning(Code::Literal, node.span.clone(), message).label("a fixed string").help(help));
}

fn is_like_an_expression(text: &str) -> bool {
    ["item.", "key.", "element."].iter().any(|variable| {
        text.match_indices(variable).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + variable.len()..].chars().next();
            before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '.')
                && after.is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_the_item_are_seen_and_sentences_are_not() {
        for text in ["item.street", "lower(item.a)", "'x' + key.pk"] {
            assert!(is_like_an_expression(text), "{text}");
        }
        for text in ["an item. It is", "lineitem.count", "item", "Boston"] {
            assert!(!is_like_an_expression(text), "{text}");
        }
    }
}
