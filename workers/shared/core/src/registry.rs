//! Migrations written in Rust: how a build knows them, and how workers run them and documents alike.
//!
//! A migration in Rust implements [`Migration`]; the crate `migrations` registers it under an id and a revision. In a plan
//! it stands as a document with nothing but that, so a run's hash, its approval and its resumption hold it to the very
//! form that was rehearsed.

use crate::filter::Filter;
use crate::language::compiled::{Compiled, MeaningError, is_name};
use crate::language::document::Document;
use crate::language::field::Field;
use crate::migration::{Footprint, Migration, Outcome};
use crate::requirement::Requirement;
use crate::value::Item;
use std::fmt;
use std::sync::Arc;

/// A migration in Rust, as a build knows it.
#[derive(Debug, Clone, Copy)]
pub struct Registered {
    /// Its id.
    pub id: &'static str,
    /// One sentence for the people who approve it.
    pub description: &'static str,
    /// Its revision, from 1: to be raised with every change of what it does.
    pub revision: u32,
    /// Makes it.
    pub make: fn() -> Arc<dyn Migration>,
}

/// The migrations in Rust that a build knows.
#[derive(Debug, Clone, Copy)]
pub struct Registry {
    entries: &'static [Registered],
}

impl Registry {
    /// A registry of these.
    pub const fn of(entries: &'static [Registered]) -> Self {
        Self { entries }
    }

    /// The migrations, in the order in which they were registered.
    pub fn entries(&self) -> &'static [Registered] {
        self.entries
    }

    /// The migration of this id.
    pub fn find(&self, id: &str) -> Option<&'static Registered> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// The document that stands for the migration of this id in a plan.
    pub fn document(&self, id: &str) -> Option<Document> {
        let entry = self.find(id)?;
        Some(Document {
            id: entry.id.into(),
            description: Some(entry.description.into()),
            phase: None,
            requires: None,
            bake: None,
            r#where: None,
            change: Vec::new(),
            check: None,
            rules: Vec::new(),
            code: Some(entry.revision),
        })
    }

    fn ids(&self) -> String {
        match self.entries {
            [] => "none".into(),
            entries => entries.iter().map(|entry| format!("`{}`", entry.id)).collect::<Vec<_>>().join(", "),
        }
    }
}

/// A migration that workers can run: a document, or one in Rust.
#[derive(Clone)]
pub enum Runnable {
    /// A compiled document.
    Document(Box<Compiled>),
    /// A migration in Rust.
    Code(Arc<dyn Migration>),
}

impl Runnable {
    /// The migration that a document means.
    pub fn of(document: &Document, registry: &Registry) -> Result<Self, MeaningError> {
        let Some(wanted) = document.code else {
            return Compiled::of(document).map(Box::new).map(Self::Document);
        };
        if !is_name(&document.id) {
            return Err(MeaningError::Id(document.id.clone()));
        }
        let steps = !document.change.is_empty() || !document.rules.is_empty();
        if steps || document.r#where.is_some() || document.check.is_some() {
            return Err(MeaningError::Form(
                "has `code` beside `where`, `change`, `check` or `rules`; write one of them",
            ));
        }
        Requirement::of(document).map_err(MeaningError::Requirement)?;
        let Some(entry) = registry.find(&document.id) else {
            return Err(MeaningError::UnknownCode { id: document.id.clone(), known: registry.ids() });
        };
        match entry.revision == wanted {
            true => Ok(Self::Code((entry.make)())),
            false => Err(MeaningError::OtherRevision { id: document.id.clone(), wanted, found: entry.revision }),
        }
    }

    /// Refuses a migration that touches a key attribute of its table.
    pub fn check_keys(&self, keys: &[String]) -> Result<(), MeaningError> {
        match self {
            Self::Document(compiled) => compiled.check_keys(keys),
            Self::Code(code) => match keys.iter().find(|key| code.footprint().touched().contains(*key)) {
                Some(key) => Err(MeaningError::TouchesKey { field: Field::of(None, "code"), attribute: key.clone() }),
                None => Ok(()),
            },
        }
    }

    fn inner(&self) -> &dyn Migration {
        match self {
            Self::Document(compiled) => compiled.as_ref(),
            Self::Code(code) => code.as_ref(),
        }
    }
}

impl Migration for Runnable {
    fn id(&self) -> &str {
        self.inner().id()
    }

    fn apply(&self, item: &Item) -> Outcome {
        self.inner().apply(item)
    }

    fn consume(&self, item: Item) -> Outcome {
        self.inner().consume(item)
    }

    fn footprint(&self) -> &Arc<Footprint> {
        self.inner().footprint()
    }

    fn filter(&self) -> Option<Filter> {
        self.inner().filter()
    }

    fn check(&self, item: &Item) -> bool {
        self.inner().check(item)
    }
}

impl fmt::Debug for Runnable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Document(compiled) => f.debug_tuple("Document").field(compiled).finish(),
            Self::Code(code) => f.debug_tuple("Code").field(&code.id()).finish(),
        }
    }
}

#[cfg(test)]
#[path = "registry_tests.rs"]
mod tests;
