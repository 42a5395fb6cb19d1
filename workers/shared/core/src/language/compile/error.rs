//! Why a document that can be read cannot be compiled.

use crate::item::path::PathError;
use crate::language::document::field::Field;
use crate::language::document::requires::RequirementError;
use crate::language::expression::error::CompileError;
use thiserror::Error;

/// Why a document cannot be compiled, and where in it.
#[derive(Debug, Error)]
pub enum MeaningError {
    /// The id cannot name a file, an S3 key and a ledger entry.
    #[error("`id` is `{0}`; write 1 to 80 letters, digits, `.`, `_` and `-`")]
    Id(String),
    /// The document has neither `change` nor `rules`, or both.
    #[error("{0}")]
    Form(&'static str),
    /// `kind`, `requires` and `bake` do not go together.
    #[error(transparent)]
    Requirement(RequirementError),
    /// The build has no migration in Rust of this id.
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
    /// A list of steps is empty.
    #[error("`{0}` has no step; write at least one")]
    NoSteps(Field),
    /// A rule that no item reaches.
    #[error("rule {rule} applies to no item: rule {before}, before it, has no `where` and takes every item")]
    Unreachable {
        /// The rule's number, from 1.
        rule: usize,
        /// The number of the rule that takes every item.
        before: usize,
    },
    /// The fields of a step contradict each other.
    #[error("{field} {problem}")]
    Shape {
        /// The step.
        field: Field,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A path does not parse.
    #[error("{field} is a path that cannot be read")]
    Path {
        /// The step and its field.
        field: Field,
        /// What is wrong with it.
        #[source]
        source: PathError,
    },
    /// An expression does not compile.
    #[error("`{field}` cannot be compiled")]
    Expression {
        /// The field: `where`, `check`, or `step 2: to`.
        field: Field,
        /// What is wrong with it.
        #[source]
        source: CompileError,
    },
    /// A literal that DynamoDB cannot store, or whose type does not fit its field.
    #[error("{field} {problem}")]
    Literal {
        /// The step and its field.
        field: Field,
        /// What is wrong with it.
        problem: String,
    },
    /// A step changes a key attribute.
    #[error("{field} touches `{attribute}`, which is a key attribute of the table: keys cannot be changed in place")]
    TouchesKey {
        /// The step.
        field: Field,
        /// The attribute.
        attribute: String,
    },
    /// An expression reads something as `key` that is not a key attribute.
    #[error("`{field}` reads `key.{attribute}`, which is not a key attribute of the table; write `item.{attribute}`")]
    NoKey {
        /// The field.
        field: Field,
        /// The attribute.
        attribute: String,
    },
}

impl MeaningError {
    /// The position in the document. None if the error concerns the whole document.
    pub fn field(&self) -> Option<&Field> {
        match self {
            Self::Id(_)
            | Self::Form(_)
            | Self::Requirement(_)
            | Self::UnknownCode { .. }
            | Self::OtherRevision { .. }
            | Self::Unreachable { .. } => None,
            Self::NoSteps(field)
            | Self::Shape { field, .. }
            | Self::Path { field, .. }
            | Self::Expression { field, .. }
            | Self::Literal { field, .. }
            | Self::TouchesKey { field, .. }
            | Self::NoKey { field, .. } => Some(field),
        }
    }
}
