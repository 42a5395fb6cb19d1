//! Export: starts the run's point-in-time export, then checks its manifests and lists its files for the dry run.
//!
//! The state machine calls it again and again, each time for one look. The moment to export is when the lock was taken:
//! by then no other run could write any more. DynamoDB lets a moment be exported only some minutes after it has passed.

pub mod manifest;

use serde::{Deserialize, Serialize};
use tableshift_aws::dynamodb::exports::{Export, ExportRequest, ExportTable};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::run_files::{RunFileError, load_plan, store};
use tableshift_aws::s3::{ObjectError, ReadObject, WriteObject};
use tableshift_aws::{CallError, Cause};
use tableshift_core::item::hash;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_runtime::{ErrorName, Named};

use manifest::ManifestError;

/// For how long after the lock was taken DynamoDB may call that moment not restorable yet. Five minutes are usual; what
/// takes this long is another fault, and waiting on would hide it.
const NOT_RESTORABLE_FOR_MILLIS: i64 = 2 * 60 * 60 * 1000;

/// Which run to export the table for.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// The run.
    pub run: String,
    /// The epoch of its lock.
    pub epoch: u64,
    /// The export, once it was started.
    pub arn: Option<String>,
}

/// How far the export is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Its ARN, once it was started.
    pub arn: Option<String>,
    /// `NOT_RESTORABLE_YET`, `IN_PROGRESS` or `COMPLETED`.
    pub status: String,
    /// How many files there are to dry-run, once completed.
    pub files: u64,
    /// How many items they hold.
    pub items: u64,
}

/// Why there is no export to dry-run on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan could not be read, or the list of files not be written.
    #[error("a file of the run could not be used")]
    File(#[source] RunFileError),
    /// The lock could not be asked for.
    #[error("the lock of table `{table}` could not be renewed")]
    Ledger {
        /// The table.
        table: String,
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
    /// DynamoDB does not export.
    #[error("table `{table}` could not be exported")]
    Call {
        /// The table.
        table: String,
        /// What it said.
        #[source]
        source: CallError,
    },
    /// The export ended without success.
    #[error("the export {arn} is {status}: {reason}; mend that and start a new run")]
    Failed {
        /// The export.
        arn: String,
        /// Its status.
        status: String,
        /// Why, in DynamoDB's words.
        reason: String,
    },
    /// A manifest or its checksum is missing.
    #[error("{key}: the export is complete, but this file of it could not be read")]
    Manifest {
        /// The file.
        key: String,
        /// What went wrong.
        #[source]
        source: ObjectError,
    },
    /// The manifests disagree.
    #[error("the export is corrupt; start the run again for a new one")]
    Corrupt(#[source] ManifestError),
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Self::File(source) => source.name(),
            Self::Ledger { source, .. } => source.name(),
            Self::LeaseLost { .. } => ErrorName::LeaseLost,
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

/// Starts the export if it was not, or looks how far it is. Once it is complete, lists its files.
pub async fn run(
    exports: &impl ExportTable,
    bucket: &(impl ReadObject + WriteObject),
    ledger: &impl LockTable,
    now: i64,
    input: Input,
) -> Result<Output, Error> {
    let plan = load_plan(bucket, &input.run).await.map_err(Error::File)?;
    hold(ledger, &plan, &input, now).await?;
    let export = match &input.arn {
        Some(arn) => exports.describe(arn).await,
        None => start(exports, &plan).await,
    };
    let export = match export {
        Err(error) if is_not_restorable_yet(&error, &plan, now) => {
            return Ok(waiting(None, "NOT_RESTORABLE_YET"));
        }
        looked => looked.map_err(|source| Error::Call { table: plan.table.name.clone(), source })?,
    };
    tracing::info!(arn = export.arn, status = export.status, "export");
    match export.status.as_str() {
        "COMPLETED" => list(bucket, &plan, export).await,
        "IN_PROGRESS" => Ok(waiting(Some(export.arn), "IN_PROGRESS")),
        _ => {
            let reason = export.failure.unwrap_or_else(|| "DynamoDB gave no reason".into());
            Err(Error::Failed { arn: export.arn, status: export.status, reason })
        }
    }
}

async fn hold(ledger: &impl LockTable, plan: &RunPlan, input: &Input, now: i64) -> Result<(), Error> {
    let table = &plan.table.name;
    let lease_until = now / 1000 + plan.lease_seconds as i64;
    let held = ledger.renew(table, &input.run, input.epoch, lease_until).await;
    if held.map_err(|source| Error::Ledger { table: table.clone(), source })? {
        return Ok(());
    }
    Err(Error::LeaseLost { run: input.run.clone(), table: table.clone() })
}

async fn start(exports: &impl ExportTable, plan: &RunPlan) -> Result<Export, CallError> {
    // Whole seconds, and never before the lock.
    let at_epoch_seconds = -(-plan.locked_at).div_euclid(1000);
    let token = hash::of_bytes(format!("{} {at_epoch_seconds}", plan.run).as_bytes());
    let request = ExportRequest {
        table_arn: &plan.table.arn,
        at_epoch_seconds,
        client_token: &token[..32],
        bucket: &plan.bucket,
        prefix: &keys::export_prefix(&plan.run),
    };
    exports.start(&request).await
}

fn is_not_restorable_yet(error: &CallError, plan: &RunPlan, now: i64) -> bool {
    error.has_code("InvalidExportTimeException") && now - plan.locked_at < NOT_RESTORABLE_FOR_MILLIS
}

fn waiting(arn: Option<String>, status: &str) -> Output {
    Output { arn, status: status.to_owned(), files: 0, items: 0 }
}

/// Checks the manifests and writes the list of files that the Map DryRun reads.
async fn list(bucket: &(impl ReadObject + WriteObject), plan: &RunPlan, export: Export) -> Result<Output, Error> {
    let prefix = keys::export_prefix(&plan.run);
    let summary_key = manifest::summary_key(export.manifest.as_deref(), &prefix, &export.arn);
    let summary = checked(bucket, &summary_key).await?;
    let summary = manifest::summary(&summary_key, &summary, &plan.table.arn).map_err(Error::Corrupt)?;
    let files = checked(bucket, &summary.manifest_files_s3_key).await?;
    let parts = manifest::parts(&summary.manifest_files_s3_key, &files, &summary).map_err(Error::Corrupt)?;
    store(bucket, &keys::dry_run_parts(&plan.run), &parts).await.map_err(Error::File)?;
    Ok(Output { arn: Some(export.arn), status: export.status, files: parts.len() as u64, items: summary.item_count })
}

/// A manifest whose checksum is right.
async fn checked(bucket: &impl ReadObject, key: &str) -> Result<Vec<u8>, Error> {
    let unread = |key: &str, source| Error::Manifest { key: key.to_owned(), source };
    let content = bucket.get(key).await.map_err(|source| unread(key, source))?;
    for checksum_key in manifest::checksum_keys(key) {
        match bucket.get(&checksum_key).await {
            Err(error) if error.is_missing() => {}
            Err(error) => return Err(unread(&checksum_key, error)),
            Ok(checksum) => {
                manifest::check(key, &content, &checksum_key, &checksum).map_err(Error::Corrupt)?;
                return Ok(content);
            }
        }
    }
    Err(Error::Corrupt(ManifestError::NoChecksum { key: key.to_owned() }))
}
