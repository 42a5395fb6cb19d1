//! The configuration of the SDK, and the adapters that are built from it.

use std::env;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::SharedCredentialsProvider;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use tableshift_core::control::lock::WRITE_SECONDS;

use crate::dynamodb::backups::Backups;
use crate::dynamodb::exports::Exports;
use crate::dynamodb::scan::TableItems;
use crate::dynamodb::tables::Tables;
use crate::dynamodb::throttles::NoThrottleRetry;
use crate::identity::signatures::Sts;
use crate::identity::signing::{Signer, SigningError};
use crate::identity::starts::EventHistory;
use crate::identity::sts::NoEndpoint;
use crate::ledger::table::Ledger;
use crate::monitors::alarms::Alarms;
use crate::monitors::calendars::Calendars;
use crate::monitors::reader::MonitorReader;
use crate::s3::Bucket;
use crate::sfn::answers::Answers;
use crate::sfn::executions::Executions;
use crate::sns::Topic;

/// The environment variables that the template sets for every function.
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

/// An environment variable that the function needs is not set.
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

/// Creates the adapters. An SDK client is created only with its adapter, so a worker that never publishes neither starts nor
/// links an SNS client.
#[derive(Debug, Clone)]
pub struct Clients {
    config: SdkConfig,
    settings: Settings,
}

impl Clients {
    /// The clients of a deployed function, with credentials, Region and settings from its environment.
    pub fn from_env() -> Result<Self, MissingSetting> {
        let settings = Settings::from_env()?;
        // Lambda sets everything in the environment. The SDK's default chain also knows profiles, STS and instance metadata;
        // linking them makes the zip larger and the cold start longer.
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
            .region(env::var("AWS_REGION").or_else(|_| env::var("AWS_DEFAULT_REGION")).ok().map(Region::new))
            .retry_config(retries())
            .timeout_config(timeouts())
            .service_config(Environment);
        config.set_endpoint_url(env::var("AWS_ENDPOINT_URL").ok());
        let config = config.build();
        Ok(Self::new(config, settings))
    }

    /// Clients with another configuration: for tests and the command.
    pub fn new(config: SdkConfig, settings: Settings) -> Self {
        Self { config, settings }
    }

    /// The settings that the clients were created with.
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

    /// Describes tables.
    pub fn tables(&self) -> Tables {
        Tables::new(self.dynamodb())
    }

    /// Creates and describes on-demand backups.
    pub fn backups(&self) -> Backups {
        Backups::new(self.dynamodb())
    }

    /// Starts and describes point-in-time exports.
    pub fn exports(&self) -> Exports {
        Exports::new(self.dynamodb())
    }

    /// Describes executions of state machines.
    pub fn executions(&self) -> Executions {
        Executions::new(aws_sdk_sfn::Client::new(&self.config))
    }

    /// Reads change calendars and alarms.
    pub fn monitor_reader(&self) -> MonitorReader {
        let calendars = Calendars::new(aws_sdk_ssm::Client::new(&self.config));
        MonitorReader { calendars, alarms: Alarms::new(aws_sdk_cloudwatch::Client::new(&self.config)) }
    }

    /// The stack's topic. An error if `TABLESHIFT_TOPIC` is not set: only functions that publish have it.
    pub fn topic(&self) -> Result<Topic, MissingSetting> {
        let arn = self.settings.topic.as_deref();
        let arn = arn.ok_or(MissingSetting("TABLESHIFT_TOPIC"))?;
        Ok(Topic::new(aws_sdk_sns::Client::new(&self.config), arn))
    }

    /// The STS of this account and Region, which verifies signatures.
    pub async fn sts(&self) -> Result<Sts, NoEndpoint> {
        Sts::of(&self.config).await
    }

    /// Signs statements with these credentials.
    pub async fn signer(&self) -> Result<Signer, SigningError> {
        Signer::of(&self.config).await
    }

    /// Sends answers to tasks that wait for one.
    pub fn answers(&self) -> Answers {
        Answers::new(aws_sdk_sfn::Client::new(&self.config))
    }

    /// CloudTrail's event history of this account.
    pub fn event_history(&self) -> EventHistory {
        EventHistory::new(aws_sdk_cloudtrail::Client::new(&self.config))
    }

    /// A DynamoDB client with the standard retries.
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        aws_sdk_dynamodb::Client::new(&self.config)
    }

    /// Opens the items of a table, for workers that control their own rate: they get a throttle at once instead of a retry by
    /// the SDK, and a write cannot take effect after they stopped waiting for it.
    pub fn items(&self) -> impl Fn(&str) -> TableItems + use<> {
        let timeouts = timeouts().to_builder().operation_timeout(Duration::from_secs(WRITE_SECONDS)).build();
        let config = aws_sdk_dynamodb::config::Builder::from(&self.config);
        let config = config.retry_classifier(NoThrottleRetry).timeout_config(timeouts).build();
        let client = aws_sdk_dynamodb::Client::from_conf(config);
        move |table| TableItems::new(client.clone(), table)
    }

    /// An S3 client with path-style addresses: AWS accepts both styles, other endpoints often only this one.
    fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.config).force_path_style(true).build();
        aws_sdk_s3::Client::from_conf(config)
    }
}

/// Reads the environment variables for one service, for example `AWS_ENDPOINT_URL_DYNAMODB`.
#[derive(Debug)]
struct Environment;

impl LoadServiceConfig for Environment {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace([' ', '-'], "_");
        env::var(format!("{}_{service}", key.env())).ok()
    }
}

/// Five attempts, which is enough for a burst of throttling. After that the state machine retries.
pub fn retries() -> RetryConfig {
    RetryConfig::standard().with_max_attempts(5)
}

/// Time limits, so that a call that hangs does not use up the function's time. They do not apply to reading a body: an export
/// file may take longer.
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
