//! Why a document that can be read has no meaning.

use crate::item::path::PathError;
use crate::language::document::field::Field;
use crate::language::document::requires::RequirementError;
use crate::language::expression::error::CompileError;
use thiserror::Error;

/// Why a document has no meaning, and where in it.
#[derive(Debug, Error)]
pub enum MeaningError {
    /// The id is not one that a file, a key and a ledger entry can be named by.
    #[error("`id` is `{0}`; write 1 to 80 letters, digits, `.`, `_` and `-`")]
    Id(String),
    /// The document has neither `change` nor `rules`, or both.
    #[error("{0}")]
    Form(&'static str),
    /// `kind`, `requires` and `bake` do not go together.
    #[error(transparent)]
    Requirement(RequirementError),
    /// A migration in Rust that this build does not know.
    #[error("no migration in Rust has the id `{id}` in this build; it knows {known}")]
    UnknownCode {
        /// The id.
        id: String,
        /// The ids that the build knows.
        known: String,
    },
    /// A migration in Rust that this build knows in another form.
    #[error(
        "the migration `{id}` is of revision {found} in this build, and revision {wanted} is asked for; start a new run"
    )]
    OtherRevision {
        /// The id.
        id: String,
        /// The revision that is asked for.
        wanted: u32,
        /// The revision that the build has.
        found: u32,
    },
    /// There is nothing to do.
    #[error("`{0}` has no step; write at least one")]
    NoSteps(Field),
    /// A rule that no item ever reaches.
    #[error("rule {rule} is for no item: rule {before}, before it, has no `where` and takes every item")]
    Unreachable {
        /// The rule's number, from 1.
        rule: usize,
        /// The number of the rule that takes every item.
        before: usize,
    },
    /// A step names none or several actions, or lacks what its action needs.
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
    /// A literal has no DynamoDB form, or none that suits its place.
    #[error("{field} {problem}")]
    Literal {
        /// The step and its field.
        field: Field,
        /// What is wrong with it.
        problem: String,
    },
    /// A key attribute would be changed.
    #[error("{field} touches `{attribute}`, which is a key attribute of the table: keys cannot be changed in place")]
    TouchesKey {
        /// The step.
        field: Field,
        /// The attribute.
        attribute: String,
    },
    /// `key` is asked for something that is no key attribute.
    #[error("`{field}` reads `key.{attribute}`, which is no key attribute of the table; write `item.{attribute}`")]
    NoKey {
        /// The field.
        field: Field,
        /// The attribute.
        attribute: String,
    },
}

impl MeaningError {
    /// Where in the document it is, if it is in one place.
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
