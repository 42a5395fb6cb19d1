//! Why a path does not parse, and why a value cannot be set at a path.

use thiserror::Error;

/// The most parts of a path, its top-level attribute included: DynamoDB nests values 32 levels deep. Source: DynamoDB
/// developer guide, "Quotas".
pub(crate) const MAX_PARTS: usize = 33;

/// Why a path does not parse.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PathError {
    /// Two dots in a row, a dot at the start or end, or an empty path.
    #[error("path `{path}` has an empty part")]
    EmptyPart {
        /// The path as written.
        path: String,
    },
    /// A quote that is not closed, or characters between a closing quote and the next dot.
    #[error("path `{path}` has a quote that is not closed before the next dot")]
    Quote {
        /// The path as written.
        path: String,
    },
    /// Brackets without a position in them.
    #[error("path `{path}` has brackets that are neither `[*]` nor a position such as `[0]`")]
    Position {
        /// The path as written.
        path: String,
    },
    /// More parts than values can be nested.
    #[error("path `{path}` has more than {MAX_PARTS} parts, deeper than DynamoDB nests values")]
    TooDeep {
        /// The path as written.
        path: String,
    },
}

impl PathError {
    /// What to write instead.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::EmptyPart { .. } => "write names joined by single dots, or quote a name that holds dots",
            Self::Quote { .. } => "close the quote before the next dot",
            Self::Position { .. } => "quote a name that holds brackets",
            Self::TooDeep { .. } => "name an attribute that is less deep",
        }
    }
}

/// Why a value cannot be set at a path.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PlaceError {
    /// A part of the path above the last is missing.
    #[error("cannot set `{path}`: `{parent}` is missing")]
    ParentMissing {
        /// The whole path.
        path: String,
        /// The part that is missing.
        parent: String,
    },
    /// A part of the path above the last is not a map.
    #[error("cannot set `{path}`: `{parent}` is not a map but of type {found}")]
    ParentNotMap {
        /// The whole path.
        path: String,
        /// The part that is not a map.
        parent: String,
        /// The type descriptor of what is there instead, such as `S`.
        found: &'static str,
    },
    /// A position follows something that is not a list.
    #[error("cannot follow `{path}`: `{parent}` is not a list but of type {found}")]
    NotList {
        /// The whole path.
        path: String,
        /// The part that is not a list.
        parent: String,
        /// The type descriptor of what is there instead, such as `S`.
        found: &'static str,
    },
    /// The list is shorter than the position requires.
    #[error("cannot set `{path}`: the list `{parent}` has {length} elements")]
    NoElement {
        /// The whole path.
        path: String,
        /// The list.
        parent: String,
        /// The number of its elements.
        length: usize,
    },
}
