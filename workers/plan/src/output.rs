//! The input of Plan, and its output.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tableshift_aws::ledger::runs::Applied;
use tableshift_core::control::lock::{Lock, SETTLE_SECONDS};
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::settings::input::Action;
use tableshift_core::plan::steps::Steps;
use tableshift_core::plan::wave::Wave;

/// What the state machine passes in.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    /// The execution's input, unchanged.
    pub input: Value,
    /// The execution's ARN.
    pub execution: String,
    /// The execution's name, which becomes the id of a new run.
    pub name: String,
    /// When the execution started, ISO 8601.
    pub started: String,
}

/// What the later states need. Everything else is in `plan.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The run's id.
    pub run: String,
    /// The fencing token of the lock.
    pub epoch: u64,
    /// The action of this execution's input.
    pub action: Action,
    /// The table's name.
    pub table: String,
    /// The migration's id.
    pub migration: String,
    /// The name of the stack's bucket.
    pub bucket: String,
    /// The steps to perform.
    pub steps: Steps,
    /// The key of the list of all segments.
    pub segments_key: String,
    /// The first wave.
    pub wave: WaveSegments,
    /// What follows a canary.
    pub canary: AfterCanary,
    /// The key of the list of the dry run's parts.
    pub dry_run_key: String,
    /// The prefix under which the Maps write their own results.
    pub results_prefix: String,
    /// The most children of a Map that run at the same time.
    pub max_concurrency: u32,
    /// How long a request for approval stays open, in seconds.
    pub approval_timeout_seconds: u64,
    /// How long to wait before items are restored, in seconds: requests of an execution that died may still arrive.
    pub settle_seconds: u64,
    /// The run that applied this migration before, if there is nothing left to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub already_applied: Option<AlreadyApplied>,
    /// The backup, which BackUp starts later.
    pub backup: NotStarted,
    /// The export, which Export starts later.
    pub export: NotStarted,
}

/// The run that applied the migration before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlreadyApplied {
    /// The id of that run.
    pub run: String,
    /// When it ended, ISO 8601.
    pub at: String,
}

/// A wave with its segments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WaveSegments {
    /// The wave.
    pub name: Wave,
    /// The key of the list of segments that the wave writes and verifies.
    pub segments_key: String,
}

impl WaveSegments {
    fn new(run: &str, wave: Wave) -> Self {
        let segments_key = if wave == Wave::Canary { keys::canary(run) } else { keys::segments(run) };
        Self { name: wave, segments_key }
    }
}

/// What follows a canary with a good verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AfterCanary {
    /// Whether the main wave needs an approval.
    pub approve: bool,
}

/// A placeholder for something that is started later, so that every path in the state machine finds its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotStarted {
    arn: Option<String>,
    status: &'static str,
}

impl Output {
    /// The output for a run that holds this lock, performs these steps and starts with this wave.
    pub(crate) fn new(plan: &RunPlan, action: Action, steps: Steps, wave: Wave, lock: &Lock) -> Self {
        let not_started = NotStarted { arn: None, status: "NONE" };
        Self {
            run: plan.run.clone(),
            epoch: lock.epoch,
            action,
            table: plan.table.name.clone(),
            migration: plan.migration.id.clone(),
            bucket: plan.bucket.clone(),
            steps,
            segments_key: keys::segments(&plan.run),
            wave: WaveSegments::new(&plan.run, wave),
            canary: AfterCanary { approve: plan.asks_before(Wave::Main) },
            dry_run_key: keys::dry_run_parts(&plan.run),
            results_prefix: keys::map_runs(&plan.run),
            max_concurrency: plan.max_concurrency,
            approval_timeout_seconds: plan.approval_timeout_seconds,
            settle_seconds: SETTLE_SECONDS,
            already_applied: None,
            backup: not_started.clone(),
            export: not_started,
        }
    }

    /// The output for a run whose migration is applied already. It holds no lock, so its fencing token is 0, which no lock has.
    pub(crate) fn already_applied(plan: &RunPlan, applied: Applied) -> Self {
        let no_lock =
            Lock { table: plan.table.name.clone(), run: plan.run.clone(), epoch: 0, execution: None, lease_until: 0 };
        let already_applied = Some(AlreadyApplied { run: applied.run, at: applied.at });
        Self { already_applied, ..Self::new(plan, plan.action, plan.steps, Wave::Whole, &no_lock) }
    }
}
