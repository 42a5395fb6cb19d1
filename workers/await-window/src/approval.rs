//! Checks right before the first write of a wave that the plan is unchanged and that the approval is still valid.

use tableshift_aws::ledger::approvals::{Approval, Outcome};
use tableshift_aws::ledger::runs::RunRecord;
use tableshift_aws::ledger::table::{Ledger, LedgerError};
use tableshift_aws::s3::{ObjectError, ReadObject};
use tableshift_core::approval::rules::{Changed, Hashes, TooOld};
use tableshift_core::item::hash;
use tableshift_core::language::document::Document;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::ErrorName;

/// Why the check did not pass.
#[derive(Debug, thiserror::Error)]
pub enum ApprovalError {
    /// The ledger has no record of this run id.
    #[error("run `{0}` is not in the ledger")]
    NoRecord(String),
    /// `plan.json` has another hash than the run's record.
    #[error(
        "plan.json of run `{run}` has changed since the run was planned: its hash was {expected} and is now {found}"
    )]
    PlanChanged {
        /// The run's id.
        run: String,
        /// SHA-256 in the run's record.
        expected: String,
        /// SHA-256 of the plan now.
        found: String,
    },
    /// The migration's document was changed or deleted after the run was planned.
    #[error("{key} was changed or deleted after run `{run}` was planned, so its approval is no longer valid")]
    MigrationChanged {
        /// The run's id.
        run: String,
        /// The document's key in the bucket.
        key: String,
    },
    /// The run's question has no answer that approves it.
    #[error("run `{0}` has no approval in the ledger")]
    NotApproved(String),
    /// The plan or the report is not the one that was approved.
    #[error("{0}, so the approval is no longer valid")]
    Stale(Changed),
    /// The approval is older than the policy allows.
    #[error("{0}")]
    TooOld(TooOld),
    /// The record or the approval could not be read.
    #[error("the approval could not be read from the ledger")]
    Ledger(#[source] LedgerError),
    /// The migration's document or the report could not be read.
    #[error("the approved report or migration could not be read from the stack's bucket")]
    Object(#[source] ObjectError),
}

impl ApprovalError {
    /// The error name that the state machine sees.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::NoRecord(_) => ErrorName::RunNotFound,
            Self::PlanChanged { .. } | Self::MigrationChanged { .. } => ErrorName::MigrationChanged,
            Self::NotApproved(_) | Self::Stale(_) => ErrorName::ApprovalStale,
            Self::TooOld(_) => ErrorName::ApprovalExpired,
            Self::Ledger(source) => source.name(),
            Self::Object(source) => source.name(),
        }
    }
}

/// Checks that the run writes what was planned and, if this wave needs an approval, what was approved. Returns whether
/// the wave had started before. `now` is in epoch milliseconds.
///
/// A wave that has started passed this check before. Its report has changed since then, so the check of the approval is
/// skipped.
pub(crate) async fn check(
    bucket: &impl ReadObject,
    ledger: &Ledger,
    plan: &RunPlan,
    wave: Wave,
    now: i64,
) -> Result<bool, ApprovalError> {
    let record = ledger.run(&plan.run).await.map_err(ApprovalError::Ledger)?;
    let record = record.ok_or_else(|| ApprovalError::NoRecord(plan.run.clone()))?;
    check_plan(plan, &record)?;
    let has_started = wave.has_started(&record.progress);
    if has_started || !plan.asks_before(wave) {
        return Ok(has_started);
    }
    check_migration(bucket, plan).await?;
    check_answer(bucket, ledger, plan, now).await?;
    Ok(false)
}

fn check_plan(plan: &RunPlan, record: &RunRecord) -> Result<(), ApprovalError> {
    let (expected, found) = (record.plan_hash.clone(), plan.hash());
    match expected == found {
        true => Ok(()),
        false => Err(ApprovalError::PlanChanged { run: plan.run.clone(), expected, found }),
    }
}

/// The run uses the copy of the migration in its plan. If the document in the bucket differs, somebody may have changed
/// their mind about the migration, so the run does not write.
async fn check_migration(bucket: &impl ReadObject, plan: &RunPlan) -> Result<(), ApprovalError> {
    let Some(key) = &plan.migration_key else { return Ok(()) };
    let changed = || ApprovalError::MigrationChanged { run: plan.run.clone(), key: key.clone() };
    let bytes = bucket.get(key).await.map_err(|error| match error {
        ObjectError::Missing { .. } => changed(),
        error => ApprovalError::Object(error),
    })?;
    let document = Document::from_yaml(&String::from_utf8_lossy(&bytes)).map_err(|_| changed())?;
    if document.hash() == plan.migration_hash { Ok(()) } else { Err(changed()) }
}

/// Checks that an approval is recent enough, and that the plan and the report in the bucket are the ones that were approved.
async fn check_answer(
    bucket: &impl ReadObject,
    ledger: &Ledger,
    plan: &RunPlan,
    now: i64,
) -> Result<(), ApprovalError> {
    let not_approved = || ApprovalError::NotApproved(plan.run.clone());
    let approval = ledger.approval(&plan.run).await.map_err(ApprovalError::Ledger)?;
    let Approval { question, answer } = approval.ok_or_else(not_approved)?;
    let answer = answer.filter(|answer| answer.outcome == Outcome::Approved).ok_or_else(not_approved)?;
    plan.approval.check_age(&answer.answered_at, now.div_euclid(1000)).map_err(ApprovalError::TooOld)?;
    let report = bucket.get(&keys::report(&plan.run)).await.map_err(ApprovalError::Object)?;
    let now = Hashes { plan: &plan.hash(), report: &hash::of_bytes(&report) };
    now.still(Hashes { plan: &question.plan_hash, report: &question.report_hash }).map_err(ApprovalError::Stale)
}
