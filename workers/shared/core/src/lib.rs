//! The pure core of tableshift: the migration language, items, plans, budgets and verdicts.
//!
//! Nothing here is async, does I/O, reads a clock, or uses an AWS crate. Workers collect facts, pass them to this crate,
//! carry out what it decides, and report the result.
//!
//! Each folder is a room. A room imports only rooms above it in this list; a contract test reads the list and checks that:
//!
//! 1. [`item`]: items, tables and values
//! 2. [`change`]: what a migration does to one item
//! 3. [`language::finding`]: what can be wrong with a document, and what to write instead
//! 4. [`language::document`]: migration documents as they are written
//! 5. [`language::expression`]: the expressions in documents
//! 6. [`language::compile`]: documents compiled to migrations
//! 7. [`language::diagnostics`]: where in a document something is wrong
//! 8. [`language::registry`]: migrations written in Rust
//! 9. [`approval`]: who may approve a run
//! 10. [`plan`]: what is decided before a run
//! 11. [`control`]: what may change during a run
//! 12. [`write`](mod@write): what to write for a page of items
//! 13. [`report`]: what people and programs read about a run
//! 14. [`error`]: the names of errors

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
