//! Finds out who calls: signing with the caller's credentials, verifying a signature with STS, and CloudTrail's records of
//! who started an execution.
//!
//! The rules of who may approve are in `tableshift_core::approval`.

pub mod signatures;
pub mod signing;
pub mod starts;
pub mod sts;
