//! From a document to a migration: expressions compiled, paths parsed, and steps that change items.
//!
//! How a document is written down is in [`document`](super::document); how an expression is evaluated is in
//! [`expression`](super::expression).

pub mod compiled;
pub mod error;
pub mod fault;
pub(crate) mod form;
pub(crate) mod reading;
pub(crate) mod steps;
