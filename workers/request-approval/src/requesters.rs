//! Who started the run, asked again of CloudTrail where no signature says so: its records come minutes after the start.

use jiff::Timestamp;
use tableshift_aws::identity::starts::FindStarter;
use tableshift_aws::ledger::runs::{RunRecord, Runs};
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::{CallError, Cause};
use tableshift_core::approval::rules::{KnownBy, Requester};
use tableshift_runtime::told;

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

/// The run's requesters, as far as they are known by now. What is found is noted in the ledger.
pub async fn found(
    ledger: &impl Runs,
    history: &impl FindStarter,
    record: &RunRecord,
) -> Result<Vec<Requester>, Unanswered> {
    let mut requesters = record.requesters.clone();
    if requesters.is_empty() {
        requesters.push(Requester::unknown(&record.execution, &record.started));
    }
    let mut learnt = false;
    for requester in requesters.iter_mut().filter(|requester| requester.identity.is_none()) {
        requester.identity = look_up(history, requester).await.map_err(Unanswered::History)?;
        if requester.identity.is_some() {
            requester.known_by = KnownBy::CloudTrail;
            learnt = true;
        }
    }
    if learnt {
        ledger.put_requesters(&record.run, &requesters).await.map_err(Unanswered::Ledger)?;
    }
    Ok(requesters)
}

async fn look_up(
    history: &impl FindStarter,
    requester: &Requester,
) -> Result<Option<tableshift_core::approval::identity::Identity>, CallError> {
    let Ok(started) = requester.started.parse::<Timestamp>() else { return Ok(None) };
    match history.starter(&requester.execution, started.as_second()).await {
        // It may answer later.
        Err(error) if matches!(error.cause, Cause::Throttled | Cause::Unavailable) => Err(error),
        Err(error) => {
            tracing::warn!(cause = told(&error), "CloudTrail cannot be read here; who started the run stays unknown");
            Ok(None)
        }
        Ok(found) => Ok(found),
    }
}
