//! The commands about runs on a deployed stage: start, follow, steer, answer and look up runs. Commands that work on an
//! author's files belong in `author`. Nothing here reads or writes a table that is being migrated: runs do.
//!
//! ```text
//! arguments -> stage (from its stack or the environment) -> calls to AWS -> snapshot -> display -> CommandOutput
//! ```
//!
//! [`snapshot`] collects what AWS knows about a run; [`display`] turns it into text and makes no calls. Only `watch` and
//! `start` print before they return, to standard error.

pub mod answer;
mod display;
pub mod ensure;
mod error;
pub mod history;
mod progress;
pub mod report;
mod snapshot;
mod speed;
pub mod stage;
pub mod start;
pub mod status;
pub mod steer;
pub mod watch;

pub use error::OperateError;

use crate::runtime;

/// Runs an asynchronous command to its end.
fn block_on<T>(work: impl Future<Output = Result<T, OperateError>>) -> Result<T, OperateError> {
    runtime::block_on(OperateError::Runtime, work)
}

/// The time in epoch milliseconds.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
