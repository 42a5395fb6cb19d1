//! Who started the run, looked up in CloudTrail each time an approval is judged: its records come minutes after the start.

use jiff::Timestamp;
use tableshift_aws::identity::starts::FindCallers;
use tableshift_aws::ledger::runs::{RunRecord, Runs};
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::{CallError, Cause};
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::Requester;
use tableshift_runtime::chain;

/// Why it could not be found out.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// CloudTrail did not answer for now.
    #[error("CloudTrail could not be asked who started the run")]
    History(#[source] CallError),
    /// The ledger could not be written.
    #[error("who started the run could not be noted")]
    Ledger(#[source] LedgerError),
}

/// The run's requesters with every caller that CloudTrail knows at `now`, in epoch seconds. New callers are saved in the ledger.
pub async fn found(
    ledger: &impl Runs,
    history: &impl FindCallers,
    record: &RunRecord,
    now: i64,
) -> Result<Vec<Requester>, Unanswered> {
    let mut requesters = record.requesters.clone();
    if requesters.is_empty() {
        requesters.push(Requester::unknown(&record.execution, &record.started));
    }
    let mut is_new = false;
    for requester in &mut requesters {
        for caller in look_up(history, requester, now).await.map_err(Unanswered::History)? {
            if !requester.callers.contains(&caller) {
                requester.callers.push(caller);
                is_new = true;
            }
        }
    }
    if is_new {
        ledger.put_requesters(&record.run, &requesters).await.map_err(Unanswered::Ledger)?;
    }
    Ok(requesters)
}

async fn look_up(history: &impl FindCallers, requester: &Requester, now: i64) -> Result<Vec<Identity>, CallError> {
    let Ok(started) = requester.started.parse::<Timestamp>() else { return Ok(Vec::new()) };
    match history.callers(&requester.execution, started.as_second(), now).await {
        // It may answer later.
        Err(error) if matches!(error.cause, Cause::Throttled | Cause::Unavailable) => Err(error),
        Err(error) => {
            tracing::warn!(cause = chain(&error), "CloudTrail does not say here who started the run");
            Ok(Vec::new())
        }
        Ok(callers) => Ok(callers),
    }
}
