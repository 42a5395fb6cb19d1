//! What is decided once, before a run touches anything: input, policy, plan, segments, and the keys of the run's objects.
//! What may change while a run works belongs in [`control`](crate::control).

pub mod canary;
pub mod child;
pub mod estimate;
pub mod keys;
pub mod parts;
pub mod phase;
pub mod planning;
pub mod run_plan;
pub mod segments;
pub mod settings;
pub mod steps;
pub mod wave;
pub mod window;
