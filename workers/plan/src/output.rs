//! What Plan is asked, and what it tells the state machine.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tableshift_aws::ledger_runs::Applied;
use tableshift_core::input::Action;
use tableshift_core::keys;
use tableshift_core::lock::Lock;
use tableshift_core::run_plan::{RunPlan, Steps};

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
    /// Where the segments are.
    pub segments_key: String,
    /// Where the parts of the rehearsal are.
    pub rehearsal_key: String,
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

/// Something that is begun later, so that the state machine finds its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotBegun {
    arn: Option<String>,
    status: &'static str,
}

impl Output {
    /// The output for a run that takes these steps under this lock.
    pub(crate) fn of(plan: &RunPlan, action: Action, steps: Steps, lock: &Lock) -> Self {
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
            rehearsal_key: keys::rehearsal(&plan.run),
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
        Self { already_applied, ..Self::of(plan, plan.action, plan.steps, &no_lock) }
    }
}
