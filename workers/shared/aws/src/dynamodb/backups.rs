//! Creates, finds and describes on-demand backups.

use aws_sdk_dynamodb::types::BackupTypeFilter;

use crate::error::CallError;

/// The on-demand backups of this account and Region.
#[derive(Debug, Clone)]
pub struct Backups {
    client: aws_sdk_dynamodb::Client,
}

/// A backup with its status at the time of the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The ARN.
    pub arn: String,
    /// `CREATING`, `AVAILABLE` or `DELETED`.
    pub status: String,
}

/// Finds, starts and describes backups; the tests replace it.
pub trait BackUpTable {
    /// The backup of `table` with exactly this name, unless it is deleted. Call it before [`create`](Self::create):
    /// CreateBackup has no client token, so a retried step would create a second backup.
    async fn find(&self, table: &str, name: &str) -> Result<Option<Backup>, CallError>;
    /// Starts a backup of `table` under `name`.
    async fn create(&self, table: &str, name: &str) -> Result<Backup, CallError>;
    /// The backup with this ARN.
    async fn describe(&self, arn: &str) -> Result<Backup, CallError>;
}

impl Backups {
    /// Uses this client.
    pub fn new(client: aws_sdk_dynamodb::Client) -> Self {
        Self { client }
    }
}

impl BackUpTable for Backups {
    async fn find(&self, table: &str, name: &str) -> Result<Option<Backup>, CallError> {
        let mut from = None;
        loop {
            let request = self.client.list_backups().table_name(table);
            let request = request.backup_type(BackupTypeFilter::User);
            let request = request.set_exclusive_start_backup_arn(from);
            let sent = request.send().await;
            let page = sent.map_err(|error| CallError::new("ListBackups", table, error))?;
            let mut summaries = page.backup_summaries.unwrap_or_default().into_iter();
            let found = summaries.find_map(|summary| {
                let status = summary.backup_status?.as_str().to_owned();
                let named = summary.backup_name.as_deref() == Some(name) && status != "DELETED";
                let arn = summary.backup_arn?;
                named.then_some(Backup { arn, status })
            });
            if found.is_some() {
                return Ok(found);
            }
            from = page.last_evaluated_backup_arn;
            if from.is_none() {
                return Ok(None);
            }
        }
    }

    async fn create(&self, table: &str, name: &str) -> Result<Backup, CallError> {
        const OPERATION: &str = "CreateBackup";
        let request = self.client.create_backup().table_name(table);
        let sent = request.backup_name(name).send().await;
        let answer = sent.map_err(|error| CallError::new(OPERATION, table, error))?;
        let details = answer.backup_details;
        let made = details
            .map(|details| Backup { arn: details.backup_arn, status: details.backup_status.as_str().to_owned() });
        made.ok_or_else(|| CallError::incomplete(OPERATION, table, "backup details"))
    }

    async fn describe(&self, arn: &str) -> Result<Backup, CallError> {
        const OPERATION: &str = "DescribeBackup";
        let sent = self.client.describe_backup().backup_arn(arn).send().await;
        let answer = sent.map_err(|error| CallError::new(OPERATION, arn, error))?;
        let details = answer.backup_description.and_then(|all| all.backup_details);
        let now = details
            .map(|details| Backup { arn: details.backup_arn, status: details.backup_status.as_str().to_owned() });
        now.ok_or_else(|| CallError::incomplete(OPERATION, arn, "backup details"))
    }
}
