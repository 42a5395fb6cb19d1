//! The only crate that names the AWS SDK: one narrow trait per capability, each implemented on a
//! small struct that holds one client and the name of one resource.
//!
//! Workers depend on the traits they need, so what a worker may do can be read in its signature,
//! and a test can hand it something else.
#![allow(async_fn_in_trait, reason = "every worker runs on one thread, so no future has to be Send")]

pub mod alarms;
pub mod answers;
pub mod backups;
pub mod batch;
mod batch_body;
pub mod calendars;
pub mod clients;
pub mod dead_letters;
pub mod error;
pub mod executions;
pub mod exports;
pub mod get;
pub mod items;
pub mod ledger;
pub mod ledger_approvals;
pub mod ledger_checkpoints;
pub mod ledger_control;
pub mod ledger_lock;
mod ledger_requesters;
pub mod ledger_runs;
pub mod lookout;
pub mod notifications;
pub mod objects;
#[cfg(feature = "operate")]
pub mod operate;
pub mod paced;
pub mod pages;
pub mod part;
pub mod part_error;
pub mod run_files;
pub mod scan;
mod scan_answer;
pub mod shell;
pub mod signatures;
pub mod signing;
pub mod starts;
pub mod steered;
pub mod sts;
pub mod tables;
mod throttles;
pub mod update;

pub use clients::{Clients, Settings};
pub use error::{CallError, Cause};
