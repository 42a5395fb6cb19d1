//! Who may approve a run, how an approver is identified, and whether an approval still holds.
//!
//! Asking STS and CloudTrail, and storing question and answer, is the work of the `aws` crate.

pub mod identity;
pub mod rules;
pub mod signature;
