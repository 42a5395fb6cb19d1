//! Operating runs on a deployed stage: starting, watching, steering, looking back.
//!
//! ```text
//! arguments -> Stage (found by its stack or the environment) -> one call or a loop of looks -> Told
//! ```
//!
//! What is shown is made by pure functions of what was seen ([`view`], [`progress`]); only `watch` prints while it works.

pub mod answer;
pub mod ended;
pub mod ensure;
pub mod history;
mod look;
mod progress;
mod question;
pub mod report;
pub mod stage;
pub mod start;
pub mod status;
pub mod steer;
mod view;
pub mod watch;

use std::error::Error;
use tableshift_aws::CallError;
use tableshift_aws::identity::signing::SigningError;
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::run_files::RunFileError;
use tableshift_aws::session::stage::StageError;

/// Why a stage cannot be operated.
#[derive(Debug, thiserror::Error)]
pub enum OperateError {
    /// The stage cannot be found.
    #[error("the stage cannot be operated")]
    Stage(#[source] StageError),
    /// A call failed.
    #[error("Step Functions did not do what was asked")]
    Call(#[source] CallError),
    /// The ledger did not answer.
    #[error("the stage's ledger could not be read or written")]
    Ledger(#[source] LedgerError),
    /// A file of the run cannot be read.
    #[error("a file of the run could not be read")]
    File(#[source] RunFileError),
    /// The options cannot be an input.
    #[error("the run is refused before it is started")]
    Input(#[source] tableshift_core::plan::input_check::InputError),
    /// The signature is the command's to make.
    #[error("`requested_by` in `--input` is refused: this command signs the start itself; leave it out")]
    SignedAlready,
    /// Who starts the run cannot be proven.
    #[error("the start cannot be signed")]
    Unsigned(#[source] SigningError),
    /// An option that holds JSON does not.
    #[error("`--{option}` is no JSON")]
    Json {
        /// The option.
        option: &'static str,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// There is no such run.
    #[error("there is no run `{0}` on this stage; `tableshift history` lists the latest")]
    NoRun(String),
    /// Nothing to steer.
    #[error("run `{run}` {problem}")]
    NotSteered {
        /// The run.
        run: String,
        /// Why.
        problem: String,
    },
    /// The runtime of this process cannot be made.
    #[error("the command cannot start")]
    Runtime(#[source] std::io::Error),
    /// Something on this machine failed.
    #[error("{what}")]
    Machine {
        /// What.
        what: String,
        /// What the system says.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
}

/// Runs an asynchronous command to its end.
pub fn block_on<T>(work: impl Future<Output = Result<T, OperateError>>) -> Result<T, OperateError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(OperateError::Runtime)?.block_on(work)
}

/// The time, in epoch milliseconds.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}
