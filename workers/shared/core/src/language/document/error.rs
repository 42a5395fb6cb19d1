//! Why a document cannot be read.

use thiserror::Error;

/// Upper bound of a document, in bytes. A document within an execution's input must fit into 256 KiB anyway.
pub const MAX_DOCUMENT_BYTES: usize = 128 * 1024;

/// Why a document cannot be read.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// It is not YAML, or it has an unknown, missing or mistyped field. The source names line and column.
    #[error("the migration document cannot be read; correct the position that is named here")]
    Yaml(#[source] Box<serde_saphyr::Error>),
    /// The document within an execution's input has an unknown, missing or mistyped field.
    #[error("`migration.{path}` cannot be read; correct it as described here")]
    Json {
        /// The field, as a path into the document: `change[0].rename`.
        path: String,
        /// What is wrong with the field.
        #[source]
        source: serde_json::Error,
    },
    /// Reading would round a number.
    #[error(
        "line {line} of the migration document has the number {number}, which would be rounded when it is read; write it as an expression: \"decimal('{number}')\""
    )]
    Rounded {
        /// The line's number, from 1.
        line: usize,
        /// The number as written.
        number: String,
    },
    /// The document is longer than [`MAX_DOCUMENT_BYTES`].
    #[error(
        "the migration document has {bytes} bytes, more than the {MAX_DOCUMENT_BYTES} that a migration may have; shorten it, \
         or split it into several migrations"
    )]
    TooLong {
        /// The document's length.
        bytes: usize,
    },
}
