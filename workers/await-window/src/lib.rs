//! AwaitWindow: says whether the run may write now and, if not, when to look again.
//!
//! It is the last step before the first write, so it looks once more whether what was approved is what runs. Once it says
//! yes the run counts as writing: whoever takes it up again goes on with the writing and rehearses no more.

mod approved;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tableshift_aws::ledger::LedgerError;
use tableshift_aws::ledger_approvals::Approvals;
use tableshift_aws::ledger_lock::LockTable;
use tableshift_aws::ledger_runs::Runs;
use tableshift_aws::objects::ReadObject;
use tableshift_aws::run_files::{RunFileError, load_plan};
use tableshift_core::run_plan::RunPlan;
use tableshift_core::window::{WindowError, WindowState};
use tableshift_runtime::{ErrorName, Named};

pub use approved::Void;

/// The phase of a run that may have written.
pub const WRITING: &str = "writing";

/// Which run wants to write.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// The run.
    pub run: String,
    /// The epoch of its lock.
    pub epoch: u64,
}

/// Whether it may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Whether the run may write now.
    pub open: bool,
    /// When to look again, ISO 8601 in UTC. Present whatever `open` is, so that no path in the state machine misses.
    pub until: String,
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
            Self::Void(void) => void.name(),
            Self::Window(_) => ErrorName::InvalidInput,
        }
    }
}

/// Looks at the window and keeps the lock for as long as the run has to wait.
pub async fn run(
    bucket: &impl ReadObject,
    ledger: &(impl LockTable + Runs + Approvals),
    now: i64,
    input: Input,
) -> Result<Output, Error> {
    let plan = load_plan(bucket, &input.run).await.map_err(Error::Plan)?;
    let now = now.div_euclid(1000);
    let state = look(&plan, now).map_err(Error::Window)?;
    let failed = |source| Error::Ledger { run: input.run.clone(), source };
    let lease_until = lease_until(&plan, now, state);
    let held = ledger.renew(&plan.table.name, &input.run, input.epoch, lease_until).await;
    if !held.map_err(failed)? {
        return Err(Error::LeaseLost { run: input.run, table: plan.table.name });
    }
    if state.open {
        approved::check(bucket, ledger, &plan).await.map_err(Error::Void)?;
        ledger.enter_phase(&input.run, WRITING).await.map_err(failed)?;
    }
    tracing::info!(open = state.open, until = %state.until, "window");
    Ok(Output { open: state.open, until: state.until.to_string() })
}

/// What the plan's window says; a run without one may always write.
fn look(plan: &RunPlan, now: i64) -> Result<WindowState, WindowError> {
    let now = Timestamp::from_second(now).unwrap_or(Timestamp::MAX);
    let always = WindowState { open: true, until: now };
    plan.window.as_ref().map_or(Ok(always), |window| window.state(now))
}

/// While the run waits nothing renews its lease, so it has to last over the wait.
fn lease_until(plan: &RunPlan, now: i64, state: WindowState) -> i64 {
    let next_look = if state.open { now } else { now.max(state.until.as_second()) };
    next_look + plan.lease_seconds as i64
}
