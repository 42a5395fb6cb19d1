//! What is decided once, before a run touches anything: input, policy, plan, segments, and the keys of the run's objects.
//! What may change while a run works belongs in [`control`](crate::control).

pub mod canary;
pub mod child;
pub mod estimate;
pub mod input;
pub mod input_check;
pub mod keys;
pub mod monitors;
pub mod parts;
pub mod phase;
pub mod planning;
pub mod policy;
pub mod rate;
pub mod run_plan;
pub mod segments;
pub mod steps;
pub mod wave;
pub mod window;
