//! What can go wrong: faults of requests and of workers, outages, the table's limits, and promises broken on purpose.
//!
//! When a fault strikes is decided by a seed, in [`random`](super::engines::random).

pub mod limits;
pub mod outage;
pub mod requests;
pub mod sabotage;
pub mod workers;
