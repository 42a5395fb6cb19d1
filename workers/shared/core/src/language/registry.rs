//! Migrations written in Rust: how a build knows them, and how workers run them and documents alike.
//!
//! A migration in Rust implements [`Migration`]; the crate `migrations` registers it under an id and a revision. In a plan
//! it stands as a document with nothing but that, so a run's hash, its approval and its resumption hold it to the very
//! form that was dry-run.

use crate::change::footprint::Footprint;
use crate::change::migration::{Migration, Outcome};
use crate::item::value::Item;
use crate::language::compile::compiled::{Compiled, MeaningError};
use crate::language::compile::error::touched_key;
use crate::language::compile::form;
use crate::language::document::Document;
use crate::language::document::field::Field;
use std::collections::BTreeSet;
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
            kind: None,
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
        MeaningError::refuse(form::check(document))?;
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
            Self::Code(code) => match touched_key(code.footprint().touched().iter().map(String::as_str), keys) {
                Some(key) => Err(MeaningError::TouchesKey { field: Field::of(None, "code"), attribute: key.into() }),
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

    fn check(&self, item: &Item) -> bool {
        self.inner().check(item)
    }

    fn check_reads(&self) -> &BTreeSet<String> {
        self.inner().check_reads()
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
mod tests {
    use super::*;
    use crate::change::item_change::Change;
    use crate::item::value::Value;

    struct Mark(Arc<Footprint>);

    impl Migration for Mark {
        fn id(&self) -> &str {
            "mark"
        }

        fn apply(&self, item: &Item) -> Outcome {
            let changed = Item::from([("marked".into(), Value::Bool(true))]);
            Change::between(item, changed, &self.0).map_or(Outcome::AlreadyDone, Outcome::Changed)
        }

        fn footprint(&self) -> &Arc<Footprint> {
            &self.0
        }

        fn check(&self, item: &Item) -> bool {
            item.contains_key("marked")
        }
    }

    fn mark() -> Arc<dyn Migration> {
        Arc::new(Mark(Footprint::new(["marked".to_owned()].into(), [])))
    }

    const REGISTRY: Registry =
        Registry::of(&[Registered { id: "mark", description: "marks every item", revision: 2, make: mark }]);

    fn refused(yaml: &str) -> String {
        Runnable::of(&Document::from_yaml(yaml).unwrap(), &REGISTRY).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_migration_in_rust_is_run_as_a_document_is() {
        let document = REGISTRY.document("mark").unwrap();
        let again = Document::from_json(&serde_json::to_value(&document).unwrap()).unwrap();
        assert_eq!(document.hash(), again.hash());
        let migration = Runnable::of(&again, &REGISTRY).unwrap();
        let item = Item::from([("pk".into(), Value::s("1"))]);
        let Outcome::Changed(change) = migration.apply(&item) else { panic!() };
        assert_eq!(change.delta().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["marked"]);
        assert_eq!(migration.apply(&item), migration.consume(item));
        let of_steps = Runnable::of(&Document::from_yaml("id: a\nchange: [{remove: b}]").unwrap(), &REGISTRY).unwrap();
        assert_eq!(of_steps.id(), "a");
    }

    #[test]
    fn what_the_build_does_not_have_in_just_this_form_is_refused() {
        assert_eq!(
            refused("id: other\ncode: 1"),
            "no migration in Rust has the id `other` in this build; it has `mark`"
        );
        assert!(
            refused("id: mark\ncode: 1").contains("has revision 2 in this build, but the document names revision 1")
        );
        assert!(
            refused("id: mark\ncode: 1").contains("has revision 2 in this build, but the document names revision 1")
        );
        assert!(refused("id: mark\ncode: 2\nwhere: 'true'").contains("`where` cannot be beside `code`"));
        let compiled = Compiled::of(&REGISTRY.document("mark").unwrap()).map(|_| ()).unwrap_err().to_string();
        assert!(compiled.contains("migration in Rust"), "{compiled}");
    }

    #[test]
    fn a_migration_in_rust_cannot_touch_a_key_either() {
        let migration = Runnable::of(&REGISTRY.document("mark").unwrap(), &REGISTRY).unwrap();
        assert!(migration.check_keys(&["pk".into()]).is_ok());
        let error = migration.check_keys(&["marked".into()]).unwrap_err().to_string();
        assert!(error.starts_with("code touches `marked`"), "{error}");
    }
}
