//! Reads and writes the ledger: the stack's DynamoDB table of locks, runs, checkpoints, control items and approvals.
//!
//! There is a file for each kind of record. The layout of the table is in [`table`].

pub mod approvals;
pub mod checkpoints;
pub mod control;
pub mod lock;
pub mod names;
mod requesters;
pub mod runs;
pub mod stop;
pub mod table;
pub mod writers;
