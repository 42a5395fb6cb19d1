//! The engines behind a simulated network: faults are injected on the way, and everything that takes effect is recorded
//! and metered.

pub mod meter;
pub mod network;
pub mod requests;
mod sabotaged;
pub mod state;
mod statements;
