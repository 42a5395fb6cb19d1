//! Looks up in CloudTrail who started the run. Its records arrive minutes after the start, so the look-up is repeated each
//! time an approval is judged.

use jiff::Timestamp;
use tableshift_aws::identity::starts::FindCallers;
use tableshift_aws::ledger::runs::{RunRecord, Runs};
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::{CallError, Cause};
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::Requester;
use tableshift_runtime::chain;

/// Why the requesters could not be looked up.
#[derive(Debug, thiserror::Error)]
pub enum RequestersError {
    /// CloudTrail is throttled or unavailable; a later attempt may succeed.
    #[error("CloudTrail could not be asked who started the run")]
    CloudTrail(#[source] CallError),
    /// The callers could not be saved.
    #[error("the callers who started the run could not be saved in the ledger")]
    Ledger(#[source] LedgerError),
}

/// The run's requesters with every caller that CloudTrail knows at `now`, in epoch seconds. New callers are saved in the
/// ledger.
pub async fn look_up(
    ledger: &impl Runs,
    history: &impl FindCallers,
    record: &RunRecord,
    now: i64,
) -> Result<Vec<Requester>, RequestersError> {
    let mut requesters = record.requesters.clone();
    if requesters.is_empty() {
        requesters.push(Requester::unknown(&record.execution, &record.started));
    }
    let mut is_new = false;
    for requester in &mut requesters {
        for caller in find_callers(history, requester, now).await.map_err(RequestersError::CloudTrail)? {
            if !requester.callers.contains(&caller) {
                requester.callers.push(caller);
                is_new = true;
            }
        }
    }
    if is_new {
        ledger.put_requesters(&record.run, &requesters).await.map_err(RequestersError::Ledger)?;
    }
    Ok(requesters)
}

async fn find_callers(history: &impl FindCallers, requester: &Requester, now: i64) -> Result<Vec<Identity>, CallError> {
    let Ok(started) = requester.started.parse::<Timestamp>() else { return Ok(Vec::new()) };
    match history.callers(&requester.execution, started.as_second(), now).await {
        Err(error) if matches!(error.cause, Cause::Throttled | Cause::Unavailable) => Err(error),
        Err(error) => {
            tracing::warn!(cause = chain(&error), "CloudTrail cannot be read, so who started the run stays unknown");
            Ok(Vec::new())
        }
        Ok(callers) => Ok(callers),
    }
}
