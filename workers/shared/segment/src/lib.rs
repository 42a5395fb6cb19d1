//! What the four segment workers (dry-run, migrate-segment, verify-segment, roll-back-segment) share: claiming a part and its
//! fence, pages, pacing, dead letters, and the loop around them.
//!
//! What a worker does with a page is its own; what is decided from items and counts is in `tableshift-core`.
#![allow(async_fn_in_trait, reason = "every worker runs on one thread, so no future has to be Send")]

pub mod dead_letters;
pub mod paced;
pub mod pages;
pub mod part;
pub mod part_error;
mod steered;
