//! Export: starts the run's point-in-time export, then checks its manifests and lists its files for the dry run.
//!
//! The state machine calls it until the export is complete. The exported moment is when the lock was taken, because no
//! other run could write after that. DynamoDB can export a moment only some minutes after it has passed.

mod error;
mod files;
pub mod manifest;

use serde::{Deserialize, Serialize};
use tableshift_aws::CallError;
use tableshift_aws::dynamodb::exports::{Export, ExportRequest, ExportTable};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::run_files::load_plan;
use tableshift_aws::s3::{ReadObject, WriteObject};
use tableshift_core::item::hash;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;

pub use error::Error;

/// For how long after the lock was taken DynamoDB may refuse to export that moment. Five minutes are usual; a refusal after
/// two hours has another cause, which waiting would hide.
const MAX_NOT_RESTORABLE_MILLIS: i64 = 2 * 60 * 60 * 1000;

/// What the state machine passes in.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// The run's id.
    pub run: String,
    /// The fencing token of the run's lock.
    pub epoch: u64,
    /// The export's ARN, if it was started.
    pub arn: Option<String>,
}

/// The progress of the export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// The export's ARN, once it was started.
    pub arn: Option<String>,
    /// `NOT_RESTORABLE_YET`, `IN_PROGRESS` or `COMPLETED`.
    pub status: String,
    /// How many files the dry run reads; 0 until the export is complete.
    pub files: u64,
    /// How many items these files contain; 0 until the export is complete.
    pub items: u64,
}

/// Starts the export, or reads its status if it was started. Lists the files of a complete export. `now` is in epoch
/// milliseconds.
pub async fn run(
    exports: &impl ExportTable,
    bucket: &(impl ReadObject + WriteObject),
    ledger: &impl LockTable,
    now: i64,
    input: Input,
) -> Result<Output, Error> {
    let plan = load_plan(bucket, &input.run).await.map_err(Error::File)?;
    ledger.renew_beyond(&plan, input.epoch, now / 1000).await?;
    let export = match &input.arn {
        Some(arn) => exports.describe(arn).await,
        None => start(exports, &plan).await,
    };
    let export = match export {
        Err(error) if is_not_restorable_yet(&error, &plan, now) => {
            return Ok(incomplete(None, "NOT_RESTORABLE_YET"));
        }
        result => result.map_err(|source| Error::Call { table: plan.table.name.clone(), source })?,
    };
    tracing::info!(arn = export.arn, status = export.status, "export");
    match export.status.as_str() {
        "COMPLETED" => files::list(bucket, &plan, export).await,
        "IN_PROGRESS" => Ok(incomplete(Some(export.arn), "IN_PROGRESS")),
        _ => {
            let reason = export.failure.unwrap_or_else(|| "DynamoDB gave no reason".into());
            Err(Error::Failed { arn: export.arn, status: export.status, reason })
        }
    }
}

async fn start(exports: &impl ExportTable, plan: &RunPlan) -> Result<Export, CallError> {
    // Whole seconds, rounded up so that the moment is never before the lock.
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
    error.has_code("InvalidExportTimeException") && now - plan.locked_at < MAX_NOT_RESTORABLE_MILLIS
}

fn incomplete(arn: Option<String>, status: &str) -> Output {
    Output { arn, status: status.to_owned(), files: 0, items: 0 }
}
