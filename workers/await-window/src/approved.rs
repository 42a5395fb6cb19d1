//! What was approved is what runs: looked at once more, right before the run counts as writing.

use tableshift_aws::ledger::approvals::{Approvals, Outcome};
use tableshift_aws::ledger::runs::{RunRecord, Runs};
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::s3::{ObjectError, ReadObject};
use tableshift_core::approval::rules::{Changed, Hashes};
use tableshift_core::item::hash;
use tableshift_core::language::document::Document;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::ErrorName;

/// Why the run may not write.
#[derive(Debug, thiserror::Error)]
pub enum Void {
    /// There is no record of the run.
    #[error("run `{0}` is not in the ledger")]
    NoRecord(String),
    /// The plan is not the one that was made.
    #[error("plan.json of run `{run}` is not the one that was planned: it was {expected}, and is {found}")]
    Plan {
        /// The run.
        run: String,
        /// The hash it had.
        expected: String,
        /// The hash it has.
        found: String,
    },
    /// The migration's document was changed or removed since.
    #[error("{key} was changed since run `{run}` was planned, which voids its approval")]
    Migration {
        /// The run.
        run: String,
        /// The document.
        key: String,
    },
    /// Nobody said yes.
    #[error("run `{0}` has no yes in the ledger")]
    NotApproved(String),
    /// The yes is to something else.
    #[error("{0}, which voids the approval")]
    Stale(Changed),
    /// The ledger did not answer.
    #[error("the approval could not be read in the ledger")]
    Ledger(#[source] LedgerError),
    /// The bucket did not answer.
    #[error("what was approved could not be read")]
    Object(#[source] ObjectError),
}

impl Void {
    /// The name under which the state machine sees it.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::NoRecord(_) => ErrorName::RunNotFound,
            Self::Plan { .. } | Self::Migration { .. } => ErrorName::MigrationChanged,
            Self::NotApproved(_) | Self::Stale(_) => ErrorName::ApprovalStale,
            Self::Ledger(source) => source.name(),
            Self::Object(source) => source.name(),
        }
    }
}

/// Whether what is about to be written is what was planned and, where a person was asked before this wave, what they said
/// yes to. Gives whether the wave had begun before.
///
/// A run that counts as writing already went through here: its report is another one by now, and that is right.
pub(crate) async fn check(
    bucket: &impl ReadObject,
    ledger: &(impl Runs + Approvals),
    plan: &RunPlan,
    wave: Wave,
) -> Result<bool, Void> {
    let record = ledger.run(&plan.run).await.map_err(Void::Ledger)?;
    let record = record.ok_or_else(|| Void::NoRecord(plan.run.clone()))?;
    check_plan(plan, &record)?;
    let begun = wave.has_started(&record.progress);
    if begun || !plan.asks_before(wave) {
        return Ok(begun);
    }
    check_migration(bucket, plan).await?;
    let approval = ledger.approval(&plan.run).await.map_err(Void::Ledger)?;
    let approved = |outcome| outcome == Some(Outcome::Approved);
    let approval = approval.filter(|approval| approved(approval.answer.as_ref().map(|answer| answer.outcome)));
    let question = approval.ok_or_else(|| Void::NotApproved(plan.run.clone()))?.question;
    let report = bucket.get(&keys::report(&plan.run)).await.map_err(Void::Object)?;
    let now = Hashes { plan: &plan.hash(), report: &hash::of_bytes(&report) };
    now.still(Hashes { plan: &question.plan_hash, report: &question.report_hash }).map_err(Void::Stale)?;
    Ok(false)
}

fn check_plan(plan: &RunPlan, record: &RunRecord) -> Result<(), Void> {
    let (expected, found) = (record.plan_hash.clone(), plan.hash());
    match expected == found {
        true => Ok(()),
        false => Err(Void::Plan { run: plan.run.clone(), expected, found }),
    }
}

/// The run works with the copy in its plan. That the document is another one by now still says that somebody has changed
/// their mind about it.
async fn check_migration(bucket: &impl ReadObject, plan: &RunPlan) -> Result<(), Void> {
    let Some(key) = &plan.migration_key else { return Ok(()) };
    let changed = || Void::Migration { run: plan.run.clone(), key: key.clone() };
    let bytes = bucket.get(key).await.map_err(|error| match error {
        ObjectError::Missing { .. } => changed(),
        error => Void::Object(error),
    })?;
    let document = Document::from_yaml(&String::from_utf8_lossy(&bytes)).map_err(|_| changed())?;
    if document.hash() == plan.migration_hash { Ok(()) } else { Err(changed()) }
}
