//! Why a question could not be asked, or an answer does not approve the run.

use tableshift_aws::CallError;
use tableshift_aws::ledger::lock::LeaseError;
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::run_files::RunFileError;
use tableshift_aws::s3::ObjectError;
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::{ErrorName, Named};

use crate::refusal::Refusal;

/// Why a question could not be asked, or an answer does not approve the run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `plan.json` could not be read.
    #[error("the run's plan could not be read")]
    Plan(#[source] RunFileError),
    /// `report.json` could not be read.
    #[error("the report {key} could not be read")]
    Report {
        /// The report's key in the bucket.
        key: String,
        /// The failed request.
        #[source]
        source: ObjectError,
    },
    /// `report.json` is not a report of this version.
    #[error("{key} is not a report of this version; check whether it was edited by hand")]
    ReportContent {
        /// The report's key in the bucket.
        key: String,
        /// Where the JSON differs from a report.
        #[source]
        source: serde_json::Error,
    },
    /// A request to the ledger failed.
    #[error("the approval of run `{run}` could not be read from or written to the ledger")]
    Ledger {
        /// The run's id.
        run: String,
        /// The failed request.
        #[source]
        source: LedgerError,
    },
    /// The ledger has no record of this run id.
    #[error("run `{0}` is not in the ledger; start a new run")]
    NoRecord(String),
    /// A request to STS failed.
    #[error("STS could not be asked who signed the answer")]
    Sts(#[source] CallError),
    /// CloudTrail could not be asked who started the run. A later attempt may succeed.
    #[error("CloudTrail could not be asked whether the approver started the run")]
    CloudTrail(#[source] CallError),
    /// The run cannot keep the lock of its table.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The message to the approvers could not be sent.
    #[error("the request for approval of run `{run}` could not be sent, so nothing more is written")]
    Publish {
        /// The run's id.
        run: String,
        /// The failed request.
        #[source]
        source: CallError,
    },
    /// The answer does not approve what was asked.
    #[error("{refusal}; {}", wave.written_so_far())]
    Refused {
        /// Why it does not.
        refusal: Refusal,
        /// The wave that the question was about.
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
            Self::Sts(source) | Self::CloudTrail(source) => source.name(),
            Self::Lease(source) => source.name(),
            Self::Publish { source, .. } => source.name(),
            Self::Refused { refusal, .. } => refusal.name(),
        }
    }
}
