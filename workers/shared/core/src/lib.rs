//! The pure core of tableshift: the migration language, items, plans, budgets and verdicts.
//!
//! Nothing here is async, does I/O, reads a clock, or uses an AWS crate. Workers collect facts, pass them to this crate,
//! carry out what it decides, and report the result.
//!
//! Each folder is a room. A room imports only rooms above it in this list; a contract test reads the list and checks that:
//!
//! 1. [`item`]: items, tables and values
//! 2. [`change`]: what a migration does to one item
//! 3. [`language::document`]: migration documents as they are written
//! 4. [`language::expression`]: the expressions in documents
//! 5. [`language::compile`]: documents compiled to migrations
//! 6. [`language::diagnostics`]: everything that is wrong with a document
//! 7. [`language::registry`]: migrations written in Rust
//! 8. [`approval`]: who may approve a run
//! 9. [`plan`]: what is decided before a run
//! 10. [`control`]: what may change during a run
//! 11. [`write`]: what to write for a page of items
//! 12. [`report`]: what people and programs read about a run
//! 13. [`error`]: the names of errors

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
