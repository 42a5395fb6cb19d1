//! Why there is no export for the dry run.

use tableshift_aws::ledger::lock::LeaseError;
use tableshift_aws::run_files::RunFileError;
use tableshift_aws::s3::ObjectError;
use tableshift_aws::{CallError, Cause};
use tableshift_runtime::{ErrorName, Named};

use crate::manifest::ManifestError;

/// Why there is no export for the dry run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `plan.json` could not be read, or the list of files could not be written.
    #[error("a file of the run could not be read or written")]
    File(#[source] RunFileError),
    /// The run cannot keep the lock of its table.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// DynamoDB refuses to start or to describe the export.
    #[error("table `{table}` could not be exported")]
    Call {
        /// The table's name.
        table: String,
        /// The failed request.
        #[source]
        source: CallError,
    },
    /// The export ended without success.
    #[error("the export {arn} is {status}: {reason}; fix the cause and start a new run")]
    Failed {
        /// The export's ARN.
        arn: String,
        /// The export's status in DynamoDB.
        status: String,
        /// Why, in DynamoDB's words.
        reason: String,
    },
    /// A manifest or its checksum is missing or cannot be read.
    #[error("the export is complete, but its file {key} could not be read")]
    Manifest {
        /// The file's key in the bucket.
        key: String,
        /// The failed request.
        #[source]
        source: ObjectError,
    },
    /// The manifests contradict each other or what is known of the table.
    #[error("the export is corrupt; start a new run, which makes a new export")]
    Corrupt(#[source] ManifestError),
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Self::File(source) => source.name(),
            Self::Lease(source) => source.name(),
            Self::Call { source, .. } if source.has_code("TableNotFoundException") => ErrorName::TableNotFound,
            Self::Call { source, .. } => match source.cause {
                Cause::NotFound | Cause::Refused => ErrorName::ExportFailed,
                _ => source.name(),
            },
            Self::Failed { .. } => ErrorName::ExportFailed,
            Self::Manifest { source, .. } if source.is_missing() => ErrorName::CorruptExport,
            Self::Manifest { source, .. } => source.name(),
            Self::Corrupt(_) => ErrorName::CorruptExport,
        }
    }
}
