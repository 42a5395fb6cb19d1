//! Whole runs in a simulated world: with faults (one seed or many), and without faults to measure what they consume.

mod invocation;
pub mod measured;
mod order;
pub mod seeds;
mod simulation;
pub mod with_faults;
