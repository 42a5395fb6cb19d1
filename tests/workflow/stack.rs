//! A stage that runs on this machine, and clients for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use tableshift_aws::ledger::table::Ledger;
use tableshift_aws::s3::Bucket;
use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The variables that `scripts/local env` prints.
pub type Variables = BTreeMap<String, String>;

/// Held for reading by every test, and for writing by those that kill processes.
static AT_WORK: RwLock<()> = RwLock::const_new(());
/// The variables of each stage that was used.
static FOUND: Mutex<BTreeMap<&'static str, Variables>> = Mutex::new(BTreeMap::new());

/// One stage's stack. While a test has it, no other test kills processes.
pub struct Stack {
    /// The stage.
    pub stage: &'static str,
    /// The environment variables that point the AWS CLI and every SDK to the stack.
    pub variables: Variables,
    /// A client for its tables.
    pub dynamodb: aws_sdk_dynamodb::Client,
    /// A client for its objects.
    pub s3: aws_sdk_s3::Client,
    /// A client for its executions.
    pub sfn: aws_sdk_sfn::Client,
    /// A client for its topics.
    pub sns: aws_sdk_sns::Client,
    _guard: Guard,
}

/// The lock that a test has while it uses the stack.
#[expect(dead_code, reason = "what matters is when they are dropped")]
enum Guard {
    Shared(RwLockReadGuard<'static, ()>),
    Alone(RwLockWriteGuard<'static, ()>),
}

impl Stack {
    /// The stack of a stage, shared with other tests.
    pub async fn of(stage: &'static str) -> Self {
        Self::found(stage, Guard::Shared(AT_WORK.read().await))
    }

    /// The stack of a stage, while no other test uses any stack.
    pub async fn alone(stage: &'static str) -> Self {
        Self::found(stage, Guard::Alone(AT_WORK.write().await))
    }

    fn found(stage: &'static str, guard: Guard) -> Self {
        let variables = variables(stage);
        let config = config(&variables);
        let s3 = aws_sdk_s3::config::Builder::from(&config).force_path_style(true).build();
        Self {
            stage,
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            s3: aws_sdk_s3::Client::from_conf(s3),
            sfn: aws_sdk_sfn::Client::new(&config),
            sns: aws_sdk_sns::Client::new(&config),
            variables,
            _guard: guard,
        }
    }

    /// One of the stack's variables.
    pub fn variable(&self, name: &str) -> &str {
        self.variables.get(name).unwrap_or_else(|| panic!("scripts/local env prints no {name}"))
    }

    /// The stack's bucket.
    pub fn bucket(&self) -> Bucket {
        Bucket::new(self.s3.clone(), self.variable("TABLESHIFT_BUCKET"))
    }

    /// The stack's ledger.
    pub fn ledger(&self) -> Ledger {
        Ledger::new(self.dynamodb.clone(), self.variable("TABLESHIFT_LEDGER"))
    }

    /// The port of the local stack.
    pub fn port(&self) -> &str {
        self.variable("AWS_ENDPOINT_URL").rsplit(':').next().expect("an address has a port")
    }
}

/// The project's root folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the project").to_path_buf()
}

/// A name that is unique, also among earlier runs of the tests on the same stack.
pub fn unique(word: &str) -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_millis();
    format!("{word}-{now:x}-{}", COUNTER.fetch_add(1, Ordering::Relaxed))
}

fn variables(stage: &'static str) -> Variables {
    let mut found = FOUND.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    found.entry(stage).or_insert_with(|| asked_for(stage)).clone()
}

/// The output of `scripts/local env` for a stage. Fails with its error message if the stage is not running.
fn asked_for(stage: &str) -> Variables {
    let asked = Command::new(root().join("scripts/local")).args(["env", "--stage", stage]).output();
    let asked = asked.expect("scripts/local can be run");
    assert!(
        asked.status.success(),
        "the workflow tests need stage {stage} on this machine. Run ./scripts/test, which brings it up and takes it \
         down, or bring it up with ./scripts/local up --stage {stage}\n{}",
        String::from_utf8_lossy(&asked.stderr)
    );
    let printed = String::from_utf8(asked.stdout).expect("scripts/local env prints UTF-8");
    let pairs = printed.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect()
}

/// A configuration from these variables only: the environment may be set for a real account.
fn config(variables: &Variables) -> SdkConfig {
    let credentials =
        Credentials::new(&variables["AWS_ACCESS_KEY_ID"], &variables["AWS_SECRET_ACCESS_KEY"], None, None, "local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(variables["AWS_REGION"].clone()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(&variables["AWS_ENDPOINT_URL"])
        .build()
}
