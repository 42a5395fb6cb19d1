//! Why a path does not parse, and why a value cannot be set at one.

use thiserror::Error;

/// How deep a path may go: DynamoDB nests values 32 levels deep. Source: DynamoDB developer guide, "Quotas".
pub(crate) const MAX_PARTS: usize = 33;

/// Why a path does not parse.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum PathError {
    /// Two dots in a row, a dot at an end, or nothing at all.
    #[error("path `{path}` has an empty part")]
    EmptyPart {
        /// The path as written.
        path: String,
    },
    /// A quote that is not closed, or text after a closing quote.
    #[error("path `{path}` has a quote that is not closed before the next dot")]
    Quote {
        /// The path as written.
        path: String,
    },
    /// Brackets that hold no position.
    #[error("path `{path}` has brackets that are neither `[*]` nor a position such as `[0]`")]
    Position {
        /// The path as written.
        path: String,
    },
    /// More parts than a value can be nested.
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

/// Why a value cannot be put at a path.
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
        /// The part that is no map.
        parent: String,
        /// Its type.
        found: &'static str,
    },
    /// What a position is in is not a list.
    #[error("cannot follow `{path}`: `{parent}` is not a list but of type {found}")]
    NotList {
        /// The whole path.
        path: String,
        /// The part that is no list.
        parent: String,
        /// Its type.
        found: &'static str,
    },
    /// A list has no such element.
    #[error("cannot set `{path}`: the list `{parent}` has {length} elements")]
    NoElement {
        /// The whole path.
        path: String,
        /// The list.
        parent: String,
        /// How many elements it has.
        length: usize,
    },
}
