//! RequestApproval and JudgeApproval: ask a person to approve exactly this plan and this report, and judge the answer.
//!
//! - [`Input::Ask`] asks the question. Step Functions then waits until somebody returns the task token. The token and the
//!   secret that an answer needs are in the ledger, where only approvers can read them, and in no message.
//! - [`Input::Judge`] asks STS who signed the answer, and checks that the signer may approve the run and that the answer
//!   is about the plan and the report of the question.

mod error;
mod judge;
pub mod message;
mod question;
pub mod refusal;
mod requesters;
mod reviewed;
mod sent_answer;
mod signer;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tableshift_aws::identity::signatures::VerifySignature;
use tableshift_aws::identity::starts::FindCallers;
use tableshift_aws::ledger::runs::RunRecord;
use tableshift_aws::ledger::table::Ledger;
use tableshift_aws::s3::ReadObject;
use tableshift_aws::sns::Publish;
use tableshift_core::approval::identity::Identity;
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::Clock;

pub use error::Error;
use refusal::Refusal;
pub use sent_answer::SentAnswer;

/// What the state machine passes in.
#[derive(Debug, Clone, Deserialize)]
#[serde(tag = "step", rename_all = "kebab-case")]
pub enum Input {
    /// Ask the question.
    Ask {
        /// The run's id.
        run: String,
        /// The fencing token of the run's lock.
        epoch: u64,
        /// The task token that the answer is sent with.
        token: String,
        /// The ARN of the execution that waits for the answer.
        execution: String,
        /// The wave that needs the approval.
        #[serde(default)]
        wave: Wave,
    },
    /// Judge the answer.
    Judge {
        /// The run's id.
        run: String,
        /// The fencing token of the run's lock.
        epoch: u64,
        /// What was sent with the task token, which may have any shape.
        answer: Value,
        /// The wave that needs the approval.
        #[serde(default)]
        wave: Wave,
    },
}

/// The result of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Output {
    /// The question was asked. The state's result is the answer, not this value.
    Asked {},
    /// The answer approves the wave.
    Approved {
        /// Always true.
        approved: bool,
        /// The ARN of the approver.
        by: String,
        /// Always 0.
        wait_seconds: u64,
    },
    /// The approval is recorded, but cannot be decided yet: CloudTrail may still deliver records of who started the run, or
    /// has more of them than this invocation could read.
    Pending {
        /// Always false.
        approved: bool,
        /// The ARN of the approver.
        by: String,
        /// How long to wait before it is judged again, in seconds; at least 1.
        wait_seconds: u64,
    },
    /// The answer rejects the main wave after a canary wave. The run then does what it does after a bad verdict. A
    /// rejection before the first write is an error instead.
    Rejected {
        /// Always false.
        approved: bool,
        /// The ARN of who rejected it.
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

/// The services that the worker uses.
#[derive(Debug)]
pub struct Ports<B, T, V, H> {
    /// The stack's bucket.
    pub bucket: B,
    /// The stack's ledger.
    pub ledger: Ledger,
    /// The stack's topic.
    pub topic: T,
    /// STS, which verifies signatures.
    pub sts: V,
    /// CloudTrail's event history.
    pub history: H,
    /// The current time in epoch milliseconds.
    pub clock: Clock,
    /// Unpredictable bytes for the secret of a question.
    pub random: fn() -> [u8; 32],
}

impl<B, T, V, H> Ports<B, T, V, H> {
    fn epoch_seconds(&self) -> i64 {
        (self.clock)().div_euclid(1000)
    }
}

/// Performs one of the two steps.
pub async fn run<B, T, V, H>(ports: &Ports<B, T, V, H>, input: Input) -> Result<Output, Error>
where
    B: ReadObject,
    T: Publish,
    V: VerifySignature,
    H: FindCallers,
{
    match input {
        Input::Ask { run, epoch, token, execution, wave } => {
            question::Ask { run, epoch, token, execution, wave }.ask(ports).await
        }
        Input::Judge { run, epoch, answer, wave } => {
            match judge::judge(ports, &run, epoch, wave, &SentAnswer::parse(&answer)).await {
                Err(Error::Refused { refusal: Refusal::Rejected { by, reason }, wave: Wave::Main }) => {
                    Ok(Output::Rejected { approved: false, by, reason, wait_seconds: 0 })
                }
                judged => judged,
            }
        }
    }
}

/// Reads the run's record, which Plan wrote.
async fn read_record(ledger: &Ledger, run: &str) -> Result<RunRecord, Error> {
    let record = ledger.run(run).await.map_err(|source| Error::Ledger { run: run.to_owned(), source })?;
    record.ok_or_else(|| Error::NoRecord(run.to_owned()))
}

fn iso(epoch_seconds: i64) -> String {
    Timestamp::from_second(epoch_seconds).unwrap_or(Timestamp::MAX).to_string()
}
