//! The migration language: documents, CEL expressions over one item, and the steps that change it. What only an author
//! needs, such as sample items and explanations, is in the command.
//!
//! [`compile`] turns a [`document`] and its [`expression`]s into a
//! [`Migration`](crate::change::migration::Migration) that workers apply item by item. [`diagnostics`] finds everything that
//! is wrong with a document. Nothing here may depend on the clock, on randomness or on another item.

pub mod compile;
pub mod diagnostics;
pub mod document;
pub mod expression;
pub mod finding;
pub mod registry;
