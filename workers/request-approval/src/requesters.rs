//! Looks up in CloudTrail who started the run. Its records arrive minutes after the start, and a busy account has more of
//! them than one invocation can read. The ledger therefore remembers who was found and how far the search got.

use std::time::Duration;

use tableshift_aws::CallError;
use tableshift_aws::identity::starts::{FindCallers, FoundCallers, SearchLimit, Span};
use tableshift_aws::ledger::runs::RunRecord;
use tableshift_aws::ledger::table::{Ledger, LedgerError};
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::{ApprovalRules, Requester};
use tableshift_core::approval::search::Pass;

/// What the question reads, only to name the requesters in its message.
pub const LIMIT_OF_QUESTION: SearchLimit = SearchLimit { requests: 10, time: Duration::from_secs(10) };
/// What one judgement reads. It leaves the function, which has 60 seconds, time for a slow last request.
pub const LIMIT_OF_JUDGEMENT: SearchLimit = SearchLimit { requests: 60, time: Duration::from_secs(35) };

/// The requesters as far as they are known, and whether the search for them is complete.
#[derive(Debug)]
pub struct LookUp {
    /// The run's requesters with every caller that was found so far.
    pub requesters: Vec<Requester>,
    /// Whether there is more to read.
    pub is_complete: bool,
    /// Why CloudTrail could not be read further.
    pub error: Option<CallError>,
}

/// The requesters that the run's record lists.
pub fn recorded(record: &RunRecord) -> Vec<Requester> {
    match record.requesters.as_slice() {
        [] => vec![Requester::unknown(&record.execution, &record.started)],
        requesters => requesters.to_vec(),
    }
}

/// Looks for every call up to `until`, or continues an earlier search for them, and saves in the ledger what was found. All
/// times are in epoch seconds.
pub async fn look_up(
    ledger: &Ledger,
    history: &impl FindCallers,
    record: &RunRecord,
    rules: &ApprovalRules,
    until: i64,
    now: i64,
    limit: SearchLimit,
) -> Result<LookUp, LedgerError> {
    let mut requesters = recorded(record);
    // A pass that began before the records of the starts were delivered does not count.
    let earliest = rules.decidable_from(&requesters).unwrap_or(i64::MIN);
    let pass = record.search.pass(until, earliest, now);
    let span = Span { from: record.search.from(&requesters).min(pass.unread_until), until: pass.unread_until };
    let executions: Vec<&str> = requesters.iter().map(|requester| requester.execution.as_str()).collect();
    let FoundCallers { callers, unread_until, error } = history.callers(&executions, span, limit).await;
    add_callers(&mut requesters, callers);
    let search = match unread_until {
        Some(unread_until) => record.search.interrupted(Pass { unread_until, ..pass }),
        None => record.search.completed(pass, rules.record_delay_seconds),
    };
    if search != record.search || requesters != record.requesters {
        ledger.put_requesters(&record.run, &requesters, &search).await?;
    }
    Ok(LookUp { requesters, is_complete: unread_until.is_none(), error })
}

fn add_callers(requesters: &mut [Requester], found: Vec<(String, Identity)>) {
    for (execution, caller) in found {
        let of_execution = requesters.iter_mut().filter(|requester| requester.execution == execution);
        for requester in of_execution.filter(|requester| !requester.callers.contains(&caller)) {
            requester.callers.push(caller.clone());
        }
    }
}
