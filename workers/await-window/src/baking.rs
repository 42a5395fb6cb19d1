//! The bake: nothing is written while it is seen whether the canary bears what the application does with it.

use tableshift_aws::ledger::control::SteerRun;
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::runs::Runs;
use tableshift_core::control::bake::Bake;
use tableshift_core::control::run_control::Control;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::BAKING;

use crate::{Error, Input, Output, hold_lock};

/// Whether the canary has baked. Since when it does is in the ledger, for an alarm to wipe out and for people to see.
pub(crate) async fn look_after(
    ledger: &(impl LockTable + Runs + SteerRun),
    plan: &RunPlan,
    control: &Control,
    now: i64,
    input: &Input,
) -> Result<Output, Error> {
    let failed = |source| Error::Ledger { run: input.run.clone(), source };
    let canary = plan.canary.as_ref().ok_or_else(|| Error::NoCanary(input.run.clone()))?;
    let bake = Bake::of(control, canary, &plan.monitors, now);
    let until = hold_lock(ledger, plan, input.epoch, now, (!bake.is_over).then_some(bake.seconds)).await?;
    ledger.set_progress(&input.run, BAKING).await.map_err(failed)?;
    if bake.since != control.baking_since {
        ledger.note_bake(&input.run, bake.since).await.map_err(failed)?;
    }
    tracing::info!(open = bake.is_over, until, reason = bake.reason, "bake");
    Ok(Output { open: bake.is_over, until, reason: bake.reason })
}
