//! The bake: after the canary wave the run writes nothing for a while, so that the application can show whether it works
//! with the migrated items.

use tableshift_aws::ledger::table::Ledger;
use tableshift_core::control::bake::Bake;
use tableshift_core::control::run_control::Control;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::BAKING;

use crate::{Error, Input, Output, renew_lease};

/// Checks whether the bake is over. The ledger stores when it started, so that an alarm can restart it and people can see
/// it. `now` is in epoch milliseconds.
pub(crate) async fn check_bake(
    ledger: &Ledger,
    plan: &RunPlan,
    control: &Control,
    now: i64,
    input: &Input,
) -> Result<Output, Error> {
    let ledger_error = |source| Error::Ledger { run: input.run.clone(), source };
    let canary = plan.canary.as_ref().ok_or_else(|| Error::NoCanary(input.run.clone()))?;
    let bake = Bake::of(control, canary, &plan.monitors, now);
    let until = renew_lease(ledger, plan, input.epoch, now, (!bake.is_over).then_some(bake.seconds)).await?;
    ledger.set_progress(&input.run, BAKING).await.map_err(ledger_error)?;
    if bake.since != control.baking_since {
        ledger.set_baking_since(&input.run, bake.since).await.map_err(ledger_error)?;
    }
    tracing::info!(open = bake.is_over, until, reason = bake.reason, "bake");
    Ok(Output { open: bake.is_over, until, reason: bake.reason, epoch: input.epoch })
}
