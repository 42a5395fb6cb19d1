//! AwaitWindow: says whether the run may write now and, if not, when to look again.
//!
//! What may hold it: the window, a change calendar, an alarm, an operator's pause. A critical alarm, or an operator's
//! stop, ends the run here, before it wrote anything.
//!
//! It is the last step before the first write, so it looks once more whether what was approved is what runs. Once it says
//! yes the run counts as writing: whoever takes it up again goes on with the writing and does a dry run no more.
//!
//! Told to bake ([`Step::Bake`]), it says whether the canary has: for as long as the plan says, with all alarms quiet.
//!
//! It tells people when the run is held and when it writes for the first time. A child of a Map that finds the run held
//! asks it to announce the hold ([`Step::AnnounceHold`]): those workers have no topic.

mod approved;
mod baking;
mod notice;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tableshift_aws::ledger::approvals::Approvals;
use tableshift_aws::ledger::control::SteerRun;
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::runs::Runs;
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::monitors::reader::{Look, MonitorError, read_if_due};
use tableshift_aws::run_files::{RunFileError, load_plan};
use tableshift_aws::s3::ReadObject;
use tableshift_aws::sns::Publish;
use tableshift_core::control::hold::Hold;
use tableshift_core::control::run_control::{Control, State};
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;
use tableshift_core::plan::window::WindowError;
use tableshift_core::report::event::Event;
use tableshift_runtime::{ErrorName, Named};

pub use approved::Void;
use notice::Notices;

/// Which run wants to write.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// What to do.
    #[serde(default)]
    pub step: Step,
    /// The run.
    pub run: String,
    /// The epoch of its lock.
    pub epoch: u64,
    /// Whose turn it is.
    #[serde(default)]
    pub wave: Wave,
}

/// What to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// To say whether the run may write in this wave.
    #[default]
    Window,
    /// To say whether the canary has baked.
    Bake,
    /// To announce once, in a message, what holds a phase of the run.
    AnnounceHold(Phase),
}

/// Whether it may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Whether the run may go on now.
    pub open: bool,
    /// When to look again, ISO 8601 in UTC. Present whatever `open` is, so that no path in the state machine misses.
    pub until: String,
    /// What holds the run, for people; empty if nothing does.
    pub reason: String,
}

/// Why the run may not go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan could not be read.
    #[error("the run's plan could not be read")]
    Plan(#[source] RunFileError),
    /// The ledger did not answer.
    #[error("the ledger could not be asked about run `{run}`")]
    Ledger {
        /// The run.
        run: String,
        /// What went wrong.
        #[source]
        source: LedgerError,
    },
    /// The lock is another run's, or another execution's.
    #[error("run `{run}` lost the lock of table `{table}` to another execution; start it again with `action: resume`")]
    LeaseLost {
        /// The run.
        run: String,
        /// The table.
        table: String,
    },
    /// What would be written is not what was planned or approved.
    #[error("{void}; {}", wave.written_so_far())]
    Void {
        /// What is not.
        void: Void,
        /// Whose turn it was to be.
        wave: Wave,
    },
    /// There is no canary to bake.
    #[error("the plan of run `{0}` has no canary; start a new run")]
    NoCanary(String),
    /// Calendars and alarms could not be looked at, or one of them ends the run.
    #[error("run `{run}` may not write")]
    Look {
        /// The run.
        run: String,
        /// What went wrong.
        #[source]
        source: MonitorError,
    },
    /// An operator said so.
    #[error("run `{run}` was stopped: {reason}")]
    Stopped {
        /// The run.
        run: String,
        /// Why.
        reason: String,
    },
    /// The plan's window cannot be read, though Plan could read it.
    #[error("the plan's window cannot be read by this version")]
    Window(#[source] WindowError),
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Self::Plan(source) => source.name(),
            Self::Ledger { source, .. } => source.name(),
            Self::LeaseLost { .. } => ErrorName::LeaseLost,
            Self::Look { source, .. } => source.name(),
            Self::Stopped { .. } => ErrorName::Aborted,
            Self::Void { void, .. } => void.name(),
            Self::NoCanary(_) | Self::Window(_) => ErrorName::Internal,
        }
    }
}

/// Does one of the steps, and keeps the lock for as long as the run has to wait.
pub async fn run(
    bucket: &impl ReadObject,
    ledger: &(impl LockTable + Runs + Approvals + SteerRun),
    monitor_reader: &impl Look,
    topic: &impl Publish,
    now: i64,
    input: Input,
) -> Result<Output, Error> {
    let plan = load_plan(bucket, &input.run).await.map_err(Error::Plan)?;
    let notices = Notices { topic, ledger, plan: &plan, now };
    if let Step::AnnounceHold(phase) = input.step {
        return announce_hold(&notices, phase).await;
    }
    let control = look(ledger, monitor_reader, &plan, now).await?;
    match input.step {
        Step::Bake => baking::look_after(ledger, &plan, &control, now, &input).await,
        Step::Window | Step::AnnounceHold(_) => window(bucket, &notices, &control, &input).await,
    }
}

/// Announces what holds a phase of the run. Reads nothing but the control item: that is what the children decided by.
async fn announce_hold<L: Runs + SteerRun>(
    notices: &Notices<'_, impl Publish, L>,
    phase: Phase,
) -> Result<Output, Error> {
    let (plan, now) = (notices.plan, notices.now);
    let control = notices.ledger.control(&plan.run, Phase::Migrate).await;
    let control = control.map_err(|source| Error::Ledger { run: plan.run.clone(), source })?;
    let hold = Hold::for_phase(phase, &control, plan.window.as_ref(), now).map_err(Error::Window)?;
    notices.held(hold.as_ref(), &control).await;
    let (open, seconds) = (hold.is_none(), hold.as_ref().map(|hold| hold.seconds));
    Ok(Output { open, until: told(until(now, seconds)), reason: hold.map(|hold| hold.reason).unwrap_or_default() })
}

/// What the control item says, after a look at calendars and alarms if one is due. An operator's stop and a critical alarm
/// end the run.
async fn look(ledger: &impl SteerRun, monitor_reader: &impl Look, plan: &RunPlan, now: i64) -> Result<Control, Error> {
    let run = &plan.run;
    let control = ledger.control(run, Phase::Migrate).await;
    let mut control = control.map_err(|source| Error::Ledger { run: run.clone(), source })?;
    let looked = read_if_due(ledger, monitor_reader, run, &plan.monitors, &control.monitor_status, now).await;
    if let Some(monitor_status) = looked.map_err(|source| Error::Look { run: run.clone(), source })? {
        control.monitor_status = monitor_status;
    }
    if control.state == State::Stopped {
        let reason = control.reason.unwrap_or_else(|| "by an operator".into());
        return Err(Error::Stopped { run: run.clone(), reason });
    }
    Ok(control)
}

/// Whether the run may write in this wave.
async fn window<L: LockTable + Runs + Approvals + SteerRun>(
    bucket: &impl ReadObject,
    notices: &Notices<'_, impl Publish, L>,
    control: &Control,
    input: &Input,
) -> Result<Output, Error> {
    let failed = |source| Error::Ledger { run: input.run.clone(), source };
    let Notices { ledger, plan, now, .. } = *notices;
    let hold = Hold::for_writing(control, plan.window.as_ref(), now).map_err(Error::Window)?;
    let until = hold_lock(ledger, plan, input.epoch, now, hold.as_ref().map(|hold| hold.seconds)).await?;
    notices.held(hold.as_ref(), control).await;
    if hold.is_none() {
        let wave = input.wave;
        let begun = approved::check(bucket, ledger, plan, wave).await.map_err(|void| Error::Void { void, wave })?;
        if wave == Wave::Main && !begun {
            ledger.end_canary(&input.run).await.map_err(failed)?;
        }
        let entered = ledger.set_progress(&input.run, wave.progress()).await.map_err(failed)?;
        // Neither the rest after a canary nor a canary that is resumed while it bakes is the run's first write.
        if entered && !begun && wave != Wave::Main {
            notices.tell(Event::Writing).await;
        }
    }
    let reason = hold.as_ref().map(|hold| hold.reason.clone()).unwrap_or_default();
    tracing::info!(wave = input.wave.as_str(), open = hold.is_none(), until, reason, "window");
    Ok(Output { open: hold.is_none(), until, reason })
}

/// Keeps the lock over a wait of so many seconds, for while the run waits nothing renews its lease. Gives the wait's end, or
/// now if there is none.
async fn hold_lock(
    ledger: &impl LockTable,
    plan: &RunPlan,
    epoch: u64,
    now: i64,
    seconds: Option<u64>,
) -> Result<String, Error> {
    let until = until(now, seconds);
    let lease_until = until.saturating_add_unsigned(plan.lease_seconds);
    let held = ledger.renew(&plan.table.name, &plan.run, epoch, lease_until).await;
    match held.map_err(|source| Error::Ledger { run: plan.run.clone(), source })? {
        true => Ok(told(until)),
        false => Err(Error::LeaseLost { run: plan.run.clone(), table: plan.table.name.clone() }),
    }
}

/// When a wait of so many seconds ends, in epoch seconds; now if there is none. Rounded up where the run has to wait: who
/// came a event too early would wait again.
fn until(now: i64, seconds: Option<u64>) -> i64 {
    seconds.map_or(now, |seconds| now.saturating_add_unsigned(seconds * 1000 + 999)).div_euclid(1000)
}

fn told(epoch_seconds: i64) -> String {
    Timestamp::from_second(epoch_seconds).unwrap_or(Timestamp::MAX).to_string()
}
