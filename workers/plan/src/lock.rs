//! Takes the table's lock, and releases it if the run cannot be stored.

use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::sfn::executions::WatchExecution;
use tableshift_core::control::lock::{Lock, holder_to_check, next_lock};
use tableshift_core::plan::run_plan::RunPlan;

use crate::{Error, Ports};

/// Takes the lock of the plan's table. A lock whose execution is no longer running is taken over.
pub(crate) async fn take<B, T, E, W>(ports: &Ports<B, T, E, W>, plan: &RunPlan, execution: &str) -> Result<Lock, Error>
where
    E: WatchExecution,
{
    let table = &plan.table.name;
    let now = (ports.clock)() / 1000;
    let current = ports.ledger.lock(table).await.map_err(Error::Ledger)?;
    let holder_runs = match holder_to_check(current.as_ref(), execution, now) {
        None => false,
        Some(holder) => ports.executions.is_running(holder).await.map_err(Error::Holder)?,
    };
    let lease_until = now + plan.lease_seconds as i64;
    let lock =
        next_lock(current.as_ref(), holder_runs, table, &plan.run, execution, lease_until).map_err(Error::LockHeld)?;
    match ports.ledger.take(&lock, current.as_ref()).await.map_err(Error::Ledger)? {
        true => Ok(lock),
        false => Err(Error::LockTaken(table.clone())),
    }
}

/// Releases the lock if the run could not be stored. Conclude cannot do that, because Plan's failure leaves no output that
/// names the table.
pub(crate) async fn release_on_error<B, T, E, W, S>(
    ports: &Ports<B, T, E, W>,
    stored: Result<S, Error>,
    plan: &RunPlan,
    execution: &str,
) -> Result<S, Error> {
    if stored.is_err()
        && let Err(error) = ports.ledger.release(&plan.table.name, execution).await
    {
        tracing::warn!(
            cause = tableshift_runtime::chain(&error),
            "the lock could not be released; it ends with its lease"
        );
    }
    stored
}
