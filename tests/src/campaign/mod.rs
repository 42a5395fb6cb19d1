//! The fault campaign: segment workers against embedded engines, in simulated time, while everything goes wrong.
//!
//! A seed decides all of it: the items, what the application writes meanwhile, which requests are throttled, lost, torn
//! or late, where a worker is killed, what overlaps. The workers, the SDK and the DynamoDB engine are the real ones;
//! only the wire between them is not, and time, which passes while everybody waits. After each seed an oracle that
//! shares no code with the workers judges the history of everything that took effect.

mod actors;
mod engines;
mod faults;
mod fleet;
mod judge;
mod seeds;
mod simulation;
mod world;

pub use faults::limits::{Cause, Limit, On};
pub use faults::outage::{Lost, Outage};
pub use faults::sabotage::Sabotage;
pub use fleet::{Order, Scene, Watched, keys_of_segment, old_item, old_items, watch};
pub use seeds::{Findings, run_seeds};
pub use simulation::{Found, simulate, simulate_kill};
pub use world::meter::{Meter, Spent, Use};
