//! A migration as a page of plain text: which items, which steps, what must hold afterwards, and how it is written.

use std::collections::BTreeSet;
use tableshift_core::change::migration::Migration as _;
use tableshift_core::language::compile::compiled::Compiled;
use tableshift_core::language::document::outline::{RuleLine, StepLine, outline};
use tableshift_core::language::document::{Document, requires};

/// What each step does where an item is not as the author expects, by the step's verb in the outline.
const MEANINGS: [(&str, &str); 9] = [
    ("set", "overwrites what the attribute held."),
    ("default", "sets the attribute where it is missing. An attribute that holds null is not missing."),
    (
        "rename",
        "does nothing where the old attribute is missing. An item whose new attribute holds another value is invalid.",
    ),
    ("copy", "does nothing where the source is missing. An item whose target holds another value is invalid."),
    (
        "move",
        "does nothing where the source is missing, and creates the maps above the target. An item whose target holds \
         another value is invalid.",
    ),
    ("remove", "does nothing where the attribute is missing."),
    (
        "convert",
        "does nothing where the attribute is missing, null or of that type already. An item whose value has no exact \
         form in that type is invalid.",
    ),
    ("map", "does nothing where the attribute is missing, null or one of the new values already."),
    ("increment", "applies to items of that version only. The steps within it run first, then it sets the version."),
];

/// The whole page. Sentences are broken at [`WIDTH`]; expressions are as the document has them.
pub fn of(document: &Document, migration: &Compiled) -> String {
    let mut page = Page::default();
    page.line(0, &document.id);
    if let Some(description) = &document.description {
        page.line(0, description);
    }
    let sentences = requires::sentences(document);
    if !sentences.is_empty() {
        page.heading("When it may run");
    }
    sentences.iter().for_each(|sentence| page.hanging(2, "", sentence));
    let rules = outline(document);
    if rules.iter().any(|rule| rule.name.is_some()) {
        page.heading("Several rules: only the first rule that matches an item applies to it");
    }
    rules.iter().for_each(|one| rule(&mut page, one));
    meanings(&mut page, &rules);
    writes(&mut page, migration);
    page.text
}

fn rule(page: &mut Page, rule: &RuleLine) {
    if let Some(name) = &rule.name {
        page.heading(&format!("Rule {name}"));
    }
    page.heading("Which items");
    match &rule.matches {
        None => page.line(2, "All items. An item that the steps leave unchanged is not written."),
        Some(condition) => {
            page.line(2, "Items for which this is true:");
            page.line(4, &one_line(condition));
        }
    }
    page.heading("What happens to each item, in this order");
    rule.steps.iter().for_each(|one| step(page, one));
    if let Some(condition) = &rule.check {
        page.heading("What must hold afterwards");
        page.line(2, "This must be true for every changed item:");
        page.line(4, &one_line(condition));
        page.line(2, "An item for which it is false is invalid: it is reported and not written.");
    }
}

fn step(page: &mut Page, step: &StepLine) {
    let numbers: Vec<String> = step.numbers.iter().map(usize::to_string).collect();
    let to = step.to.as_ref().map(|to| format!(" to {}", one_line(to))).unwrap_or_default();
    let when = step.when.as_ref().map(|when| format!(", when {}", one_line(when))).unwrap_or_default();
    let indent = 2 + 3 * (step.numbers.len() - 1);
    page.hanging(indent, &format!("{}. ", numbers.join(".")), &format!("{} {}{to}{when}", step.verb, step.path));
}

/// What the verbs of this migration mean, each once.
fn meanings(page: &mut Page, rules: &[RuleLine]) {
    page.heading("What the steps mean");
    let used: BTreeSet<&str> = rules.iter().flat_map(|rule| &rule.steps).map(|step| step.verb).collect();
    for (verb, meaning) in MEANINGS.iter().filter(|(verb, _)| used.contains(verb)) {
        page.hanging(2, &format!("{verb:<11}"), meaning);
    }
    page.hanging(
        2,
        "",
        "An item for which an expression fails, because an attribute is missing or has another type, is invalid: it is \
         reported and not written.",
    );
}

fn writes(page: &mut Page, migration: &Compiled) {
    page.heading("How it is written");
    let listed = |names: &BTreeSet<String>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let touched = listed(migration.footprint().touched());
    page.hanging(2, "", &format!("It may set or remove {touched}. Nothing else in an item is written."));
    let guarded = listed(migration.footprint().guarded());
    page.hanging(
        2,
        "",
        &format!("A write happens only if the item still exists and {guarded} are still as they were read."),
    );
    page.hanging(
        2,
        "",
        "The journal holds the touched attributes as they were before the write, so that a run can be rolled back.",
    );
}

/// An expression of several lines in one line.
fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The width that sentences are broken at, in characters.
const WIDTH: usize = 100;

#[derive(Default)]
struct Page {
    text: String,
}

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
