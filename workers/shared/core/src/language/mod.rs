//! The migration language: documents, CEL expressions over items, and the steps that change items.
//!
//! A [`document`] is read, its [`expression`]s are compiled, and [`compile`] makes it a
//! [`Migration`](crate::change::migration::Migration) that workers apply item by item. [`diagnostics`] finds everything that is
//! wrong with a document. Nothing here may depend on the clock, on randomness or on another item.

pub mod compile;
pub mod diagnostics;
pub mod document;
pub mod expression;
pub mod finding;
pub mod registry;
pub mod suggest;
