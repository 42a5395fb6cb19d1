//! AwaitWindow: decides whether the run may write now and, if not, when to check again.
//!
//! - [`Step::Window`]: the maintenance window, a change calendar, an alarm or an operator's pause puts the run on hold. A
//!   critical alarm or an operator's abort ends the run here. This is the last step before the first write, so it checks
//!   once more that the plan is unchanged and that the approval is still valid. After that, the run counts as writing:
//!   an execution that resumes it continues to write and skips the dry run.
//! - [`Step::Bake`]: decides whether the canary has baked for as long as the plan says, without an alarm.
//! - [`Step::BeginRollBack`]: makes every worker that may still write stop, before the first item is rolled back.
//! - [`Step::AnnounceHold`]: announces a hold once. The children of a Map call it when they find the run on hold, because
//!   their workers may not publish to the topic.

mod approval;
mod bake;
mod error;
mod notifications;
mod roll_back;
mod window;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::table::Ledger;
use tableshift_aws::monitors::reader::{ReadMonitors, read_if_due};
use tableshift_aws::run_files::load_plan;
use tableshift_aws::s3::ReadObject;
use tableshift_aws::sns::Publish;
use tableshift_core::control::hold::Hold;
use tableshift_core::control::run_control::{Control, State};
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;

pub use approval::ApprovalError;
pub use error::Error;
use notifications::Notifications;

/// What the state machine passes in.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// What to check.
    #[serde(default)]
    pub step: Step,
    /// The run's id.
    pub run: String,
    /// The fencing token of the run's lock.
    pub epoch: u64,
    /// The wave that the run is about to write.
    #[serde(default)]
    pub wave: Wave,
    /// How long a write that a worker has sent may still take effect, in seconds. Only BeginRollBack waits for that.
    #[serde(default)]
    pub settle_seconds: u64,
}

/// What to check.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Whether the run may write this wave.
    #[default]
    Window,
    /// Whether the canary has baked.
    Bake,
    /// Whether the roll-back may write: it may once no other worker of the run can.
    BeginRollBack,
    /// Whether this phase of the run is on hold; if so, announces the hold once.
    AnnounceHold(Phase),
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Whether the run may continue now.
    pub open: bool,
    /// When to check again, ISO 8601 in UTC. Always present, so that every path in the state machine finds it.
    pub until: String,
    /// Why the run is on hold, for people; empty if it is not.
    pub reason: String,
    /// The fencing token with which the run continues.
    pub epoch: u64,
}

/// Performs one check and keeps the lock for as long as the run waits. `now` is in epoch milliseconds.
pub async fn run(
    bucket: &impl ReadObject,
    ledger: &Ledger,
    monitor_reader: &impl ReadMonitors,
    topic: &impl Publish,
    now: i64,
    input: Input,
) -> Result<Output, Error> {
    let plan = load_plan(bucket, &input.run).await.map_err(Error::Plan)?;
    let notifications = Notifications { topic, ledger, plan: &plan, now };
    if let Step::AnnounceHold(phase) = input.step {
        return announce_hold(&notifications, phase, input.epoch).await;
    }
    if input.step == Step::BeginRollBack {
        return roll_back::begin(ledger, &plan, now, &input).await;
    }
    let control = read_control(ledger, monitor_reader, &plan, now).await?;
    match input.step {
        Step::Bake => bake::check_bake(ledger, &plan, &control, now, &input).await,
        Step::Window | Step::AnnounceHold(_) | Step::BeginRollBack => {
            window::check_window(bucket, &notifications, &control, &input).await
        }
    }
}

/// Announces the hold of a phase. Reads only the control item, because the children of a Map decide by that as well.
async fn announce_hold(
    notifications: &Notifications<'_, impl Publish>,
    phase: Phase,
    epoch: u64,
) -> Result<Output, Error> {
    let (plan, now) = (notifications.plan, notifications.now);
    let control = notifications.ledger.control(&plan.run, Phase::Migrate).await;
    let control = control.map_err(|source| Error::Ledger { run: plan.run.clone(), source })?;
    let hold = Hold::for_phase(phase, &control, plan.window.as_ref(), now).map_err(Error::Window)?;
    notifications.announce_hold(hold.as_ref(), &control).await;
    let (open, seconds) = (hold.is_none(), hold.as_ref().map(|hold| hold.seconds));
    let until = iso(end_of_wait(now, seconds));
    Ok(Output { open, until, reason: hold.map(|hold| hold.reason).unwrap_or_default(), epoch })
}

/// Reads the control item, and the monitors if a reading is due. Fails if an operator has aborted the run or a critical
/// alarm rings.
async fn read_control(
    ledger: &Ledger,
    monitor_reader: &impl ReadMonitors,
    plan: &RunPlan,
    now: i64,
) -> Result<Control, Error> {
    let run = &plan.run;
    let control = ledger.control(run, Phase::Migrate).await;
    let mut control = control.map_err(|source| Error::Ledger { run: run.clone(), source })?;
    let new_status = read_if_due(ledger, monitor_reader, run, &plan.monitors, &control.monitor_status, now).await;
    if let Some(status) = new_status.map_err(|source| Error::Monitors { run: run.clone(), source })? {
        control.monitor_status = status;
    }
    if control.state == State::Stopped {
        let reason = control.reason.unwrap_or_else(|| "by an operator".into());
        return Err(Error::Aborted { run: run.clone(), reason });
    }
    Ok(control)
}

/// Renews the lease so that it outlasts a wait of this many seconds, because nothing renews it while the run waits.
/// Returns the end of the wait (ISO 8601), or now if there is no wait.
async fn renew_lease(
    ledger: &impl LockTable,
    plan: &RunPlan,
    epoch: u64,
    now: i64,
    seconds: Option<u64>,
) -> Result<String, Error> {
    let until = end_of_wait(now, seconds);
    ledger.renew_beyond(plan, epoch, until).await?;
    Ok(iso(until))
}

/// When a wait ends, in epoch seconds; now if there is none. Rounded up, because a check a moment too early would find
/// the run still on hold.
fn end_of_wait(now: i64, seconds: Option<u64>) -> i64 {
    seconds.map_or(now, |seconds| now.saturating_add_unsigned(seconds * 1000 + 999)).div_euclid(1000)
}

fn iso(epoch_seconds: i64) -> String {
    Timestamp::from_second(epoch_seconds).unwrap_or(Timestamp::MAX).to_string()
}
