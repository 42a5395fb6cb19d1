//! A DynamoDB and an S3 in this process, with the stack's bucket and ledger.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use tableshift_aws::ledger::table::Ledger;
use tableshift_aws::s3::Bucket;
use tempfile::TempDir;

use crate::dynamodb::{create_table, serve as serve_dynamodb};
use crate::s3::{ACCESS_KEY, SECRET_KEY, serve as serve_s3};

/// The bucket that every [`Engines`] has.
pub const BUCKET: &str = "stack";
/// The ledger table that every [`Engines`] has.
pub const LEDGER: &str = "ledger";

/// A DynamoDB and an S3 for one test. They stop with the test's runtime.
#[derive(Debug)]
pub struct Engines {
    /// A client of the DynamoDB engine.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// A client of the S3 engine.
    pub s3: aws_sdk_s3::Client,
    /// The directory of the S3 engine's files. It is removed when this is dropped.
    pub files: TempDir,
}

impl Engines {
    /// Starts both engines, with an empty bucket and an empty ledger.
    pub async fn start() -> Self {
        let files = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir(files.path().join(BUCKET)).expect("a directory for the bucket");
        let dynamodb = aws_sdk_dynamodb::Client::new(&sdk_config(&serve_dynamodb().await));
        let s3 = aws_sdk_s3::config::Builder::from(&sdk_config(&serve_s3(files.path()).await))
            .force_path_style(true)
            .build();
        let engines = Self { dynamodb, s3: aws_sdk_s3::Client::from_conf(s3), files };
        engines.create_table(LEDGER, "pk", Some("sk")).await;
        engines
    }

    /// The stack's ledger.
    pub fn ledger(&self) -> Ledger {
        Ledger::new(self.dynamodb.clone(), LEDGER)
    }

    /// The stack's bucket.
    pub fn bucket(&self) -> Bucket {
        Bucket::new(self.s3.clone(), BUCKET)
    }

    /// Creates an on-demand table whose key attributes are strings.
    pub async fn create_table(&self, name: &str, partition_key: &str, sort_key: Option<&str>) {
        create_table(&self.dynamodb, name, partition_key, sort_key).await;
    }
}

/// A configuration for one engine. It ignores the environment, where another endpoint may be set.
fn sdk_config(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .build()
}
