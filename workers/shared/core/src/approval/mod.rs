//! Approvals: who may approve a run, how AWS proves an approver's identity, and whether an approval is still valid. Calls to
//! STS and CloudTrail, and the storage of questions and answers, belong in the `aws` crate.

pub mod identity;
pub mod rules;
pub mod search;
pub mod signature;
