//! The parts of an ending in the ledger: the run's record, its question and the table's lock.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tableshift_aws::ledger::approvals::{Answer, Outcome};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::runs::{Ending, RunRecord};
use tableshift_aws::ledger::table::{Ledger, LedgerError};
use tableshift_aws::run_files::load;
use tableshift_aws::s3::Bucket;
use tableshift_core::plan::keys;
use tableshift_core::report::run_report::Report;

use crate::decision::Decision;
use crate::error::{Error, Fault};
use crate::state::State;
use crate::{Input, Output};

/// Ends one run and collects what failed.
pub(crate) struct Closing<'a> {
    pub(crate) ledger: &'a Ledger,
    pub(crate) input: &'a Input,
    pub(crate) state: &'a State,
    /// When the run ended, ISO 8601.
    pub(crate) at: String,
    pub(crate) faults: Vec<Fault>,
}

impl<'a> Closing<'a> {
    /// `now` is in epoch milliseconds.
    pub(crate) fn new(ledger: &'a Ledger, input: &'a Input, state: &'a State, now: i64) -> Self {
        let at = Timestamp::from_second(now.div_euclid(1000)).unwrap_or(Timestamp::MAX).to_string();
        Self { ledger, input, state, at, faults: Vec::new() }
    }

    /// Reads the run's record. `None` if another execution works on the run, because only that one may close the record.
    pub(crate) async fn read_record(&mut self) -> Option<RunRecord> {
        let run = self.state.likely_run(&self.input.name);
        let record = self.ledger.run(run).await;
        let record = self.keep_fault("reading the run's record", record).flatten();
        record.filter(|record| record.execution == self.input.execution && self.may_have_started(record))
    }

    /// False if an earlier execution with the same name, and so the same ARN, started the run.
    fn may_have_started(&self, record: &RunRecord) -> bool {
        let Input { name, started, .. } = self.input;
        record.run != *name || started.is_empty() || record.started == *started
    }

    /// Reads the run's report, if there is one and the run's record belongs to this execution.
    pub(crate) async fn read_report(&mut self, bucket: &Bucket, record: Option<&RunRecord>) -> Option<Report> {
        match load(bucket, &keys::report(&record?.run)).await {
            Ok(report) => report,
            Err(error) => {
                self.faults.push(Fault::Report(error));
                None
            }
        }
    }

    /// Closes the run's record. `counts` are those of the last phase.
    pub(crate) async fn close_record(
        &mut self,
        record: Option<&RunRecord>,
        decision: &Decision,
        counts: &BTreeMap<String, u64>,
    ) {
        let Some(record) = record else { return };
        let ending = Ending {
            status: decision.outcome().to_owned(),
            ended: self.at.clone(),
            error: decision.error.clone().unwrap_or_default(),
            cause: decision.cause.clone(),
            counts: counts.clone(),
        };
        let closed = self.ledger.end_run(&record.run, &self.input.execution, &ending).await;
        self.keep_fault("closing the run's record", closed);
    }

    /// Closes the question if it was not answered in time. An answer that came too late has closed its question itself.
    pub(crate) async fn close_question(&mut self, record: Option<&RunRecord>, decision: &Decision) {
        let Some(record) = record else { return };
        let approval = self.ledger.approval(&record.run).await;
        let Some(approval) = self.keep_fault("reading the question", approval).flatten() else { return };
        let expired = Answer {
            outcome: Outcome::Expired,
            by: None,
            reason: decision.cause.clone(),
            answered_at: self.at.clone(),
            signature: String::new(),
        };
        let closed = self.ledger.answer(&record.run, &approval.question.id, &expired).await;
        self.keep_fault("closing the question", closed);
    }

    /// Releases the lock if this execution holds it. It may hold the lock without a record, because Plan takes the lock
    /// before it writes the record.
    pub(crate) async fn release_lock(&mut self, record: Option<&RunRecord>) {
        let Some(table) = self.state.likely_table().or(record.map(|record| record.table.as_str())) else { return };
        let released = self.ledger.release(table, &self.input.execution).await;
        let released = self.keep_fault("releasing the lock", released);
        tracing::info!(table, released, "lock");
    }

    /// Keeps the error of a request for the result of the state. `what` is a gerund phrase.
    pub(crate) fn keep_fault<T>(&mut self, what: &'static str, result: Result<T, LedgerError>) -> Option<T> {
        result.map_err(|source| self.faults.push(Fault::Ledger { what, source })).ok()
    }

    /// The result of the state: the decision, or everything that failed.
    pub(crate) fn finish(self, decision: Decision) -> Result<Output, Error> {
        let outcome = decision.outcome();
        tracing::info!(outcome, error = decision.error, cause = decision.cause, "concluded");
        if !self.faults.is_empty() {
            return Err(Error { outcome, faults: self.faults });
        }
        Ok(Output { outcome, error: decision.error.unwrap_or_default(), cause: decision.cause })
    }
}
