//! Puts the run on hold, or starts its next wave.

use tableshift_aws::s3::ReadObject;
use tableshift_aws::sns::Publish;
use tableshift_core::control::hold::Hold;
use tableshift_core::control::run_control::Control;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::event::Event;

use crate::notifications::Notifications;
use crate::{Error, Input, Output, approval, renew_lease};

/// Decides whether the run may write this wave. If it may, the run counts as writing from now on.
pub(crate) async fn check_window(
    bucket: &impl ReadObject,
    notifications: &Notifications<'_, impl Publish>,
    control: &Control,
    input: &Input,
) -> Result<Output, Error> {
    let Notifications { ledger, plan, now, .. } = *notifications;
    let hold = Hold::for_writing(control, plan.window.as_ref(), now).map_err(Error::Window)?;
    let until = renew_lease(ledger, plan, input.epoch, now, hold.as_ref().map(|hold| hold.seconds)).await?;
    notifications.announce_hold(hold.as_ref(), control).await;
    if hold.is_none() {
        start_wave(bucket, notifications, input.wave).await?;
    }
    let reason = hold.as_ref().map(|hold| hold.reason.clone()).unwrap_or_default();
    tracing::info!(wave = input.wave.as_str(), open = hold.is_none(), until, reason, "window");
    Ok(Output { open: hold.is_none(), until, reason, epoch: input.epoch })
}

/// Checks the plan and the approval, and records in the ledger that the run writes this wave.
async fn start_wave(
    bucket: &impl ReadObject,
    notifications: &Notifications<'_, impl Publish>,
    wave: Wave,
) -> Result<(), Error> {
    let Notifications { ledger, plan, now, .. } = *notifications;
    let ledger_error = |source| Error::Ledger { run: plan.run.clone(), source };
    let checked = approval::check(bucket, ledger, plan, wave, now).await;
    let has_started = checked.map_err(|problem| Error::Approval { problem, wave })?;
    if wave == Wave::Main && !has_started {
        ledger.end_canary(&plan.run).await.map_err(ledger_error)?;
    }
    let recorded = ledger.record_writer(&plan.table.name, &plan.migration.id, &plan.run).await;
    recorded.map_err(ledger_error)?;
    let is_new_progress = ledger.set_progress(&plan.run, wave.progress()).await.map_err(ledger_error)?;
    // The main wave after a canary is not the run's first write, nor is a canary wave that is resumed during its bake.
    if is_new_progress && !has_started && wave != Wave::Main {
        notifications.publish(Event::Writing).await;
    }
    Ok(())
}
