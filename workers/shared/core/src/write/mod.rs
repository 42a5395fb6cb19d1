//! The decisions for a page of items: what to write, journal and count, also in verification and roll-back. Sending
//! requests belongs in the `aws` crate and the segment workers.

pub mod counts;
pub mod journal;
pub mod journal_index;
pub mod journal_object;
pub mod judge;
pub mod restore;
pub mod roll_back_place;
pub mod statement;
pub mod update;
pub mod verify;
pub mod wire;
