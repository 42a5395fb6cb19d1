//! What can go wrong: faults of requests and of workers, outages, the table's limits, and guarantees broken on purpose.
//!
//! A seed decides when a fault happens: see [`random`](super::engines::random).

pub mod limits;
pub mod outage;
pub mod requests;
pub mod sabotage;
pub mod workers;
