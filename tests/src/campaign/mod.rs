//! The fault campaign: segment workers run against embedded engines, in simulated time, while faults are injected.
//!
//! A seed decides everything: the items, the application's writes, which requests are throttled, lost, truncated or
//! delayed, where a worker is killed, which attempts overlap. The workers, the SDK and the DynamoDB engine are real.
//! The network between them is simulated, and so is time, which advances only while every task waits. After each
//! phase, an oracle that shares no code with the workers checks the history of everything that took effect.

mod actors;
mod engines;
mod faults;
mod judge;
mod runs;
mod world;

pub use faults::limits::{Limit, LimitScope, ThrottleCause};
pub use faults::outage::{LostResource, Outage};
pub use faults::sabotage::Sabotage;
pub use runs::measured::{Measurements, OperatorCommand, Scenario, keys_of_segment, measure};
pub use runs::seeds::{Findings, run_seeds};
pub use runs::with_faults::{SeedResult, simulate, simulate_kill};
pub use world::meter::{Meter, MeteredRequest, UnitKind};
