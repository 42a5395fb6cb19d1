//! The migration document as an author writes it in YAML or JSON: its fields, its steps, its outline, and what it requires
//! of its table. Paths and expressions stay strings here: [`compile`](super::compile) gives them a meaning, and
//! [`diagnostics`](super::diagnostics) finds everything that is wrong with a document.

pub mod action;
pub mod error;
pub mod field;
pub mod outline;
pub mod requires;
pub mod step;
mod written;

pub use action::{Convert, ConvertTo, FromTo, MapValues, Otherwise, Rename};
pub use error::{DocumentError, MAX_DOCUMENT_BYTES};
pub use step::{Action, IncrementVersion, Step};
pub(crate) use written::rounded;
pub use written::{Document, Kind, Rule, yaml};
