//! Why a document cannot be read.

use thiserror::Error;

/// Upper bound of a document, in bytes. An inline one must fit the 256 KiB of an execution's input anyway.
pub const MAX_DOCUMENT_BYTES: usize = 128 * 1024;

/// Why a document cannot be read.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// The text is no YAML, or has an unknown, missing or mistyped field. The source names line and column.
    #[error("the migration document cannot be read: mend the place that is named here")]
    Yaml(#[source] Box<serde_saphyr::Error>),
    /// The inline document has an unknown, missing or mistyped field.
    #[error("`migration.{path}` cannot be read; mend it as said here")]
    Json {
        /// The field, as a path into the document.
        path: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A number that would be rounded when it is read.
    #[error(
        "line {line} of the migration document has the number {number}, which would be rounded when it is read; write it as an expression: \"decimal('{number}')\""
    )]
    Rounded {
        /// The line's number, from 1.
        line: usize,
        /// The number as written.
        number: String,
    },
    /// The document is longer than any migration.
    #[error("the migration document has {bytes} bytes, more than the {MAX_DOCUMENT_BYTES} that a migration may have")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}
