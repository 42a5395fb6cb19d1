//! Everything that calls AWS. No other crate uses the SDK directly.
//!
//! Each adapter is a small struct with one client and the name of one resource; there is a folder for each service or purpose.
//! An adapter has a trait where a test replaces it. Decisions are made in `tableshift-core`.
#![allow(async_fn_in_trait, reason = "every worker runs on one thread, so no future has to be Send")]

pub mod clients;
pub mod dynamodb;
pub mod error;
pub mod identity;
pub mod ledger;
pub mod monitors;
pub mod run_files;
pub mod s3;
#[cfg(feature = "operate")]
pub mod session;
pub mod sfn;
pub mod sns;

pub use clients::{Clients, Settings};
pub use error::{CallError, Cause};
