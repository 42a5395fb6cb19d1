//! What Conclude could not do.

use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::run_files::RunFileError;
use tableshift_runtime::{ErrorName, Named, chain};

/// One thing that Conclude could not do.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// `report.json` could not be read.
    #[error("the report could not be read")]
    Report(#[source] RunFileError),
    /// `plan.json` could not be read.
    #[error("the plan could not be read, so the migration is not recorded as applied")]
    Plan(#[source] RunFileError),
    /// A request to the ledger failed.
    #[error("{what} failed")]
    Ledger {
        /// What the request was for, as a gerund phrase.
        what: &'static str,
        /// The failed request.
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

/// Everything that Conclude could not do.
#[derive(Debug, thiserror::Error)]
#[error("the run ended with outcome {outcome}, but {}", list(.faults))]
pub struct Error {
    /// The outcome of the run, `succeeded` or `failed`.
    pub(crate) outcome: &'static str,
    /// An error has one source, but there may be several faults, so their messages are part of this error's message.
    pub(crate) faults: Vec<Fault>,
}

fn list(faults: &[Fault]) -> String {
    faults.iter().map(|fault| chain(fault)).collect::<Vec<_>>().join("; and ")
}

impl Named for Error {
    /// The first fault's name, or the first name that the state machine retries if there is one.
    fn name(&self) -> ErrorName {
        let mut names = self.faults.iter().map(Fault::name);
        let first = names.next().unwrap_or(ErrorName::Internal);
        if first.is_retried() { first } else { names.find(|name| name.is_retried()).unwrap_or(first) }
    }
}
