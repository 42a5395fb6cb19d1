//! One part of a phase (a segment, or an export file) that an invocation has claimed.
//!
//! - `claim`: [`Part::begin`] reads the plan, compiles the migration and claims the part, which fences off older
//!   attempts.
//! - `directive`: whether the lock is still the run's, and whether the run is stopped or on hold.
//! - `checkpoint`: counts a page, saves the cursor, and ends the invocation with the partial result.
//! - `budget`: the worker's share of the write and read units, and throttles.
//! - `interruptible`: long work that ends early.
//!
//! What a worker does with a page is in the worker.

mod budget;
mod checkpoint;
mod claim;
mod claimed;
mod directive;
pub mod error;
mod interruptible;

pub use claimed::{Part, PartId};
pub use directive::Directive;
