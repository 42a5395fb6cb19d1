//! The migration language: documents, CEL expressions over items, and steps that change items.
//!
//! A document is read ([`document`]), its expressions are compiled ([`expression`]) with the functions of
//! [`functions`], and the result is a [`Migration`](crate::migration::Migration) that workers apply item by item.
//! Nothing here may depend on the clock, on chance or on another item.

mod budget;
mod calls;
pub mod claims;
pub mod compiled;
mod convert;
mod datum;
pub mod difference;
pub mod document;
mod evaluate;
pub mod explain;
pub mod expression;
mod facts;
pub mod field;
pub mod fixture;
mod foresight;
pub mod functions;
mod loops;
pub mod meaning;
pub(crate) mod node;
pub mod numbers;
mod operators;
pub mod outline;
mod parse;
mod reading;
pub mod reference;
pub mod review;
mod steps;
mod time;
pub mod trace;
mod translate;
