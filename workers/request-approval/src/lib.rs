//! RequestApproval and JudgeApproval: put exactly this plan and this report to a person, and judge the answer.
//!
//! `ask` parks the run: Step Functions waits until somebody sends the task token back. What it takes to answer is in the
//! ledger, where approvers alone can read it, and in no message. `judge` asks STS whose answer it is, and holds it against
//! what was asked.

mod ask;
mod judge;
pub mod judgement;
pub mod message;
mod requesters;
mod reviewed;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tableshift_aws::CallError;
use tableshift_aws::identity::signatures::VerifySignature;
use tableshift_aws::identity::starts::FindCallers;
use tableshift_aws::ledger::approvals::{Approvals, UsedSignatures};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::runs::{RunRecord, Runs};
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::run_files::RunFileError;
use tableshift_aws::s3::{ObjectError, ReadObject};
use tableshift_aws::sns::Publish;
use tableshift_core::approval::identity::Identity;
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::Clock;
use tableshift_runtime::{ErrorName, Named};

pub use judge::Sent;
use judgement::Refusal;
use requesters::Unanswered;

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
        /// Before whose turn it is asked.
        #[serde(default)]
        wave: Wave,
    },
    /// Judge the answer.
    Judge {
        /// The run.
        run: String,
        /// What was sent with the task token, whatever it is.
        answer: Value,
        /// Before whose turn it was asked.
        #[serde(default)]
        wave: Wave,
    },
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Output {
    /// The question is put. What the step returns is the answer, not this.
    Asked {},
    /// The answer is a yes to exactly what was asked.
    Approved {
        /// Always true.
        approved: bool,
        /// The ARN of the approver.
        by: String,
        /// Always 0.
        wait_seconds: u64,
    },
    /// The approval is recorded, but cannot be decided yet: CloudTrail may still deliver records of who started the run.
    Pending {
        /// Always false.
        approved: bool,
        /// The ARN of the approver.
        by: String,
        /// How long to wait before it is judged again, in seconds; at least 1.
        wait_seconds: u64,
    },
    /// Somebody said no to the rest, after the canary. That is a verdict on what is written, and leads to what the run does
    /// on a bad one; before anything is written a no is an error.
    Rejected {
        /// Always false.
        approved: bool,
        /// The ARN of who said so.
        by: String,
        /// Why.
        reason: String,
        /// Always 0.
        wait_seconds: u64,
    },
}

impl Output {
    fn approved(by: Option<&Identity>) -> Self {
        Self::Approved { approved: true, by: by.map_or_else(String::new, |by| by.arn.clone()), wait_seconds: 0 }
    }
}

/// What the worker works with.
#[derive(Debug)]
pub struct Ports<B, L, T, V, H> {
    /// The stack's bucket.
    pub bucket: B,
    /// Its ledger.
    pub ledger: L,
    /// Its topic.
    pub topic: T,
    /// The account's STS.
    pub sts: V,
    /// The account's event history.
    pub history: H,
    /// The time.
    pub clock: Clock,
    /// Bytes that nobody can guess.
    pub random: fn() -> [u8; 32],
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
    /// The run left no record.
    #[error("run `{0}` is not in the ledger; start a new run")]
    NoRecord(String),
    /// STS did not answer.
    #[error("STS could not be asked whose answer it is")]
    Sts(#[source] CallError),
    /// Who started the run could not be found out for now.
    #[error("whether the answer is the requester's own could not be found out")]
    Requesters(#[source] Unanswered),
    /// The lock is another run's, or another execution's.
    #[error("run `{run}` lost the lock of table `{table}` to another execution; start it again with `action: resume`")]
    LeaseLost {
        /// The run.
        run: String,
        /// The table.
        table: String,
    },
    /// The message could not be sent.
    #[error("nobody could be asked about run `{run}`; no more is written")]
    Publish {
        /// The run.
        run: String,
        /// What went wrong.
        #[source]
        source: CallError,
    },
    /// The answer is no yes to what was asked.
    #[error("{refusal}; {}", wave.written_so_far())]
    Refused {
        /// What is wrong with it.
        refusal: Refusal,
        /// Before whose turn it was asked.
        wave: Wave,
    },
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Self::Plan(source) => source.name(),
            Self::Report { source, .. } => source.name(),
            Self::ReportContent { .. } => ErrorName::Internal,
            Self::Ledger { source, .. } => source.name(),
            Self::NoRecord(_) => ErrorName::RunNotFound,
            Self::Sts(source) | Self::Requesters(Unanswered::History(source)) => source.name(),
            Self::Requesters(Unanswered::Ledger(source)) => source.name(),
            Self::LeaseLost { .. } => ErrorName::LeaseLost,
            Self::Publish { source, .. } => source.name(),
            Self::Refused { refusal, .. } => refusal.name(),
        }
    }
}

/// Does one of the two steps.
pub async fn run<B, L, T, V, H>(ports: &Ports<B, L, T, V, H>, input: Input) -> Result<Output, Error>
where
    B: ReadObject,
    L: Approvals + LockTable + Runs + UsedSignatures,
    T: Publish,
    V: VerifySignature,
    H: FindCallers,
{
    match input {
        Input::Ask { run, epoch, token, execution, wave } => {
            ask::Ask { run, epoch, token, execution, wave }.put(ports).await
        }
        Input::Judge { run, answer, wave } => match judge::judge(ports, &run, wave, &Sent::of(&answer)).await {
            Err(Error::Refused { refusal: Refusal::Rejected { by, reason }, wave: Wave::Main }) => {
                Ok(Output::Rejected { approved: false, by, reason, wait_seconds: 0 })
            }
            judged => judged,
        },
    }
}

/// The run's record, which Plan wrote.
async fn record(ledger: &impl Runs, run: &str) -> Result<RunRecord, Error> {
    let found = ledger.run(run).await.map_err(|source| Error::Ledger { run: run.to_owned(), source })?;
    found.ok_or_else(|| Error::NoRecord(run.to_owned()))
}

/// A second as people and programs read it.
fn iso(epoch_seconds: i64) -> String {
    Timestamp::from_second(epoch_seconds).unwrap_or(Timestamp::MAX).to_string()
}
