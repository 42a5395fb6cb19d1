//! Why a command about a run could not do its work.

use std::error::Error;
use tableshift_aws::CallError;
use tableshift_aws::identity::signing::SigningError;
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::run_files::RunFileError;
use tableshift_aws::session::stage::StageError;
use tableshift_core::plan::settings::input_check::InputError;

/// Why a command about a run could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    /// The stage was not found.
    #[error("cannot use the stage")]
    Stage(#[source] StageError),
    /// A call to Step Functions failed.
    #[error("cannot call Step Functions")]
    Call(#[source] CallError),
    /// A call to the ledger failed, or its item is malformed.
    #[error("cannot read or write the stage's ledger")]
    Ledger(#[source] LedgerError),
    /// The run's plan or report cannot be read.
    #[error("cannot read a file of the run")]
    File(#[source] RunFileError),
    /// The arguments and `--input` do not make a valid input.
    #[error("nothing was started, because the input is invalid")]
    Input(#[source] InputError),
    /// `--input` contains a signature.
    #[error("`--input` must not contain `requested_by`: this command signs the start itself; remove the field")]
    AlreadySigned,
    /// The start could not be signed.
    #[error("cannot sign the start of the run")]
    Signing(#[source] SigningError),
    /// The value of an option is not JSON.
    #[error("`--{option}` is not valid JSON")]
    Json {
        /// The option's name, without the dashes.
        option: &'static str,
        /// Where and why the JSON is invalid.
        #[source]
        source: serde_json::Error,
    },
    /// Neither the ledger nor Step Functions knows the run.
    #[error("run `{0}` does not exist on this stage; `tableshift history` lists the latest runs")]
    NoRun(String),
    /// The command does not fit the run's current status.
    #[error("run `{run}` {problem}")]
    WrongStatus {
        /// The run's name.
        run: String,
        /// What is wrong and what to do, as the rest of the sentence.
        problem: String,
    },
    /// The asynchronous runtime did not start.
    #[error("cannot start the command")]
    Runtime(#[source] std::io::Error),
    /// A file or a document could not be used.
    #[error("{what}")]
    Document {
        /// What could not be done.
        what: String,
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}
