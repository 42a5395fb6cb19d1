//! Why an answer was not sent.

use crate::operate::OperateError;
use std::error::Error;
use tableshift_core::approval::rules::NotEligible;

/// Why an answer was not sent.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The stage was not found.
    #[error(transparent)]
    Stage(OperateError),
    /// A call failed, or its result is not usable.
    #[error("cannot {what}")]
    Call {
        /// What was to be done, as the rest of the sentence.
        what: String,
        /// Why it failed.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The run has no request for approval.
    #[error("run `{0}` has not requested an approval; check the run's name and the stage")]
    NotRequested(String),
    /// The request has an answer, or its deadline has passed.
    #[error("the request for approval of run `{run}` is closed: {outcome} at {at}")]
    Closed {
        /// The run's name.
        run: String,
        /// The outcome of the request: approved, rejected, refused or expired.
        outcome: &'static str,
        /// When it was closed, ISO 8601.
        at: String,
    },
    /// The plan or the report in the bucket is not the one that the request is about.
    #[error(
        "the plan or the report of run `{0}` changed after the request, so an approval would not count; start a new run"
    )]
    Changed(String),
    /// The approval would end the run, because it would not count.
    #[error("your approval would not count, so it was not sent")]
    NotEligible(#[source] NotEligible),
    /// Another name than the table's was typed or given.
    #[error("nothing was sent: the table is `{0}`, but you entered another name")]
    OtherTable(String),
    /// Standard input is not a terminal, and there is no `--yes-table`.
    #[error("cannot ask for the table's name without a terminal; read the report, then use `--yes-table {0}`")]
    NoTerminal(String),
    /// Step Functions does not accept an answer any more.
    #[error("run `{0}` does not wait for an answer any more; it has ended, or the deadline has passed")]
    NotWaiting(String),
}

/// Turns any error into `AnswerError::Call`: "cannot {what}".
pub fn cannot<E: Into<Box<dyn Error + Send + Sync>>>(what: impl Into<String>) -> impl FnOnce(E) -> AnswerError {
    let what = what.into();
    move |source| AnswerError::Call { what, source: source.into() }
}
