//! Starts and describes point-in-time exports to S3.

use aws_sdk_dynamodb::primitives::DateTime;
use aws_sdk_dynamodb::types::{ExportDescription, ExportFormat, ExportType, S3SseAlgorithm};

use crate::error::CallError;

/// The exports of this account and Region.
#[derive(Debug, Clone)]
pub struct Exports {
    client: aws_sdk_dynamodb::Client,
}

/// The table to export, as of which time, and where to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportRequest<'a> {
    /// The ARN of the table.
    pub table_arn: &'a str,
    /// The time whose items are exported, in epoch seconds.
    pub at_epoch_seconds: i64,
    /// Within eight hours, a request with the same token does not start another export. Source: DynamoDB API reference,
    /// ExportTableToPointInTime.
    pub client_token: &'a str,
    /// The bucket to export to.
    pub bucket: &'a str,
    /// The prefix of the exported objects' keys.
    pub prefix: &'a str,
}

/// An export with its status at the time of the call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Export {
    /// The ARN.
    pub arn: String,
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`.
    pub status: String,
    /// Key of `manifest-summary.json`, once completed.
    pub manifest: Option<String>,
    /// If it failed: DynamoDB's code and message.
    pub failure: Option<String>,
}

/// Starts and describes exports; the tests replace it.
pub trait ExportTable {
    /// Starts an export, or finds the one that an equal request started.
    async fn start(&self, request: &ExportRequest<'_>) -> Result<Export, CallError>;
    /// The export with this ARN.
    async fn describe(&self, arn: &str) -> Result<Export, CallError>;
}

impl Exports {
    /// Uses this client.
    pub fn new(client: aws_sdk_dynamodb::Client) -> Self {
        Self { client }
    }
}

impl ExportTable for Exports {
    async fn start(&self, request: &ExportRequest<'_>) -> Result<Export, CallError> {
        const OPERATION: &str = "ExportTableToPointInTime";
        let call = self.client.export_table_to_point_in_time();
        let sent = call
            .table_arn(request.table_arn)
            .export_time(DateTime::from_secs(request.at_epoch_seconds))
            .client_token(request.client_token)
            .s3_bucket(request.bucket)
            .s3_prefix(request.prefix)
            .s3_sse_algorithm(S3SseAlgorithm::Aes256)
            .export_format(ExportFormat::DynamodbJson)
            .export_type(ExportType::FullExport)
            .send()
            .await;
        let answer = sent.map_err(|error| CallError::new(OPERATION, request.table_arn, error))?;
        let started = answer.export_description.and_then(described);
        started.ok_or_else(|| CallError::incomplete(OPERATION, request.table_arn, "export description"))
    }

    async fn describe(&self, arn: &str) -> Result<Export, CallError> {
        const OPERATION: &str = "DescribeExport";
        let sent = self.client.describe_export().export_arn(arn).send().await;
        let answer = sent.map_err(|error| CallError::new(OPERATION, arn, error))?;
        let now = answer.export_description.and_then(described);
        now.ok_or_else(|| CallError::incomplete(OPERATION, arn, "export description"))
    }
}

fn described(export: ExportDescription) -> Option<Export> {
    let failure = match (export.failure_code, export.failure_message) {
        (Some(code), Some(message)) => Some(format!("{code}: {message}")),
        (code, message) => code.or(message),
    };
    Some(Export {
        arn: export.export_arn?,
        status: export.export_status?.as_str().to_owned(),
        manifest: export.export_manifest,
        failure,
    })
}
