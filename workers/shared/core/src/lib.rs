//! The pure core of tableshift: the migration language, items, plans, budgets and verdicts.
//!
//! Nothing here is async, does I/O, reads a clock, or names an AWS crate: values in, decisions out. Workers gather facts, ask
//! this crate what to do, do it, and report.
//!
//! The modules are listed in order: each imports only those above it. A contract test checks that.

pub mod approval;
pub mod change;
pub mod control;
pub mod error;
pub mod item;
pub mod language;
pub mod plan;
pub mod report;
pub mod write;

pub use error::error_name::ErrorName;
