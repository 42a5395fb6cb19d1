//! The engines with the faults in front of them: the wire that the SDK clients use, what takes effect, and what is consumed.

pub mod effects;
pub mod meter;
pub mod wire;
