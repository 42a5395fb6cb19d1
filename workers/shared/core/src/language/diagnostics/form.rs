//! Which of its forms a document has, and whether its paths can be read.

use super::steps::PathView;
use super::yaml::{Entry, Node};
use crate::item::path::Path;
use crate::language::finding::{Code, Finding};
use crate::language::suggest::nearest;

/// Either `change`, with `where` and `check` beside it, or `rules`.
pub fn check(root: &Node, findings: &mut Vec<Finding>) {
    let (change, rules) = (root.entry("change"), root.entry("rules"));
    let named = |names: &[&str]| names.iter().find_map(|name| root.entry(name));
    if let Some(code) = root.entry("code") {
        return in_rust(root, code, findings);
    }
    match (change, rules) {
        (None, None) if !root.entries().is_empty() && !has_misspelt_change(root) => {
            let start = root.entries().first().map_or(root.span.clone(), |first| first.at.clone());
            let finding = Finding::error(Code::MissingField, start, "the document has no `change`");
            findings.push(finding.help("write the steps under `change:`, each beginning with `- `"));
        }
        (Some(change), Some(rules)) => {
            let finding = Finding::error(Code::Form, rules.at.clone(), "a document has either `change` or `rules`");
            let finding = finding.also(change.at.clone(), "the one").label("and the other");
            findings
                .push(finding.help("put the steps of `change` into a rule of their own: `- change:` under `rules:`"));
        }
        (None, Some(_)) => {
            if let Some(beside) = named(&["where", "check"]) {
                let message = format!("`{}` cannot be beside `rules`", beside.name);
                let finding = Finding::error(Code::Form, beside.at.clone(), message);
                findings.push(finding.help("write it in each rule that it is for"));
            }
        }
        _ => {}
    }
}

/// Whether a field that does not exist is likely to be meant for `change`: then that is told, and not its lack.
fn has_misspelt_change(root: &Node) -> bool {
    root.entries()
        .iter()
        .any(|entry| matches!(nearest(&entry.name, ["change", "rules"]), Some(meant) if meant != entry.name))
}

/// A document that stands for a migration in Rust has nothing else in it.
fn in_rust(root: &Node, code: &Entry, findings: &mut Vec<Finding>) {
    let others = ["where", "change", "check", "rules"];
    for beside in root.entries().iter().filter(|entry| others.contains(&entry.name.as_str())) {
        let message = format!("`{}` cannot be beside `code`", beside.name);
        let finding = Finding::error(Code::Form, beside.at.clone(), message);
        findings.push(finding.also(code.at.clone(), "what is done is written in Rust").help("take one of them out"));
    }
    let message = "this stands for a migration in Rust, so there is nothing in it to check";
    findings.push(Finding::note(Code::Form, code.at.clone(), message));
}

/// A path that can be read, and that is likely to mean what its author means.
pub fn path(view: &PathView<'_>, findings: &mut Vec<Finding>) {
    let (span, text) = (view.node.span.clone(), view.node.text().unwrap_or_default());
    if let Err(error) = Path::parse(text) {
        let told = super::told(&error);
        let (message, help) = told.split_once("; ").unwrap_or((&told, ""));
        let finding = Finding::error(Code::Path, span, message);
        findings.push(if help.is_empty() { finding } else { finding.help(help) });
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
