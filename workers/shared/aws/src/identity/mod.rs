//! Identifies callers: signs a statement with the caller's credentials, verifies a signature with STS, and reads from
//! CloudTrail who started an execution.
//!
//! The rules for who may approve are in `tableshift_core::approval`.

pub mod signatures;
pub mod signing;
pub mod starts;
pub mod sts;
