//! The migration document as it is read from YAML or JSON, before anything in it is compiled.
//!
//! What a document means is in [`compile`](super::compile); what is wrong with one is in [`diagnostics`](super::diagnostics).

pub mod action;
pub mod error;
pub mod field;
pub mod outline;
pub mod requires;
pub mod step;
mod written;

pub use action::{Convert, ConvertTo, FromTo, IncrementVersion, MapValues, Otherwise, Rename};
pub use error::{DocumentError, MAX_DOCUMENT_BYTES};
pub use step::{Action, Step};
pub use written::*;
