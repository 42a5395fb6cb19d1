//! Why there is no report.

use tableshift_aws::ledger::lock::LeaseError;
use tableshift_aws::run_files::RunFileError;
use tableshift_aws::s3::ObjectError;
use tableshift_runtime::{ErrorName, Named};

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan, the earlier report or a partial result could not be read.
    #[error("a file of the run could not be read")]
    File(#[source] RunFileError),
    /// The list of the dry run's parts is missing.
    #[error("run `{run}` has no {key}; start a new run")]
    NoDryRun {
        /// The run's id.
        run: String,
        /// The key of the list.
        key: String,
    },
    /// The report or its page could not be written, or the partial results could not be listed.
    #[error("{key} could not be listed or written")]
    Object {
        /// The object's key, or the prefix of the list.
        key: String,
        /// The failed request.
        #[source]
        source: ObjectError,
    },
    /// The report cannot be written as JSON.
    #[error("the report of run `{0}` cannot be written as JSON")]
    Json(String, #[source] serde_json::Error),
    /// The page cannot be rendered.
    #[error("the page of run `{0}` cannot be rendered from its report")]
    Page(String, #[source] askama::Error),
    /// The run cannot keep the lock of its table.
    #[error(transparent)]
    Lease(#[from] LeaseError),
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Self::File(source) => source.name(),
            Self::Object { source, .. } => source.name(),
            Self::NoDryRun { .. } | Self::Json(..) | Self::Page(..) => ErrorName::Internal,
            Self::Lease(source) => source.name(),
        }
    }
}
