//! BackUp: starts the run's on-demand backup, then says how far it is.
//!
//! The state machine calls it again and again until the backup is AVAILABLE. The backup carries the run's name, and is
//! looked up by it before one is made: CreateBackup takes no token, so a repeated call would make a second one.

use serde::{Deserialize, Serialize};
use tableshift_aws::dynamodb::backups::{BackUpTable, Backup};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::run_files::{RunFileError, load_plan};
use tableshift_aws::s3::ReadObject;
use tableshift_aws::{CallError, Cause};
use tableshift_runtime::{ErrorName, Named};

/// Which run to back the table up for.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    /// The run.
    pub run: String,
    /// The epoch of its lock.
    pub epoch: u64,
}

/// The backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Output {
    /// Its ARN.
    pub arn: String,
    /// `CREATING` or `AVAILABLE`.
    pub status: String,
}

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The plan could not be read.
    #[error("the run's plan could not be read")]
    Plan(#[source] RunFileError),
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
    /// DynamoDB makes no backup.
    #[error("no backup of table `{table}` could be made")]
    Call {
        /// The table.
        table: String,
        /// What it said.
        #[source]
        source: CallError,
    },
    /// The backup is there but cannot be restored.
    #[error("the backup {arn} is {status}; somebody deleted it; start a new run")]
    Useless {
        /// The backup.
        arn: String,
        /// Its status.
        status: String,
    },
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Self::Plan(source) => source.name(),
            Self::Ledger { source, .. } => source.name(),
            Self::LeaseLost { .. } => ErrorName::LeaseLost,
            Self::Call { source, .. } => call_name(source),
            Self::Useless { .. } => ErrorName::BackupFailed,
        }
    }
}

/// A table that is busy for now is worth a retry; what is refused outright is not.
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

/// Makes the run's backup if there is none, and says how far it is.
pub async fn run(
    backups: &impl BackUpTable,
    bucket: &impl ReadObject,
    ledger: &impl LockTable,
    now: i64,
    input: Input,
) -> Result<Output, Error> {
    let plan = load_plan(bucket, &input.run).await.map_err(Error::Plan)?;
    let table = &plan.table.name;
    let lease_until = now / 1000 + plan.lease_seconds as i64;
    let held = ledger.renew(table, &input.run, input.epoch, lease_until).await;
    if !held.map_err(|source| Error::Ledger { table: table.clone(), source })? {
        return Err(Error::LeaseLost { run: input.run, table: table.clone() });
    }
    let backup = backup_of(backups, table, &name_of(&input.run)).await;
    let backup = backup.map_err(|source| Error::Call { table: table.clone(), source })?;
    tracing::info!(arn = backup.arn, status = backup.status, "backup");
    match backup.status.as_str() {
        "CREATING" | "AVAILABLE" => Ok(Output { arn: backup.arn, status: backup.status }),
        _ => Err(Error::Useless { arn: backup.arn, status: backup.status }),
    }
}

async fn backup_of(backups: &impl BackUpTable, table: &str, name: &str) -> Result<Backup, CallError> {
    match backups.find(table, name).await? {
        Some(found) => backups.describe(&found.arn).await,
        None => backups.create(table, name).await,
    }
}

/// The name of the run's backup. DynamoDB takes 3 to 255 letters, digits, `.`, `_` and `-`.
fn name_of(run: &str) -> String {
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
            source: "said so".into(),
        }
    }

    #[test]
    fn a_backup_is_named_after_its_run() {
        assert_eq!(name_of("20261122-split.2"), "tableshift-20261122-split.2");
        assert_eq!(name_of("a b/c"), "tableshift-a-b-c");
        assert_eq!(name_of(&"x".repeat(300)).len(), 255);
    }

    #[test]
    fn a_busy_table_is_tried_again() {
        for code in ["BackupInUseException", "TableInUseException", "LimitExceededException"] {
            assert_eq!(call_name(&refused(code, Cause::Refused)), ErrorName::Throttled);
        }
    }

    #[test]
    fn what_will_not_pass_later_is_a_failed_backup() {
        let unavailable = refused("ContinuousBackupsUnavailableException", Cause::Refused);
        assert_eq!(call_name(&unavailable), ErrorName::BackupFailed);
        assert_eq!(call_name(&refused("TableNotFoundException", Cause::NotFound)), ErrorName::TableNotFound);
        assert_eq!(call_name(&refused("AccessDeniedException", Cause::AccessDenied)), ErrorName::AccessDenied);
    }
}
