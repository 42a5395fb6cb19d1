//! The migration language: documents, CEL expressions over items, and steps that change items.
//!
//! A document is read ([`document`]), its expressions are compiled ([`expression`]) with the functions of
//! [`functions`], and the result is a [`Migration`](crate::migration::Migration) that workers apply item by item.
//! Nothing here may depend on the clock, on chance or on another item.

pub mod compiled;
mod convert;
mod datum;
pub mod document;
mod evaluate;
pub mod expression;

pub mod field;
pub mod functions;
pub mod meaning;
pub(crate) mod node;
pub mod numbers;
mod operators;
mod parse;
mod reading;
mod steps;
mod time;
