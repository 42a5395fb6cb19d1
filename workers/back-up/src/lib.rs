//! BackUp: starts the run's on-demand backup, then returns its status.
//!
//! The state machine calls it until the backup is AVAILABLE. CreateBackup has no client token, so a repeated call would
//! make a second backup. Therefore the backup is named after the run, and looked up by its name before one is created.

use serde::{Deserialize, Serialize};
use tableshift_aws::dynamodb::backups::{BackUpTable, Backup};
use tableshift_aws::ledger::lock::{LeaseError, LockTable};
use tableshift_aws::run_files::{RunFileError, load_plan};
use tableshift_aws::s3::ReadObject;
use tableshift_aws::{CallError, Cause};
use tableshift_runtime::{ErrorName, Named};

/// What the state machine passes in.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// The run's id.
    pub run: String,
    /// The fencing token of the run's lock.
    pub epoch: u64,
}

/// The progress of the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// The backup's ARN.
    pub arn: String,
    /// `CREATING` or `AVAILABLE`.
    pub status: String,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `plan.json` could not be read.
    #[error("the run's plan could not be read")]
    Plan(#[source] RunFileError),
    /// The run cannot keep the lock of its table.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// DynamoDB refuses to create or to describe the backup.
    #[error("table `{table}` could not be backed up")]
    Call {
        /// The table's name.
        table: String,
        /// The failed request.
        #[source]
        source: CallError,
    },
    /// The backup exists but was deleted, so the table cannot be restored from it.
    #[error("the backup {arn} is {status}: somebody has deleted it; start a new run")]
    Deleted {
        /// The backup's ARN.
        arn: String,
        /// The backup's status in DynamoDB.
        status: String,
    },
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Self::Plan(source) => source.name(),
            Self::Lease(source) => source.name(),
            Self::Call { source, .. } => call_name(source),
            Self::Deleted { .. } => ErrorName::BackupFailed,
        }
    }
}

/// A request about a busy table is retried; one that DynamoDB refuses is not.
fn call_name(error: &CallError) -> ErrorName {
    match error.code.as_deref() {
        Some("BackupInUseException" | "TableInUseException" | "LimitExceededException") => ErrorName::Throttled,
        Some("TableNotFoundException") => ErrorName::TableNotFound,
        _ => match error.cause {
            Cause::NotFound | Cause::Refused => ErrorName::BackupFailed,
            _ => error.name(),
        },
    }
}

/// Starts the run's backup if there is none, and returns its status. `now` is in epoch milliseconds.
pub async fn run(
    backups: &impl BackUpTable,
    bucket: &impl ReadObject,
    ledger: &impl LockTable,
    now: i64,
    input: Input,
) -> Result<Output, Error> {
    let plan = load_plan(bucket, &input.run).await.map_err(Error::Plan)?;
    let table = &plan.table.name;
    ledger.renew_beyond(&plan, input.epoch, now / 1000).await?;
    let backup = find_or_create(backups, table, &backup_name(&input.run)).await;
    let backup = backup.map_err(|source| Error::Call { table: table.clone(), source })?;
    tracing::info!(arn = backup.arn, status = backup.status, "backup");
    match backup.status.as_str() {
        "CREATING" | "AVAILABLE" => Ok(Output { arn: backup.arn, status: backup.status }),
        _ => Err(Error::Deleted { arn: backup.arn, status: backup.status }),
    }
}

async fn find_or_create(backups: &impl BackUpTable, table: &str, name: &str) -> Result<Backup, CallError> {
    match backups.find(table, name).await? {
        Some(found) => backups.describe(&found.arn).await,
        None => backups.create(table, name).await,
    }
}

/// The name of the run's backup. DynamoDB allows 3 to 255 letters, digits, `.`, `_` and `-`.
fn backup_name(run: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    format!("tableshift-{run}").chars().map(legal).take(255).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(code: &str, cause: Cause) -> CallError {
        CallError {
            operation: "CreateBackup",
            resource: "t".into(),
            cause,
            code: Some(code.into()),
            reach: None,
            reason: None,
            source: "refused".into(),
        }
    }

    #[test]
    fn a_backup_is_named_after_its_run() {
        assert_eq!(backup_name("20261122-split.2"), "tableshift-20261122-split.2");
        assert_eq!(backup_name("a b/c"), "tableshift-a-b-c");
        assert_eq!(backup_name(&"x".repeat(300)).len(), 255);
    }

    #[test]
    fn a_request_about_a_busy_table_is_retried() {
        for code in ["BackupInUseException", "TableInUseException", "LimitExceededException"] {
            assert_eq!(call_name(&refused(code, Cause::Refused)), ErrorName::Throttled);
        }
    }

    #[test]
    fn a_refused_request_is_a_failed_backup() {
        let unavailable = refused("ContinuousBackupsUnavailableException", Cause::Refused);
        assert_eq!(call_name(&unavailable), ErrorName::BackupFailed);
        assert_eq!(call_name(&refused("TableNotFoundException", Cause::NotFound)), ErrorName::TableNotFound);
        assert_eq!(call_name(&refused("AccessDeniedException", Cause::AccessDenied)), ErrorName::AccessDenied);
    }
}
