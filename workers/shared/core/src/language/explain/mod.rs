//! A migration in plain sentences, for the people who write it and those who approve it.

pub mod steps;
mod words;

use crate::change::migration::Migration as _;
use crate::language::compile::compiled::Compiled;
use crate::language::document::requires;
use crate::language::document::{Action, Document, Step};
use std::collections::BTreeSet;
use steps::one_line;

/// The whole migration in sentences, Markdown-free, each line at most about 110 wide.
pub fn explain(document: &Document, migration: &Compiled) -> String {
    let mut page = Page::default();
    page.line(0, &document.id);
    if let Some(description) = &document.description {
        page.line(0, description);
    }
    when(&mut page, document);
    if document.rules.is_empty() {
        rule(&mut page, document.r#where.as_deref(), &document.change, document.check.as_deref());
    } else {
        page.heading("Several rules: an item gets the first one that it matches, and no other");
    }
    for (index, one) in document.rules.iter().enumerate() {
        let name = one.name.as_ref().map(|name| format!(": {name}")).unwrap_or_default();
        page.heading(&format!("Rule {}{name}", index + 1));
        rule(&mut page, one.r#where.as_deref(), &one.change, one.check.as_deref());
    }
    promises(&mut page, migration);
    page.text
}

/// When the migration may run, if the document says something about it.
fn when(page: &mut Page, document: &Document) {
    let sentences = requires::sentences(document);
    if !sentences.is_empty() {
        page.heading("When it may run");
    }
    sentences.iter().for_each(|sentence| page.hanging(2, "", sentence));
}

fn rule(page: &mut Page, matches: Option<&str>, change: &[Step], check: Option<&str>) {
    page.heading("Which items");
    match matches {
        None => page.line(2, "All items. Those that the steps would leave as they are, are not written."),
        Some(text) => {
            page.line(2, &condition("Items that", "Items for which this is true:", text));
            page.line(4, &one_line(text));
        }
    }
    page.heading("What happens to each, in this order");
    numbered(page, change, 2, "");
    if let Some(text) = check {
        page.heading("What must hold after");
        page.line(2, &condition("Every changed item must", "This must be true of every changed item:", text));
        page.line(4, &one_line(text));
        page.line(2, "An item for which it does not hold is invalid: it is reported and not written.");
    }
}

fn numbered(page: &mut Page, change: &[Step], indent: usize, above: &str) {
    for (index, step) in change.iter().enumerate() {
        let number = format!("{above}{}", index + 1);
        page.hanging(indent, &format!("{number}. "), &steps::sentences(step));
        if let Action::IncrementVersion(increment) = &step.action {
            numbered(page, &increment.change, indent + 3, &format!("{number}."));
        }
    }
}

fn condition(words: &str, otherwise: &str, text: &str) -> String {
    let tree = crate::language::expression::parse::tree(text);
    match tree.and_then(|(tree, _)| words::of_condition(&tree)) {
        Some(said) => format!("{words} {said}."),
        None => otherwise.to_owned(),
    }
}

fn promises(page: &mut Page, migration: &Compiled) {
    page.heading("How it is written");
    let listed = |names: &BTreeSet<String>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let touched = migration.footprint().touched();
    page.hanging(2, "", &format!("It may set or remove {}; nothing else in an item is written.", listed(touched)));
    let guarded = listed(migration.footprint().guarded());
    page.hanging(
        2,
        "",
        &format!("A write happens only if the item still exists and holds what was read in {guarded}."),
    );
    page.hanging(2, "", "The item as it was is in the journal before it is written, so that a run can be put back.");
}

#[derive(Default)]
struct Page {
    text: String,
}

/// The width that sentences are broken at, in characters.
const WIDTH: usize = 100;

impl Page {
    fn heading(&mut self, text: &str) {
        self.text += &format!("\n{text}\n");
    }

    fn line(&mut self, indent: usize, text: &str) {
        self.text += &format!("{:indent$}{text}\n", "");
    }

    /// A paragraph with a mark before its first line, broken between words.
    fn hanging(&mut self, indent: usize, mark: &str, text: &str) {
        let inner = indent + mark.len();
        let mut line = format!("{:indent$}{mark}", "");
        for word in text.split(' ') {
            if line.len() > inner && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.text += &format!("{}\n", line.trim_end());
                line = format!("{:inner$}", "");
            }
            if line.len() > inner {
                line.push(' ');
            }
            line += word;
        }
        self.text += &format!("{}\n", line.trim_end());
    }
}
