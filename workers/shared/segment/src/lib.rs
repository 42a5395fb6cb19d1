//! What the four segment workers (dry-run, migrate-segment, verify-segment, roll-back-segment) share: one [work] loop,
//! claiming a part and its fence, checkpoints, reading pages and the journal, and sending writes.
//!
//! What a worker does with a page does not belong here: it is the worker's own step. What is decided from items and
//! counts is in `tableshift-core`.
#![allow(async_fn_in_trait, reason = "every worker runs on one thread, so no future has to be Send")]

pub mod dead_letters;
pub mod item_reader;
pub mod journal;
pub mod pacer;
pub mod pages;
pub mod part;
pub mod ports;
pub mod segment_reader;
pub mod sender;
pub mod work;
