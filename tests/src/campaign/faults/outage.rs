//! Permanent errors that no retry can fix: from some time on, a service refuses every worker.

use crate::campaign::engines::s3::{self, S3Request};

/// Something that becomes unavailable, so that every request for it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// What the workers lose.
    pub lost: LostResource,
    /// From when on, in simulated milliseconds.
    pub from: i64,
}

/// What becomes unavailable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LostResource {
    /// The table was deleted.
    Table,
    /// The role loses the permission for the table.
    Permission,
    /// The table's key cannot be used.
    TableKey,
    /// The bucket was deleted.
    Bucket,
    /// The bucket's key is disabled.
    BucketKey,
    /// The function's credentials have expired, for every service.
    Credentials,
}

impl Outage {
    /// The error response to a request to DynamoDB, if the outage affects it.
    pub fn dynamodb_error(self, now: i64, of_table: bool) -> Option<(u16, Vec<u8>)> {
        let code = match self.lost {
            LostResource::Table if of_table => "ResourceNotFoundException",
            LostResource::Permission if of_table => "AccessDeniedException",
            // Source: DynamoDB developer guide, "Encryption at rest: how it works", inaccessible keys.
            LostResource::TableKey if of_table => "KMSAccessDeniedException",
            LostResource::Credentials => "ExpiredTokenException",
            _ => return None,
        };
        let body =
            serde_json::json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "simulated"});
        (now >= self.from).then(|| (400, body.to_string().into_bytes()))
    }

    /// The error response to a request to S3, if the outage affects it.
    pub fn s3_error(self, now: i64, request: &S3Request) -> Option<(u16, Vec<u8>)> {
        let (status, code) = match (self.lost, request) {
            (LostResource::Bucket, _) => (404, "NoSuchBucket"),
            // Source: Amazon S3 API reference, "Error responses": a disabled key is a 400.
            (LostResource::BucketKey, S3Request::Put(..)) => (400, "KMS.DisabledException"),
            (LostResource::Credentials, _) => (400, "ExpiredToken"),
            _ => return None,
        };
        (now >= self.from).then(|| (status, s3::error(code)))
    }
}
