//! The work on a page of items: what to write, journal and count, and what verification and roll-back make of an item.
//!
//! Sending the writes is the work of the `aws` crate and the segment workers.

pub mod counts;
pub mod journal;
pub mod journal_index;
pub mod judge;
pub mod statement;
pub mod update;
pub mod verify;
pub mod wire;
