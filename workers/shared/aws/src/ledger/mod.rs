//! The ledger: the stack's DynamoDB table of locks, runs, checkpoints, controls and approvals.
//!
//! One file for each kind of record; what all share is in [`table`].

pub mod approvals;
pub mod checkpoints;
pub mod control;
pub mod lock;
mod requesters;
pub mod runs;
pub mod table;
