//! From a parsed expression to a checked one: names, functions, arguments and types, and what is wrong with them.
//!
//! Parsing is in `parse`; evaluating a checked expression is in `evaluate`.

pub(crate) mod faults;
pub(crate) mod inference;
pub(crate) mod syntax;
pub(crate) mod translate;
pub mod types;
