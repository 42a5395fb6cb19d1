//! The only crate that names the AWS SDK: adapters, each a small struct that holds one client and the name of one resource.
//!
//! One folder for each service or purpose. A trait stands in front of an adapter where a test puts a double in; what a worker may
//! do can then be read in its signature. Decisions are in `tableshift-core`.
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
