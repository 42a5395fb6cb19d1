//! RequestApproval and JudgeApproval: put exactly this plan and this report to a person, and judge the answer.
//!
//! `ask` parks the run: Step Functions waits until somebody sends the task token back. The token is in the ledger and in
//! no message, so that reading a mailbox is not enough to answer. `judge` holds the answer against what was asked.

pub mod judgement;
pub mod message;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tableshift_aws::CallError;
use tableshift_aws::ledger::LedgerError;
use tableshift_aws::ledger_approvals::{Answer, Approvals, Question, Recorded};
use tableshift_aws::ledger_lock::LockTable;
use tableshift_aws::notifications::Publish;
use tableshift_aws::objects::{ObjectError, ReadObject};
use tableshift_aws::run_files::{RunFileError, load_plan};
use tableshift_core::report::Report;
use tableshift_core::run_plan::RunPlan;
use tableshift_core::{hash, keys};
use tableshift_runtime::{ErrorName, Named};

use judgement::Refusal;
use message::Request;

/// What to do.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Input {
    /// Put the question.
    Ask {
        /// The run.
        run: String,
        /// The epoch of its lock.
        epoch: u64,
        /// The task token that the answer goes to.
        token: String,
        /// The ARN of the execution that waits.
        execution: String,
    },
    /// Judge the answer.
    Judge {
        /// The run.
        run: String,
        /// What was sent with the task token.
        answer: Sent,
    },
}

/// What a person sends with the task token. Only the yes or no must be there: an answer that lacks the rest is judged,
/// and found wanting, instead of ending as an unreadable payload.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Sent {
    /// Yes or no.
    pub approve: bool,
    /// The hash of the report that the answer is about.
    #[serde(default)]
    pub report_hash: String,
    /// Who answers.
    #[serde(default)]
    pub by: String,
    /// Why.
    #[serde(default)]
    pub reason: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Output {
    /// The question is put. What the step returns is the answer, not this.
    Asked {},
    /// The answer is a yes to exactly what was asked.
    Approved {
        /// Always true: a no is an error.
        approved: bool,
        /// Who said so.
        by: String,
    },
}

/// Where and when the worker runs.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The ledger's name, for the commands in the message.
    pub ledger_table: &'a str,
    /// The time, in milliseconds since 1970.
    pub now: i64,
}

/// Why nobody was asked, or why the answer is no yes.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan could not be read.
    #[error("the run's plan could not be read")]
    Plan(#[source] RunFileError),
    /// The report could not be read.
    #[error("the report {key} could not be read")]
    Report {
        /// Its key.
        key: String,
        /// What went wrong.
        #[source]
        source: ObjectError,
    },
    /// The report is no report.
    #[error("{key} is no report of this version; was it edited by hand?")]
    ReportContent {
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The ledger did not answer.
    #[error("the approval of run `{run}` could not be read or written in the ledger")]
    Ledger {
        /// The run.
        run: String,
        /// What went wrong.
        #[source]
        source: LedgerError,
    },
    /// The lock is another run's, or another execution's.
    #[error(
        "run `{run}` lost the lock of table `{table}` to another execution; nothing was written; start it again with `action: resume`"
    )]
    LeaseLost {
        /// The run.
        run: String,
        /// The table.
        table: String,
    },
    /// The message could not be sent.
    #[error("nobody could be asked about run `{run}`; nothing was written")]
    Publish {
        /// The run.
        run: String,
        /// What went wrong.
        #[source]
        source: CallError,
    },
    /// The answer is no yes to what was asked.
    #[error(transparent)]
    Refused(Refusal),
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Self::Plan(source) => source.name(),
            Self::Report { source, .. } => source.name(),
            Self::ReportContent { .. } => ErrorName::Internal,
            Self::Ledger { source, .. } => source.name(),
            Self::LeaseLost { .. } => ErrorName::LeaseLost,
            Self::Publish { source, .. } => source.name(),
            Self::Refused(refusal) => refusal.name(),
        }
    }
}

/// Does one of the two steps.
pub async fn run(
    bucket: &impl ReadObject,
    ledger: &(impl Approvals + LockTable),
    topic: &impl Publish,
    place: Place<'_>,
    input: Input,
) -> Result<Output, Error> {
    match input {
        Input::Ask { run, epoch, token, execution } => {
            let (plan, report) = reviewed(bucket, &run).await?;
            let ask = Ask { run: &run, epoch, token, execution: &execution };
            ask.put(ledger, topic, place, &plan, report).await
        }
        Input::Judge { run, answer } => {
            let (plan, report) = reviewed(bucket, &run).await?;
            judge(ledger, place.now, &run, answer, &plan, &report.hash).await
        }
    }
}

/// What a person is asked about, as it is in the bucket now.
struct Reviewed {
    report: Report,
    hash: String,
}

async fn reviewed(bucket: &impl ReadObject, run: &str) -> Result<(RunPlan, Reviewed), Error> {
    let plan = load_plan(bucket, run).await.map_err(Error::Plan)?;
    let key = keys::report(run);
    let bytes = bucket.get(&key).await.map_err(|source| Error::Report { key: key.clone(), source })?;
    let report = serde_json::from_slice(&bytes).map_err(|source| Error::ReportContent { key, source })?;
    // Of the bytes as they lie there: sha256sum of the downloaded file gives a reviewer the same.
    Ok((plan, Reviewed { report, hash: hash::of_bytes(&bytes) }))
}

struct Ask<'a> {
    run: &'a str,
    epoch: u64,
    token: String,
    execution: &'a str,
}

impl Ask<'_> {
    async fn put(
        self,
        ledger: &(impl Approvals + LockTable),
        topic: &impl Publish,
        place: Place<'_>,
        plan: &RunPlan,
        reviewed: Reviewed,
    ) -> Result<Output, Error> {
        let failed = |source| Error::Ledger { run: self.run.to_owned(), source };
        let asked = place.now.div_euclid(1000);
        let expires = asked.saturating_add_unsigned(plan.approval_timeout_seconds);
        // Nothing renews the lease while a person thinks.
        let lease_until = expires.saturating_add_unsigned(plan.lease_seconds);
        let table = &plan.table.name;
        if !ledger.renew(table, self.run, self.epoch, lease_until).await.map_err(failed)? {
            return Err(Error::LeaseLost { run: self.run.to_owned(), table: table.clone() });
        }
        let question = Question {
            token: self.token,
            asked_at: iso(asked),
            expires_at: iso(expires),
            plan_hash: plan.hash(),
            report_hash: reviewed.hash,
        };
        ledger.ask(self.run, &question).await.map_err(failed)?;
        let request = Request {
            plan,
            report: &reviewed.report,
            report_hash: &question.report_hash,
            expires_at: &question.expires_at,
            execution: self.execution,
            ledger_table: place.ledger_table,
        };
        let sent = topic.publish(&request.subject(), &request.text()).await;
        sent.map_err(|source| Error::Publish { run: self.run.to_owned(), source })?;
        tracing::info!(expires_at = question.expires_at, report_hash = question.report_hash, "asked");
        Ok(Output::Asked {})
    }
}

async fn judge(
    ledger: &impl Approvals,
    now: i64,
    run: &str,
    sent: Sent,
    plan: &RunPlan,
    report_hash: &str,
) -> Result<Output, Error> {
    let failed = |source| Error::Ledger { run: run.to_owned(), source };
    let approval = ledger.approval(run).await.map_err(failed)?;
    let now = iso(now.div_euclid(1000));
    let answer = Answer { approve: sent.approve, by: sent.by, reason: sent.reason, answered_at: now };
    let current = judgement::Current { plan_hash: &plan.hash(), report_hash };
    let verdict = judgement::judge(approval.as_ref(), &answer, &sent.report_hash, current);
    let asked = approval.filter(|approval| approval.answer.is_none()).map(|approval| approval.question);
    let counts = matches!(verdict, Ok(()) | Err(Refusal::Rejected { .. }));
    if let (true, Some(question)) = (counts, asked) {
        let recorded = ledger.answer(run, &question.report_hash, &answer).await.map_err(failed)?;
        if recorded == Recorded::TooLate {
            return Err(Error::Refused(Refusal::Overtaken));
        }
    }
    tracing::info!(approve = answer.approve, accepted = verdict.is_ok(), "answered");
    verdict.map_err(Error::Refused)?;
    Ok(Output::Approved { approved: true, by: answer.by })
}

/// A second as people and programs read it.
fn iso(epoch_seconds: i64) -> String {
    Timestamp::from_second(epoch_seconds).unwrap_or(Timestamp::MAX).to_string()
}
