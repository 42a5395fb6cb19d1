//! Who calls: signing with one's own credentials, asking STS whose a signature is, and CloudTrail's record of who started an
//! execution.
//!
//! Who may approve is decided in `tableshift_core::approval`.

pub mod signatures;
pub mod signing;
pub mod starts;
pub mod sts;
