//! The fault campaign: segment workers against embedded engines, in simulated time, while everything goes wrong.
//!
//! A seed decides all of it: the items, what the application writes meanwhile, which requests are throttled, lost, torn
//! or late, where a worker is killed, what overlaps. The workers, the SDK and the DynamoDB engine are the real ones;
//! only the wire between them is not, and time, which passes while everybody waits. After each seed an oracle that
//! shares no code with the workers judges the history of everything that took effect.

mod application;
mod chance;
mod clock;
mod engine;
mod fate;
mod fleet;
mod history;
mod limits;
mod meter;
mod oracle;
mod sabotage;
mod seeds;
mod simulation;
mod store;
mod subject;
mod weather;
mod wire;
mod world;

pub use fleet::{Order, Scene, Watched, keys_of_segment, old_item, old_items, watch};
pub use limits::{Cause, Limit, On};
pub use meter::{Meter, Spent, Use};
pub use sabotage::Sabotage;
pub use seeds::{Findings, run_seeds};
pub use simulation::{Found, simulate, simulate_kill};
