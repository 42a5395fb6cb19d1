//! Texts within literal maps and lists that look like expressions, and are none.

use super::finding::{Code, Finding};
use super::steps::StepView;
use super::yaml::{Kind, Node};

/// Warns of every text of a literal that is likely to be meant as an expression.
pub fn check(step: &StepView<'_>, findings: &mut Vec<Finding>) {
    let to = step.node.field("to").filter(|to| !matches!(to.kind, Kind::Scalar(..)));
    let new_values = step.node.field("map_values").and_then(|map| map.field("values"));
    if let Some(literal) = to {
        within(literal, "an expression is a text as a whole: `to: \"{'street': item.street}\"`", findings);
    }
    if let Some(values) = new_values {
        within(values, "new values are fixed; what depends on the item is for `set`", findings);
    }
}

fn within(node: &Node, help: &str, findings: &mut Vec<Finding>) {
    node.elements().iter().for_each(|element| within(element, help, findings));
    node.entries().iter().for_each(|entry| within(&entry.value, help, findings));
    let Some(text) = node.text().filter(|text| is_like_an_expression(text)) else { return };
    let message = format!("this sets the very text `{text}`, not what the expression gives");
    findings.push(Finding::warning(Code::Literal, node.span.clone(), message).label("a fixed text").help(help));
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
