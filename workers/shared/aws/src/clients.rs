//! The SDK's configuration, and the edges built from it.

use std::env;
use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};

use crate::alarms::Alarms;
use crate::backups::Backups;
use crate::calendars::Calendars;
use crate::executions::Executions;
use crate::exports::Exports;
use crate::ledger::Ledger;
use crate::lookout::Lookout;
use crate::notifications::Topic;
use crate::objects::Bucket;
use crate::scan::TableItems;
use crate::tables::Tables;
use crate::throttles::ThrottlesComeBack;

/// What the template tells every function through its environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The stage: `dev`, `test` or `prod`.
    pub stage: String,
    /// The stack's bucket.
    pub bucket: String,
    /// The stack's ledger table.
    pub ledger: String,
    /// The stack's topic; only the functions that publish have it.
    pub topic: Option<String>,
}

/// A function was deployed without something it needs.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {0} is not set; deploy the function with infra/template.yaml, which sets it")]
pub struct MissingSetting(&'static str);

impl Settings {
    /// Reads the environment of the function.
    pub fn from_env() -> Result<Self, MissingSetting> {
        Self::read(|name| env::var(name).ok())
    }

    fn read(look_up: impl Fn(&str) -> Option<String>) -> Result<Self, MissingSetting> {
        let found = |name: &'static str| look_up(name).filter(|value| !value.is_empty()).ok_or(MissingSetting(name));
        Ok(Self {
            stage: found("TABLESHIFT_STAGE")?,
            bucket: found("TABLESHIFT_BUCKET")?,
            ledger: found("TABLESHIFT_LEDGER")?,
            topic: found("TABLESHIFT_TOPIC").ok(),
        })
    }
}

/// Makes edges. Each SDK client is made only when its edge is asked for, so that a worker which
/// never publishes neither starts nor links an SNS client.
#[derive(Debug, Clone)]
pub struct Clients {
    config: SdkConfig,
    settings: Settings,
}

impl Clients {
    /// The clients of a deployed function: credentials, region and settings from its environment.
    pub async fn from_env() -> Result<Self, MissingSetting> {
        let settings = Settings::from_env()?;
        // Lambda hands credentials over in the environment. The default chain would look further, and would build a
        // second HTTP client with a second parse of the TLS roots for it: a third of the cold start.
        let config = aws_config::defaults(BehaviorVersion::latest())
            .credentials_provider(EnvironmentVariableCredentialsProvider::new())
            .region(EnvironmentVariableRegionProvider::new())
            .retry_config(retries())
            .timeout_config(timeouts())
            .load()
            .await;
        Ok(Self::new(config, settings))
    }

    /// Clients over a configuration made elsewhere, as a test does.
    pub fn new(config: SdkConfig, settings: Settings) -> Self {
        Self { config, settings }
    }

    /// What the environment said.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The stack's bucket.
    pub fn bucket(&self) -> Bucket {
        Bucket::new(self.s3(), &self.settings.bucket)
    }

    /// The stack's ledger.
    pub fn ledger(&self) -> Ledger {
        Ledger::new(self.dynamodb(), &self.settings.ledger)
    }

    /// Descriptions of tables.
    pub fn tables(&self) -> Tables {
        Tables::new(self.dynamodb())
    }

    /// On-demand backups.
    pub fn backups(&self) -> Backups {
        Backups::new(self.dynamodb())
    }

    /// Point-in-time exports.
    pub fn exports(&self) -> Exports {
        Exports::new(self.dynamodb())
    }

    /// Executions of state machines.
    pub fn executions(&self) -> Executions {
        Executions::new(aws_sdk_sfn::Client::new(&self.config))
    }

    /// The calendars and alarms that runs watch.
    pub fn lookout(&self) -> Lookout {
        let calendars = Calendars::new(aws_sdk_ssm::Client::new(&self.config));
        Lookout { calendars, alarms: Alarms::new(aws_sdk_cloudwatch::Client::new(&self.config)) }
    }

    /// The stack's topic. An error when the function was deployed without one.
    pub fn topic(&self) -> Result<Topic, MissingSetting> {
        let arn = self.settings.topic.as_deref();
        let arn = arn.ok_or(MissingSetting("TABLESHIFT_TOPIC"))?;
        Ok(Topic::new(aws_sdk_sns::Client::new(&self.config), arn))
    }

    /// A DynamoDB client, for the edges that read and write items.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    /// The items of a table, for workers that pace themselves: a throttle comes back to them at once.
    pub fn items(&self) -> impl Fn(&str) -> TableItems + use<> {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.config).retry_classifier(ThrottlesComeBack).build();
        let client = aws_sdk_dynamodb::Client::from_conf(config);
        move |table| TableItems::new(client.clone(), table)
    }

    /// An S3 client. It addresses the bucket in the path, not in the host name: AWS serves both,
    /// other endpoints often only this, and nothing here has to know which one it talks to.
    fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(true).build();
        aws_sdk_s3::Client::from_conf(config)
    }
}

/// Five attempts ride out a burst of throttling; what lasts longer is the state machine's to retry.
pub fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(5)
}

/// A call that hangs must not use up the function's deadline. Reading a body is not under these:
/// an export file is streamed for as long as it takes.
pub fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .read_timeout(Duration::from_secs(20))
        .operation_attempt_timeout(Duration::from_secs(30))
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings, MissingSetting> {
        Settings::read(|name| {
            let pair = pairs.iter().find(|(key, _)| *key == name);
            pair.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_missing_setting_is_named() {
        let error = read(&[("TABLESHIFT_STAGE", "dev"), ("TABLESHIFT_BUCKET", "b")]).unwrap_err();
        assert!(error.to_string().contains("TABLESHIFT_LEDGER"), "{error}");
    }

    #[test]
    fn the_topic_is_optional() {
        let mut pairs = vec![("TABLESHIFT_STAGE", "dev"), ("TABLESHIFT_BUCKET", "b"), ("TABLESHIFT_LEDGER", "l")];
        assert_eq!(read(&pairs).unwrap().topic, None);
        pairs.push(("TABLESHIFT_TOPIC", "arn"));
        assert_eq!(read(&pairs).unwrap().topic.as_deref(), Some("arn"));
    }
}
