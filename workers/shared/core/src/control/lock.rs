//! Who may work on a table: the lock is a lease with an epoch, and this decides when it may be taken.

use thiserror::Error;

/// A table's lock as the ledger holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The table.
    pub table: String,
    /// The run that holds it, or last held it.
    pub run: String,
    /// Grows by one each time the lock is taken; a worker of an older epoch stops.
    pub epoch: u64,
    /// The ARN of the execution that holds it; none once it is released.
    pub execution: Option<String>,
    /// Until when it holds without being renewed, in epoch seconds.
    pub lease_until: i64,
}

/// How long what an execution had sent may still land after it died, in seconds: a worker asks for the lock every two
/// seconds, and a write is given up after [`WRITE_SECONDS`].
pub const SETTLE_SECONDS: u64 = WRITE_SECONDS + 5;
/// How long a write to the table is tried, repeats included, in seconds.
pub const WRITE_SECONDS: u64 = 25;

/// Another run works on the table.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "table `{table}` is locked by run `{run}`, which is at work; wait until it ends, or stop its execution {execution}"
)]
pub struct Held {
    /// The table.
    pub table: String,
    /// The run that holds it.
    pub run: String,
    /// Its execution.
    pub execution: String,
}

/// The execution that has to be asked for before the lock may be taken: its lease still runs, but it may have died.
pub fn holder_to_check<'l>(lock: Option<&'l Lock>, execution: &str, now: i64) -> Option<&'l str> {
    let lock = lock?;
    let holder = lock.execution.as_deref()?;
    (holder != execution && lock.lease_until > now).then_some(holder)
}

/// The lock to take for this run and execution. `holder_runs` is what was found about [`holder_to_check`].
pub fn next_lock(
    seen: Option<&Lock>,
    holder_runs: bool,
    table: &str,
    run: &str,
    execution: &str,
    lease_until: i64,
) -> Result<Lock, Held> {
    if let Some(lock) = seen
        && holder_runs
    {
        let holder = lock.execution.clone().unwrap_or_default();
        return Err(Held { table: table.into(), run: lock.run.clone(), execution: holder });
    }
    Ok(Lock {
        table: table.into(),
        run: run.into(),
        epoch: seen.map_or(0, |lock| lock.epoch) + 1,
        execution: Some(execution.into()),
        lease_until,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(execution: Option<&str>, lease_until: i64) -> Lock {
        Lock { table: "t".into(), run: "old".into(), epoch: 4, execution: execution.map(Into::into), lease_until }
    }

    #[test]
    fn only_a_live_lease_of_another_execution_makes_anybody_ask() {
        assert_eq!(holder_to_check(None, "me", 10), None);
        assert_eq!(holder_to_check(Some(&lock(None, 0)), "me", 10), None);
        assert_eq!(holder_to_check(Some(&lock(Some("other"), 10)), "me", 10), None);
        assert_eq!(holder_to_check(Some(&lock(Some("me"), 99)), "me", 10), None);
        assert_eq!(holder_to_check(Some(&lock(Some("other"), 11)), "me", 10), Some("other"));
    }

    #[test]
    fn a_lock_is_taken_over_under_the_next_epoch_and_refused_with_the_name_of_the_run_that_holds_it() {
        assert_eq!(next_lock(None, false, "t", "r", "me", 9).unwrap().epoch, 1);
        assert_eq!(next_lock(Some(&lock(Some("other"), 99)), false, "t", "r", "me", 9).unwrap().epoch, 5);
        let held = next_lock(Some(&lock(Some("other"), 99)), true, "t", "r", "me", 9).unwrap_err();
        assert!(held.to_string().contains("run `old`"));
    }
}
