//! From a document to a migration: expressions compiled, paths parsed, steps in the form that workers apply.
//!
//! How a document is written down is in [`document`](super::document).

pub mod claims;
pub mod compiled;
pub mod error;
mod facts;
mod foresight;
pub(crate) mod reading;
pub(crate) mod steps;
pub mod trace;
