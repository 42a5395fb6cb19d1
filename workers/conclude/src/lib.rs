//! Conclude: the last state of every execution, after success and failure alike.
//!
//! 1. Closes the run's record in the ledger, and its open question if it was not answered in time.
//! 2. Records whether the migration is applied to the table.
//! 3. Releases the table's lock.
//! 4. Notifies people.
//!
//! Every part is attempted even if another one failed: a missing report, for example, must not keep the lock. The failures
//! are then returned together as one error. A message that could not be sent is only logged. A repeated call changes
//! nothing, but sends a second message.

mod applied;
mod closing;
mod decision;
mod error;
mod notification;
mod state;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tableshift_aws::ledger::runs::RunRecord;
use tableshift_aws::ledger::table::Ledger;
use tableshift_aws::s3::Bucket;
use tableshift_aws::sns::{Publish, notify};
use tableshift_core::plan::phase::Phase;
use tableshift_core::report::run_report::Report;
use tableshift_runtime::ErrorName;

use closing::Closing;
use decision::{Context, Decision};
pub use error::{Error, Fault};
use state::State;

/// What the state machine passes in, wherever the run ended.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// The execution's ARN.
    pub execution: String,
    /// The execution's name, which is the run's id if the execution started a new run.
    pub name: String,
    /// When the execution started, ISO 8601. Empty in an execution of an earlier version.
    #[serde(default)]
    pub started: String,
    /// The complete state data.
    #[serde(default)]
    pub state: Value,
}

/// How the run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// `succeeded` or `failed`.
    pub outcome: &'static str,
    /// The error name; empty on success.
    pub error: String,
    /// What happened and what to do; empty on success.
    pub cause: String,
}

/// Ends the run. `now` is in epoch milliseconds.
pub async fn run(
    bucket: &Bucket,
    ledger: &Ledger,
    topic: &impl Publish,
    stage: &str,
    now: i64,
    input: Input,
) -> Result<Output, Error> {
    let state = State::parse(&input.state);
    let mut closing = Closing::new(ledger, &input, &state, now);
    let record = closing.read_record().await;
    let report = closing.read_report(bucket, record.as_ref()).await;
    let decision = decide(&state, record.as_ref(), report.as_ref());
    let counts = report.as_ref().map(Report::last_counts).unwrap_or_default();

    closing.close_record(record.as_ref(), &decision, &counts).await;
    if decision.error.as_deref() == Some(ErrorName::ApprovalExpired.as_str()) {
        closing.close_question(record.as_ref(), &decision).await;
    }
    let applied = closing.update_applied(bucket, record.as_ref(), report.as_ref(), &decision).await;
    closing.release_lock(record.as_ref()).await;

    let facts =
        notification::Facts { stage, bucket: bucket.name(), at: now, reported: report.is_some(), counts, applied };
    notify(topic, &notification::notice(&input, &state, record.as_ref(), &decision, facts).message()).await;
    closing.finish(decision)
}

fn decide(state: &State, record: Option<&RunRecord>, report: Option<&Report>) -> Decision {
    let worker_error = record.and_then(|record| Some((record.cause_name.as_deref()?, record.cause.as_deref()?)));
    let phases = report.map(|report| &report.phases);
    let judged = phases.and_then(|phases| phases.get(&Phase::Verify).or_else(|| phases.get(&Phase::Migrate)));
    let verdict_reasons = judged.map(|phase| phase.reasons.as_slice()).unwrap_or_default();
    decision::decide(state, Context { worker_error, verdict_reasons })
}
