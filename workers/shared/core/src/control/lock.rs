//! The lock of a table: a lease with a fencing token, and when an execution may take it.

use thiserror::Error;

/// A table's lock as the ledger holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lock {
    /// The table's name.
    pub table: String,
    /// The run that holds the lock, or held it last.
    pub run: String,
    /// The fencing token. Grows by one each time the lock is taken; a worker with an older token stops.
    pub epoch: u64,
    /// The ARN of the execution that holds the lock; `None` once it is released.
    pub execution: Option<String>,
    /// When the lease ends unless it is renewed, in epoch seconds.
    pub lease_until: i64,
}

/// How long after the death of an execution its last writes may still take effect, in seconds: a worker reads the lock every
/// two seconds, and a write is given up after [`WRITE_SECONDS`].
pub const SETTLE_SECONDS: u64 = WRITE_SECONDS + 5;
/// How long a write to the table is tried, including retries, in seconds.
pub const WRITE_SECONDS: u64 = 25;

/// Another run works on the table, so the lock cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "table `{table}` is locked by run `{run}`, which is still running; wait until it ends, or stop its execution {execution}"
)]
pub struct Held {
    /// The table's name.
    pub table: String,
    /// The run that holds the lock.
    pub run: String,
    /// The ARN of its execution.
    pub execution: String,
}

/// The execution whose state must be checked before the lock may be taken: its lease has not ended, but it may have died.
/// `None` if the lock is free, or `execution` itself holds it. `now` is in epoch seconds.
pub fn holder_to_check<'l>(lock: Option<&'l Lock>, execution: &str, now: i64) -> Option<&'l str> {
    let lock = lock?;
    let holder = lock.execution.as_deref()?;
    (holder != execution && lock.lease_until > now).then_some(holder)
}

/// The lock that this run and execution may write to the ledger, with the next fencing token. `holder_runs` says whether
/// [`holder_to_check`] is still running. Fails with [`Held`] if so.
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
    fn only_the_holder_of_an_unexpired_lease_must_be_checked() {
        assert_eq!(holder_to_check(None, "me", 10), None);
        assert_eq!(holder_to_check(Some(&lock(None, 0)), "me", 10), None);
        assert_eq!(holder_to_check(Some(&lock(Some("other"), 10)), "me", 10), None);
        assert_eq!(holder_to_check(Some(&lock(Some("me"), 99)), "me", 10), None);
        assert_eq!(holder_to_check(Some(&lock(Some("other"), 11)), "me", 10), Some("other"));
    }

    #[test]
    fn a_lock_is_taken_with_the_next_fencing_token_or_refused_with_the_name_of_its_holder() {
        assert_eq!(next_lock(None, false, "t", "r", "me", 9).unwrap().epoch, 1);
        assert_eq!(next_lock(Some(&lock(Some("other"), 99)), false, "t", "r", "me", 9).unwrap().epoch, 5);
        let held = next_lock(Some(&lock(Some("other"), 99)), true, "t", "r", "me", 9).unwrap_err();
        assert!(held.to_string().contains("run `old`"));
    }
}
