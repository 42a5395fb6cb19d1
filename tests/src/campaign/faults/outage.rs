//! What no retry mends: from some time on, a service refuses every worker.

use crate::campaign::engines::s3 as store;
use crate::campaign::engines::s3::Ask;

/// A refusal of every request of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// What is wrong.
    pub what: Lost,
    /// From when on, in simulated milliseconds.
    pub from: i64,
}

/// What is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// The table was deleted.
    Table,
    /// The role may not write any more.
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
    /// The answer to a request to DynamoDB, if it is refused.
    pub fn of_dynamodb(self, now: i64, of_table: bool) -> Option<(u16, Vec<u8>)> {
        let code = match self.what {
            Lost::Table if of_table => "ResourceNotFoundException",
            Lost::Permission if of_table => "AccessDeniedException",
            // Source: DynamoDB developer guide, "Encryption at rest: how it works", inaccessible keys.
            Lost::TableKey if of_table => "KMSAccessDeniedException",
            Lost::Credentials => "ExpiredTokenException",
            _ => return None,
        };
        let body =
            serde_json::json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "simulated"});
        (now >= self.from).then(|| (400, body.to_string().into_bytes()))
    }

    /// The answer to a request to S3, if it is refused.
    pub fn of_s3(self, now: i64, ask: &Ask) -> Option<(u16, Vec<u8>)> {
        let (status, code) = match (self.what, ask) {
            (Lost::Bucket, _) => (404, "NoSuchBucket"),
            // Source: Amazon S3 API reference, "Error responses": a disabled key is a 400.
            (Lost::BucketKey, Ask::Put(..)) => (400, "KMS.DisabledException"),
            (Lost::Credentials, _) => (400, "ExpiredToken"),
            _ => return None,
        };
        (now >= self.from).then(|| (status, store::error(code)))
    }
}
