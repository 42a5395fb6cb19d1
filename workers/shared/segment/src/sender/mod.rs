//! Sending conditional writes at the worker's pace: in batches where PartiQL's meaning is documented, otherwise one by
//! one. Migrate and roll-back both write through it.
//!
//! - `item_write`: what the sender has to know about a write, and the outcomes.
//! - `send`: the loop that keeps requests in flight.
//! - `answers`: what an answer means for its writes, for the pace and for the hot keys.
//! - `round`: the writes of one call, those in the queue and those that wait.
//! - `hot_keys`: partition keys that DynamoDB throttles on their own.
//! - `steer`: what the sender asks of its caller.
//!
//! What follows from an outcome, and what is written at all, is the caller's decision.

mod answers;
mod hot_keys;
pub mod item_write;
mod round;
mod send;
pub mod steer;

pub use item_write::{ItemWrite, Outcome};
pub use round::Sent;
pub use send::Sender;
pub use steer::{NextPage, Rate, Steer};
