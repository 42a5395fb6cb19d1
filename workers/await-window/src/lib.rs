//! AwaitWindow: says whether the run may write now and, if not, when to look again.
//!
//! What may hold it: the window, a change calendar, an alarm, an operator's pause. A critical alarm, or an operator's
//! stop, ends the run here, before it wrote anything.
//!
//! It is the last step before the first write, so it looks once more whether what was approved is what runs. Once it says
//! yes the run counts as writing: whoever takes it up again goes on with the writing and rehearses no more.
//!
//! It tells people when the run is held and when it writes for the first time. A child of a Map that finds the run held
//! asks it to tell so: those workers have no topic.

mod approved;
mod notice;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tableshift_aws::ledger::LedgerError;
use tableshift_aws::ledger_approvals::Approvals;
use tableshift_aws::ledger_control::SteerRun;
use tableshift_aws::ledger_lock::LockTable;
use tableshift_aws::ledger_runs::Runs;
use tableshift_aws::lookout::{Look, LookError, look_if_due};
use tableshift_aws::notifications::Publish;
use tableshift_aws::objects::ReadObject;
use tableshift_aws::run_files::{RunFileError, load_plan};
use tableshift_core::control::State;
use tableshift_core::counts::Phase;
use tableshift_core::hold::Hold;
use tableshift_core::message::Moment;
use tableshift_core::window::WindowError;
use tableshift_runtime::{ErrorName, Named};

pub use approved::Void;
use notice::Notices;

/// The phase of a run that may have written.
pub const WRITING: &str = "writing";

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
}

/// What to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// To say whether the run may write.
    #[default]
    Window,
    /// To tell people what holds a phase of the run, if nobody told them yet.
    Tell(Phase),
}

/// Whether it may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Whether the run may write now.
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
    #[error(transparent)]
    Void(Void),
    /// Calendars and alarms could not be looked at, or one of them ends the run.
    #[error("run `{run}` may not write")]
    Look {
        /// The run.
        run: String,
        /// What went wrong.
        #[source]
        source: LookError,
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
            Self::Void(void) => void.name(),
            Self::Window(_) => ErrorName::Internal,
        }
    }
}

/// Asks everything that may hold the run, and keeps the lock for as long as it has to wait.
pub async fn run(
    bucket: &impl ReadObject,
    ledger: &(impl LockTable + Runs + Approvals + SteerRun),
    lookout: &impl Look,
    topic: &impl Publish,
    now: i64,
    input: Input,
) -> Result<Output, Error> {
    let plan = load_plan(bucket, &input.run).await.map_err(Error::Plan)?;
    let failed = |source| Error::Ledger { run: input.run.clone(), source };
    let mut control = ledger.control(&input.run, Phase::Migrate).await.map_err(failed)?;
    let notices = Notices { topic, ledger, plan: &plan, now };
    if let Step::Tell(phase) = input.step {
        let hold = Hold::of_phase(phase, &control, plan.window.as_ref(), now).map_err(Error::Window)?;
        notices.held(hold.as_ref(), &control).await;
        return Ok(Output::of(hold, now));
    }
    let looked = look_if_due(ledger, lookout, &input.run, &plan.watched, &control.outlook, now).await;
    if let Some(outlook) = looked.map_err(|source| Error::Look { run: input.run.clone(), source })? {
        control.outlook = outlook;
    }
    if control.state == State::Stopped {
        let reason = control.reason.unwrap_or_else(|| "by an operator".into());
        return Err(Error::Stopped { run: input.run, reason });
    }
    let hold = Hold::of_writing(&control, plan.window.as_ref(), now).map_err(Error::Window)?;
    // While the run waits nothing renews its lease, so it has to last over the wait.
    let lease_until = until(hold.as_ref(), now).saturating_add_unsigned(plan.lease_seconds);
    let held = ledger.renew(&plan.table.name, &input.run, input.epoch, lease_until).await;
    if !held.map_err(failed)? {
        return Err(Error::LeaseLost { run: input.run, table: plan.table.name.clone() });
    }
    notices.held(hold.as_ref(), &control).await;
    if hold.is_none() {
        approved::check(bucket, ledger, &plan).await.map_err(Error::Void)?;
        if ledger.enter_phase(&input.run, WRITING).await.map_err(failed)? {
            notices.tell(Moment::Writing).await;
        }
    }
    let output = Output::of(hold, now);
    tracing::info!(output.open, output.until, output.reason, "window");
    Ok(output)
}

impl Output {
    fn of(hold: Option<Hold>, now: i64) -> Self {
        let until = Timestamp::from_second(until(hold.as_ref(), now)).unwrap_or(Timestamp::MAX).to_string();
        Self { open: hold.is_none(), until, reason: hold.map(|hold| hold.reason).unwrap_or_default() }
    }
}

/// When to look again, in epoch seconds. Rounded up where the run has to wait: who came a moment too early would wait again.
fn until(hold: Option<&Hold>, now: i64) -> i64 {
    let until = hold.map_or(now, |hold| now.saturating_add_unsigned(hold.seconds * 1000 + 999));
    until.div_euclid(1000)
}
