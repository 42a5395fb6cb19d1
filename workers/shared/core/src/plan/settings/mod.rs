//! What an operator and a stage choose for a run: the input, the policy, and the limits and monitors that they name.
//! What the run makes of it belongs in [`plan`](crate::plan).

pub mod input;
pub mod input_check;
pub mod monitors;
pub mod policy;
pub mod rate;
