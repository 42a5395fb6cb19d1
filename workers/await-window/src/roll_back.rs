//! The beginning of a roll-back: from here on, nothing but the roll-back may write.
//!
//! An attempt of Migrate whose invocation Step Functions gave up on may still be alive. It reads the lock every two seconds
//! and stops at a newer fencing token, and a write that it has sent takes effect within a known time or never. So the
//! roll-back takes a new token and waits that long. Otherwise a late write could change an item that is restored already.

use tableshift_aws::ledger::lock::LeaseError;
use tableshift_aws::ledger::table::Ledger;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::ROLLED_BACK;

use crate::{Error, Input, Output, end_of_wait, iso};

/// Takes a new fencing token, and records that the run can no longer be resumed: its cursors are past items that are
/// restored. `now` is in epoch milliseconds.
pub(crate) async fn begin(ledger: &Ledger, plan: &RunPlan, now: i64, input: &Input) -> Result<Output, Error> {
    let ledger_error = |source| Error::Ledger { run: input.run.clone(), source };
    let until = end_of_wait(now, Some(input.settle_seconds));
    let lease_until = until.saturating_add_unsigned(plan.lease_seconds);
    let fenced = ledger.fence(&plan.table.name, &input.run, input.epoch, lease_until).await;
    let lost = || LeaseError::Lost { run: input.run.clone(), table: plan.table.name.clone() };
    let epoch = fenced.map_err(ledger_error)?.ok_or_else(lost)?;
    ledger.raise_epoch(&input.run, epoch).await.map_err(ledger_error)?;
    ledger.set_progress(&input.run, ROLLED_BACK).await.map_err(ledger_error)?;
    tracing::info!(epoch, settle_seconds = input.settle_seconds, "the roll-back begins");
    Ok(Output { open: true, until: iso(until), reason: String::new(), epoch })
}
