//! CEL expressions over one item: parsed, checked, and evaluated on DynamoDB values without conversion.
//!
//! Steps and documents are not known here; [`compile`](super::compile) puts expressions into them.

mod budget;
mod calls;
pub mod cel;
pub mod checking;
pub(crate) mod convert;
mod datum;
pub mod error;
mod evaluate;
pub mod functions;
mod loops;
pub(crate) mod node;
pub(crate) mod operators;
pub(crate) mod parse;
pub mod scope;
pub(crate) mod time;
