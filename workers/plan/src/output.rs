//! What Plan is asked, and what it tells the state machine.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tableshift_aws::ledger::runs::Applied;
use tableshift_core::control::lock::Lock;
use tableshift_core::plan::input::Action;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::steps::Steps;
use tableshift_core::plan::wave::Wave;

/// What the state machine hands over.
#[derive(Debug, Clone, Deserialize)]
pub struct Request {
    /// The execution's input, as it was given.
    pub input: Value,
    /// The execution's ARN.
    pub execution: String,
    /// The execution's name: a new run's id.
    pub name: String,
    /// When the execution started, in ISO 8601.
    pub started: String,
}

/// What the state machine goes on with. Every other fact is in `plan.json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Output {
    /// The run.
    pub run: String,
    /// The epoch of the lock.
    pub epoch: u64,
    /// What this execution was asked for.
    pub action: Action,
    /// The table.
    pub table: String,
    /// The migration's id.
    pub migration: String,
    /// The stack's bucket.
    pub bucket: String,
    /// Which steps to take.
    pub steps: Steps,
    /// Where all segments are.
    pub segments_key: String,
    /// Whose turn it is first, and where its segments are.
    pub wave: TurnOf,
    /// What the state machine asks about a canary.
    pub canary: AfterCanary,
    /// Where the parts of the dry run are.
    pub dry_run_key: String,
    /// Where the Maps put their own results.
    pub results_prefix: String,
    /// The most children of a Map at a time.
    pub max_concurrency: u32,
    /// How long a request for approval stays open, in seconds.
    pub approval_timeout_seconds: u64,
    /// How long to wait before items are put back, in seconds: what a dead execution had sent must have landed.
    pub settle_seconds: u64,
    /// The run that applied this migration already, if there is nothing left to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub already_applied: Option<AlreadyApplied>,
    /// The backup, not begun.
    pub backup: NotBegun,
    /// The export, not begun.
    pub export: NotBegun,
}

/// That the migration is applied already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlreadyApplied {
    /// By which run.
    pub run: String,
    /// When.
    pub at: String,
}

/// A wave, with where its segments are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TurnOf {
    /// Whose.
    pub name: Wave,
    /// Where the segments are that it writes and verifies.
    pub segments_key: String,
}

impl TurnOf {
    fn of(run: &str, wave: Wave) -> Self {
        let segments_key = if wave == Wave::Canary { keys::canary(run) } else { keys::segments(run) };
        Self { name: wave, segments_key }
    }
}

/// What comes after a canary that went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct AfterCanary {
    /// Whether a person is asked before the rest is written.
    pub approve: bool,
}

/// Something that is begun later, so that the state machine finds its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotBegun {
    arn: Option<String>,
    status: &'static str,
}

impl Output {
    /// The output for a run that takes these steps under this lock, this wave first.
    pub(crate) fn of(plan: &RunPlan, action: Action, steps: Steps, wave: Wave, lock: &Lock) -> Self {
        let not_begun = NotBegun { arn: None, status: "NONE" };
        Self {
            run: plan.run.clone(),
            epoch: lock.epoch,
            action,
            table: plan.table.name.clone(),
            migration: plan.migration.id.clone(),
            bucket: plan.bucket.clone(),
            steps,
            segments_key: keys::segments(&plan.run),
            wave: TurnOf::of(&plan.run, wave),
            canary: AfterCanary { approve: plan.asks_before(Wave::Main) },
            dry_run_key: keys::dry_run_parts(&plan.run),
            results_prefix: keys::map_runs(&plan.run),
            max_concurrency: plan.max_concurrency,
            approval_timeout_seconds: plan.approval_timeout_seconds,
            settle_seconds: 0,
            already_applied: None,
            backup: not_begun.clone(),
            export: not_begun,
        }
    }

    /// The output for a run that has nothing to do. It holds no lock, so its epoch is one that no lock has.
    pub(crate) fn of_nothing(plan: &RunPlan, done: Applied) -> Self {
        let no_lock =
            Lock { table: plan.table.name.clone(), run: plan.run.clone(), epoch: 0, execution: None, lease_until: 0 };
        let already_applied = Some(AlreadyApplied { run: done.run, at: done.at });
        Self { already_applied, ..Self::of(plan, plan.action, plan.steps, Wave::Whole, &no_lock) }
    }
}
