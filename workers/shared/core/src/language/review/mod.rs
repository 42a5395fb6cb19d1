//! The review of a migration document: every problem at once, each with its place in the text and what to write instead.
//!
//! Pure: text in, findings out. The command renders them for people, Plan refuses a document by them. A document whose
//! review has no error compiles; one that does not compile has at least one error.
//!
//! 1. `yaml`: the text as a tree that knows its places, or one finding where it stops being YAML
//! 2. `shape`: the tree against the document's own schema
//! 3. `steps`: actions, paths and expressions, step by step
//! 4. `refused`: what compiling still refuses
//! 5. `meaning`: what the whole says: conditions that never change, steps without effect, a second run
//! 6. `table`: what it does to keys, indexes and time to live of the table, where these are known

mod effects;
mod expression;
pub mod finding;
mod form;
mod literals;
mod meaning;
mod names;
mod not_yaml;
mod position;
mod refused;
pub mod shape;
mod steps;
pub mod suggest;
mod syntax;
pub mod table;
mod types;
pub mod yaml;

use super::document::{Document, DocumentError, MAX_DOCUMENT_BYTES};
use finding::{Code, Finding, Level};
use std::error::Error;
use table::Facts;

/// What a review comes to.
#[derive(Debug)]
pub struct Review {
    /// Every finding, in the order of the text.
    pub findings: Vec<Finding>,
    /// The document, if no finding is an error.
    pub document: Option<Document>,
}

/// How many errors a refusal tells.
const MAX_TOLD: usize = 5;

impl Review {
    /// Reviews a document's text, and what it does to a table if its facts are known.
    pub fn of(text: &str, table: Option<&Facts>) -> Self {
        let mut findings = Vec::new();
        let document = examine(text, table, &mut findings);
        findings.sort_by_key(|finding| (finding.span.start, finding.level));
        let document = document.filter(|_| findings.iter().all(|finding| finding.level != Level::Error));
        Self { findings, document }
    }

    /// The errors in one text, for a refusal: each with its line and column and what to do. None if there is no error.
    pub fn refusal(&self, text: &str) -> Option<String> {
        let errors = self.findings.iter().filter(|finding| finding.level == Level::Error);
        let told: Vec<String> = errors.clone().take(MAX_TOLD).map(|finding| finding.in_one_line(text)).collect();
        let more = errors.count().saturating_sub(MAX_TOLD);
        let more = (more > 0).then(|| format!("and {more} more"));
        (!told.is_empty()).then(|| told.into_iter().chain(more).collect::<Vec<_>>().join("; "))
    }

    /// How many findings there are of a level.
    pub fn count(&self, level: Level) -> usize {
        self.findings.iter().filter(|finding| finding.level == level).count()
    }
}

fn examine(text: &str, table: Option<&Facts>, findings: &mut Vec<Finding>) -> Option<Document> {
    if text.len() > MAX_DOCUMENT_BYTES {
        let error = DocumentError::TooLong { bytes: text.len() };
        findings.push(Finding::error(Code::TooLong, 0..0, error.to_string()));
        return None;
    }
    let mut root = match yaml::read(text) {
        Ok(root) => root,
        Err(finding) => {
            findings.push(*finding);
            return None;
        }
    };
    shape::check(text, &mut root, findings);
    let steps = steps::of(&root);
    steps::check(text, &root, &steps, findings);
    if let Some(facts) = table {
        table::check(facts, &steps, findings);
    }
    let document = refused::read(text, &root, &steps, findings)?;
    if document.code.is_none() {
        let compiled = refused::compile(&root, &document, findings)?;
        meaning::check(&root, &steps, &document, &compiled, findings);
    }
    Some(document)
}

/// An error with its causes, in one line.
fn told(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    message
}

#[cfg(test)]
#[path = "../review_tests.rs"]
mod tests;
