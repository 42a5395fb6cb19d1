//! From a document to a migration: expressions compiled, paths parsed, steps in the form that workers apply.
//!
//! How a document is written down is in [`document`](super::document).

pub mod compiled;
pub mod error;
pub(crate) mod reading;
pub(crate) mod steps;
