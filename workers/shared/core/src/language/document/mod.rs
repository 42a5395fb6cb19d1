//! The migration document as it is read from YAML or JSON, before anything in it is compiled.
//!
//! What a document means is in [`compile`](super::compile); what is wrong with one is in [`diagnostics`](super::diagnostics).

pub mod field;
pub mod outline;
pub mod requires;
mod written;

pub use written::*;
