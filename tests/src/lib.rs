//! Real engines in this process, for tests that want the wire and not a double of it: dynoxide
//! answers as DynamoDB and s3s as S3, each on a port of its own on 127.0.0.1, and the real SDK
//! clients talk to them.

pub mod campaign;
pub mod dynamodb;
mod monitors;
mod recorder;
mod run;
mod runs;
pub mod s3;
pub mod sts;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use tableshift_aws::ledger::table::Ledger;
use tableshift_aws::s3::Bucket;
use tempfile::TempDir;

pub use monitors::{Calm, Scripted};
pub use recorder::{Gone, Recorder};
pub use run::{MIGRATION, PEOPLE, TestRun, old_items};
pub use runs::{EXECUTION, NOW, RUN, TABLE, plan};

/// The key that every client signs with, and the only one that the S3 engine takes.
const ACCESS_KEY: &str = "tests";
/// Its secret.
const SECRET_KEY: &str = "tests";

/// The bucket that every set of engines has.
pub const BUCKET: &str = "stack";
/// The ledger table that every set of engines has.
pub const LEDGER: &str = "ledger";

/// A DynamoDB and an S3 that nobody else uses. They end with the test's runtime.
#[derive(Debug)]
pub struct Engines {
    /// The client of the DynamoDB engine.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// The client of the S3 engine.
    pub s3: aws_sdk_s3::Client,
    /// Where the S3 engine keeps its files; removed with this.
    pub files: TempDir,
}

impl Engines {
    /// Starts both engines, with an empty bucket and an empty ledger.
    pub async fn start() -> Self {
        let files = tempfile::tempdir().expect("a temporary directory");
        std::fs::create_dir(files.path().join(BUCKET)).expect("a directory for the bucket");
        let dynamodb = aws_sdk_dynamodb::Client::new(&sdk_config(&dynamodb::serve().await));
        let s3 = aws_sdk_s3::config::Builder::from(&sdk_config(&s3::serve(files.path()).await))
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
        dynamodb::create_table(&self.dynamodb, name, partition_key, sort_key).await;
    }
}

/// A configuration for one engine. It takes nothing from the environment, where an endpoint may be
/// set for other work.
fn sdk_config(endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "tests");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .build()
}
