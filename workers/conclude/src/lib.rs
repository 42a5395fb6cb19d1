//! Conclude: the one exit, for success and failure alike.
//!
//! Closes the run in the ledger, notes the migration as applied or no longer applied, lets the lock go and tells people.
//! Each of these is tried even if another failed, so that a report that is gone does not keep a lock; all that failed is
//! then reported together, but for the message, which no run fails for. Doing it twice does nothing new, save a second
//! message.

pub mod decision;
pub mod notice;
pub mod state;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tableshift_aws::ledger::approvals::{Answer, Approvals, Outcome};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::runs::{Applied, AppliedMigrations, Ending, RunRecord, Runs};
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::run_files::{RunFileError, load, load_plan};
use tableshift_aws::s3::Bucket;
use tableshift_aws::sns::{Publish, tell};
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::report::run_report::Report;
use tableshift_runtime::{ErrorName, Named, chain};

use decision::{Decision, Known};
use state::State;

/// What the state machine hands over, wherever the run ended.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// The ARN of the execution.
    pub execution: String,
    /// Its name.
    pub name: String,
    /// The whole state data.
    #[serde(default)]
    pub state: Value,
}

/// How the run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// `succeeded` or `failed`.
    pub outcome: &'static str,
    /// The error name, or empty.
    pub error: String,
    /// What happened and what to do, or empty.
    pub cause: String,
}

/// Something that Conclude could not do.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The report could not be read.
    #[error("the report could not be read")]
    Report(#[source] RunFileError),
    /// The plan could not be read.
    #[error("the plan could not be read, so the migration is not noted as applied")]
    Plan(#[source] RunFileError),
    /// The ledger could not be read or written.
    #[error("{what} failed")]
    Ledger {
        /// What was to be done.
        what: &'static str,
        /// What went wrong.
        #[source]
        source: LedgerError,
    },
}

impl Fault {
    fn name(&self) -> ErrorName {
        match self {
            Self::Report(source) | Self::Plan(source) => source.name(),
            Self::Ledger { source, .. } => source.name(),
        }
    }
}

/// All that Conclude could not do.
#[derive(Debug, thiserror::Error)]
#[error("the run ended with outcome {outcome}, but {}", all(.faults))]
pub struct Error {
    /// How the run ended all the same.
    outcome: &'static str,
    /// What could not be done, with its sources: an error has one source, and these may be several.
    faults: Vec<Fault>,
}

fn all(faults: &[Fault]) -> String {
    faults.iter().map(|fault| chain(fault)).collect::<Vec<_>>().join("; and ")
}

impl Named for Error {
    /// A name that is retried if that can mend any of it.
    fn name(&self) -> ErrorName {
        let mut names = self.faults.iter().map(Fault::name);
        let first = names.next().unwrap_or(ErrorName::Internal);
        if first.is_retried() { first } else { names.find(|name| name.is_retried()).unwrap_or(first) }
    }
}

/// Ends the run.
pub async fn run<L: LockTable + Runs + AppliedMigrations + Approvals>(
    bucket: &Bucket,
    ledger: &L,
    topic: &impl Publish,
    stage: &str,
    now: i64,
    input: Input,
) -> Result<Output, Error> {
    let state = State::of(&input.state);
    let mut exit = Exit { ledger, input: &input, state: &state, at: iso(now), faults: Vec::new() };
    let record = exit.record().await;
    let report = exit.report(bucket, record.as_ref()).await;
    let decision = decide(&state, record.as_ref(), report.as_ref());
    let counts = report.as_ref().map(Report::last_counts).unwrap_or_default();

    exit.close(record.as_ref(), &decision, &counts).await;
    if decision.error.as_deref() == Some(ErrorName::ApprovalExpired.as_str()) {
        exit.close_question(record.as_ref(), &decision).await;
    }
    let applied = exit.note_migration(bucket, record.as_ref(), report.as_ref(), &decision).await;
    exit.let_go(record.as_ref()).await;

    let known = notice::Known { stage, bucket: bucket.name(), at: now, reported: report.is_some(), counts, applied };
    tell(topic, &notice::of(&input, &state, record.as_ref(), &decision, known).message()).await;
    exit.end(decision)
}

/// What Conclude does, and what of it failed so far.
struct Exit<'a, L> {
    ledger: &'a L,
    input: &'a Input,
    state: &'a State,
    at: String,
    faults: Vec<Fault>,
}

impl<L: LockTable + Runs + AppliedMigrations + Approvals> Exit<'_, L> {
    /// The run's record, if this execution works on it. Another's is not for this one to close.
    async fn record(&mut self) -> Option<RunRecord> {
        let run = self.state.likely_run(&self.input.name);
        let found = self.ledger.run(run).await;
        let found = self.noted("reading the run's record", found).flatten();
        found.filter(|record| record.execution == self.input.execution)
    }

    /// The run's report, if there is one and it is this execution's to tell.
    async fn report(&mut self, bucket: &Bucket, record: Option<&RunRecord>) -> Option<Report> {
        match load(bucket, &keys::report(&record?.run)).await {
            Ok(report) => report,
            Err(error) => {
                self.faults.push(Fault::Report(error));
                None
            }
        }
    }

    async fn close(&mut self, record: Option<&RunRecord>, decision: &Decision, counts: &BTreeMap<String, u64>) {
        let Some(record) = record else { return };
        let ending = Ending {
            status: outcome(decision).to_owned(),
            ended: self.at.clone(),
            error: decision.error.clone().unwrap_or_default(),
            cause: decision.cause.clone(),
            counts: counts.clone(),
        };
        let ended = self.ledger.end_run(&record.run, &self.input.execution, &ending).await;
        self.noted("closing the run's record", ended);
    }

    /// Notes that nobody answered in time. An answer that came too late has closed the question itself.
    async fn close_question(&mut self, record: Option<&RunRecord>, decision: &Decision) {
        let Some(record) = record else { return };
        let asked = self.ledger.approval(&record.run).await;
        let Some(asked) = self.noted("reading the question", asked).flatten() else { return };
        let expired = Answer {
            outcome: Outcome::Expired,
            by: None,
            reason: decision.cause.clone(),
            answered_at: self.at.clone(),
            signature: String::new(),
        };
        let closed = self.ledger.answer(&record.run, &asked.question.id, &expired).await;
        self.noted("closing the question", closed);
    }

    /// A migration is applied once its writing was judged good, and no longer once it was put back. Whether it is
    /// verified is what the last verification said. True: this run has applied it.
    async fn note_migration(
        &mut self,
        bucket: &Bucket,
        record: Option<&RunRecord>,
        report: Option<&Report>,
        decision: &Decision,
    ) -> bool {
        let Some(record) = record else { return false };
        let (steps, error) = (self.state.steps, decision.error.as_deref());
        let good = decision.is_success();
        let (table, migration) = (&record.table, &record.migration);
        if good && steps.roll_back || error == Some(ErrorName::RolledBack.as_str()) {
            let forgotten = self.ledger.forget_applied(table, migration, &record.run).await;
            self.noted("noting that the migration is no longer applied", forgotten);
            return false;
        }
        let judged = good || error == Some(ErrorName::VerificationFailed.as_str());
        if !judged || !(steps.migrate || steps.verify) {
            return false;
        }
        let plan = match load_plan(bucket, &record.run).await {
            Ok(plan) => plan,
            Err(error) => {
                self.faults.push(Fault::Plan(error));
                return false;
            }
        };
        // A run over the dead letters of another one has seen a few items of the table: it proves nothing of the rest.
        if plan.dead_letters_of.is_some() {
            return false;
        }
        if good && steps.migrate {
            self.note_applied(&plan, record, report).await;
        } else if steps.verify {
            let noted = self.ledger.note_verified(table, migration, &record.migration_hash, good).await;
            self.noted("noting what the verification found", noted);
        }
        good && steps.migrate
    }

    async fn note_applied(&mut self, plan: &RunPlan, record: &RunRecord, report: Option<&Report>) {
        let migrated = report.and_then(|report| report.phases.get(&Phase::Migrate));
        let applied = Applied {
            run: record.run.clone(),
            hash: record.migration_hash.clone(),
            at: self.at.clone(),
            changed: migrated.map_or(0, |migrated| migrated.tally.counts.changed),
            verified: self.state.steps.verify,
            document: serde_json::to_string(&plan.migration).unwrap_or_default(),
        };
        let noted = self.ledger.put_applied(&record.table, &record.migration, &applied).await;
        self.noted("noting that the migration is applied", noted);
    }

    /// Releases the lock if this execution holds it. It may hold it without a record: Plan takes the lock first.
    async fn let_go(&mut self, record: Option<&RunRecord>) {
        let Some(table) = self.state.likely_table().or(record.map(|record| record.table.as_str())) else { return };
        let released = self.ledger.release(table, &self.input.execution).await;
        let released = self.noted("releasing the lock", released);
        tracing::info!(table, released, "lock");
    }

    fn noted<T>(&mut self, what: &'static str, done: Result<T, LedgerError>) -> Option<T> {
        done.map_err(|source| self.faults.push(Fault::Ledger { what, source })).ok()
    }

    fn end(self, decision: Decision) -> Result<Output, Error> {
        let outcome = outcome(&decision);
        tracing::info!(outcome, error = decision.error, cause = decision.cause, "concluded");
        if !self.faults.is_empty() {
            return Err(Error { outcome, faults: self.faults });
        }
        Ok(Output { outcome, error: decision.error.unwrap_or_default(), cause: decision.cause })
    }
}

fn decide(state: &State, record: Option<&RunRecord>, report: Option<&Report>) -> Decision {
    let recorded = record.and_then(|record| Some((record.cause_name.as_deref()?, record.cause.as_deref()?)));
    let phases = report.map(|report| &report.phases);
    let judged = phases.and_then(|phases| phases.get(&Phase::Verify).or_else(|| phases.get(&Phase::Migrate)));
    let bad_verdict = judged.map(|phase| phase.reasons.as_slice()).unwrap_or_default();
    decision::decide(state, Known { recorded, bad_verdict })
}

fn outcome(decision: &Decision) -> &'static str {
    if decision.is_success() { "succeeded" } else { "failed" }
}

fn iso(epoch_millis: i64) -> String {
    Timestamp::from_second(epoch_millis.div_euclid(1000)).unwrap_or(Timestamp::MAX).to_string()
}
