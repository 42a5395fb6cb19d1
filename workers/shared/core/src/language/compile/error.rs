//! Why a document that can be read cannot be compiled.

use crate::language::compile::fault::Fault;
use crate::language::document::field::Field;
use thiserror::Error;

/// Why a document cannot be compiled, and where in it.
#[derive(Debug, Error)]
pub enum MeaningError {
    /// The document has faults, at least one of them an error.
    #[error("{}", in_one_line(.0))]
    Faults(Vec<Fault>),
    /// A migration in Rust that this build does not know.
    #[error("no migration in Rust has the id `{id}` in this build; it has {known}")]
    UnknownCode {
        /// The migration's id.
        id: String,
        /// The ids that the build has.
        known: String,
    },
    /// The build has another revision of this migration in Rust.
    #[error(
        "the migration `{id}` has revision {found} in this build, but the document names revision {wanted}; start a new run"
    )]
    OtherRevision {
        /// The migration's id.
        id: String,
        /// The revision that the document names.
        wanted: u32,
        /// The revision that the build has.
        found: u32,
    },
    /// A key attribute would be changed.
    #[error("{field} touches `{attribute}`, which is a key attribute of the table: {KEYS_STAY}")]
    TouchesKey {
        /// The step.
        field: Field,
        /// The attribute.
        attribute: String,
    },
    /// `key` is asked for something that is not a key attribute.
    #[error("`{field}` reads `key.{attribute}`, which is not a key attribute of the table; write `item.{attribute}`")]
    NoKey {
        /// The field.
        field: Field,
        /// The attribute.
        attribute: String,
    },
}

/// Why a migration cannot touch a key attribute: DynamoDB refuses an update that changes one.
pub(crate) const KEYS_STAY: &str = "keys cannot be changed in place";

/// The first of these top-level attributes that a migration touches although it is a key attribute of the table.
pub(crate) fn touched_key<'n>(mut touched: impl Iterator<Item = &'n str>, keys: &[String]) -> Option<&'n str> {
    touched.find(|name| keys.iter().any(|key| key == name))
}

impl MeaningError {
    /// Refuses a document that has a fault that is an error.
    pub(crate) fn refuse(faults: Vec<Fault>) -> Result<(), Self> {
        if faults.iter().any(Fault::is_error) { Err(Self::Faults(faults)) } else { Ok(()) }
    }
}

/// The faults that are errors, each with its field and what to do.
fn in_one_line(faults: &[Fault]) -> String {
    let errors: Vec<String> = faults.iter().filter(|fault| fault.is_error()).map(Fault::to_string).collect();
    errors.join("; ")
}
