//! A migration file, read, reviewed and compiled.

use crate::files::{self, FileError, Source};
use std::path::Path;
use tableshift_core::language::compile::compiled::Compiled;
use tableshift_core::language::diagnostics::Review;
use tableshift_core::language::document::Document;
use tableshift_core::language::document::field::Field;
use tableshift_core::language::document::outline::{StepLine, outline};

/// A migration that can be applied.
#[derive(Debug)]
pub struct Loaded {
    /// Its text.
    pub source: Source,
    /// What the review found: nothing that is an error.
    pub review: Review,
    /// The document.
    pub document: Document,
    /// What workers would apply.
    pub migration: Compiled,
}

/// Why a file does not contain a migration that can be applied.
#[derive(Debug)]
pub enum LoadError {
    /// It cannot be read.
    File(FileError),
    /// It stands for a migration in Rust.
    InRust(String),
    /// Its review has errors.
    Findings(Box<(Source, Review)>),
}

/// Reads a migration.
pub fn load(path: &Path) -> Result<Loaded, LoadError> {
    let source = files::read(path).map_err(LoadError::File)?;
    let mut review = Review::of(&source.text, None);
    let document = review.document.take();
    if document.as_ref().is_some_and(|document| document.code.is_some()) {
        return Err(LoadError::InRust(source.name));
    }
    match document.and_then(|document| Compiled::of(&document).ok().map(|migration| (document, migration))) {
        Some((document, migration)) => Ok(Loaded { source, review, document, migration }),
        None => Err(LoadError::Findings(Box::new((source, review)))),
    }
}

impl Loaded {
    /// A step in a few words.
    pub fn brief(&self, field: &Field) -> Option<String> {
        let rules = outline(&self.document);
        let rule = rules.get(field.rule.unwrap_or(1) - 1)?;
        rule.steps.iter().find(|step| step.numbers == field.steps).map(StepLine::brief)
    }
}
