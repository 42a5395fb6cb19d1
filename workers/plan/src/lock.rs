//! Taking the table's lock, and giving it back if the run cannot be written down.

use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::sfn::executions::WatchExecution;
use tableshift_core::control::lock::{Lock, holder_to_check, next_lock};
use tableshift_core::plan::run_plan::RunPlan;

use crate::{Error, Ports};

/// Takes the lock of the plan's table, over from an execution that is no longer running if need be.
pub(crate) async fn take<B, L, T, E, W>(
    ports: &Ports<B, L, T, E, W>,
    plan: &RunPlan,
    execution: &str,
) -> Result<Lock, Error>
where
    L: LockTable,
    E: WatchExecution,
{
    let table = &plan.table.name;
    let now = (ports.clock)() / 1000;
    let seen = ports.ledger.lock(table).await.map_err(Error::Ledger)?;
    let holder_runs = match holder_to_check(seen.as_ref(), execution, now) {
        None => false,
        Some(holder) => ports.executions.is_running(holder).await.map_err(Error::Holder)?,
    };
    let lease_until = now + plan.lease_seconds as i64;
    let lock = next_lock(seen.as_ref(), holder_runs, table, &plan.run, execution, lease_until).map_err(Error::Held)?;
    match ports.ledger.take(&lock, seen.as_ref()).await.map_err(Error::Ledger)? {
        true => Ok(lock),
        false => Err(Error::Outrun(table.clone())),
    }
}

/// Gives the lock back if what came after it failed: Conclude cannot know of a lock that Plan never told of.
pub(crate) async fn keep_if<B, L: LockTable, T, E, W>(
    ports: &Ports<B, L, T, E, W>,
    outcome: Result<(), Error>,
    plan: &RunPlan,
    execution: &str,
) -> Result<(), Error> {
    if outcome.is_err()
        && let Err(error) = ports.ledger.release(&plan.table.name, execution).await
    {
        tracing::warn!(
            cause = tableshift_runtime::chain(&error),
            "the lock could not be given back; its lease will end"
        );
    }
    outcome
}
