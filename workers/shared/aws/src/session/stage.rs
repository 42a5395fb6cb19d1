//! A deployed stage as the people and pipelines see it that operate it: found by its stack's outputs, with the credentials
//! that the AWS CLI would use. Only the command has this; no worker can start or describe a run so.

use aws_config::{BehaviorVersion, SdkConfig};

use crate::clients::{Clients, Settings, retries, timeouts};
use crate::error::CallError;
use crate::session::executions::Operate;

/// A deployed stage.
#[derive(Debug, Clone)]
pub struct DeployedStage {
    /// Its name; empty if only its resources are known.
    pub name: String,
    /// The ARN of its state machine.
    pub state_machine: String,
    /// Its bucket, ledger and topic.
    pub clients: Clients,
    config: SdkConfig,
}

/// The environment variables that name a stage's resources without asking CloudFormation, as `scripts/local env` prints.
pub const VARIABLES: [&str; 3] = ["TABLESHIFT_STATE_MACHINE_ARN", "TABLESHIFT_BUCKET", "TABLESHIFT_LEDGER"];

/// Why a stage cannot be operated.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// Nothing says which one.
    #[error("no stage is given; use `--stage`, or set TABLESHIFT_STAGE")]
    Unnamed,
    /// Its stack did not answer, or is not there.
    #[error("cannot read the stack tableshift-{stage}; check that the stage is deployed in this account and Region")]
    Stack {
        /// The stage.
        stage: String,
        /// What went wrong.
        #[source]
        source: CallError,
    },
    /// Its stack has not the outputs of this version.
    #[error(
        "the stack tableshift-{stage} has no output {output}; deploy this version of the stage with scripts/deploy"
    )]
    Output {
        /// The stage.
        stage: String,
        /// The output.
        output: &'static str,
    },
}

impl DeployedStage {
    /// Finds a stage: by its name, through its stack's outputs; without a name, by [`VARIABLES`].
    pub async fn find(stage: Option<&str>, variable: impl Fn(&str) -> Option<String>) -> Result<Self, StageError> {
        let config = aws_config::defaults(BehaviorVersion::latest());
        let config = config.retry_config(retries()).timeout_config(timeouts()).load().await;
        let found = |name: &str| variable(name).filter(|value| !value.is_empty());
        if stage.is_none()
            && let [Some(state_machine), Some(bucket), Some(ledger)] = VARIABLES.map(found)
        {
            let settings = Settings { stage: String::new(), bucket, ledger, topic: found("TABLESHIFT_TOPIC") };
            return Ok(Self::new(config, state_machine, settings));
        }
        let stage = stage.map(str::to_owned).or_else(|| found("TABLESHIFT_STAGE")).ok_or(StageError::Unnamed)?;
        Self::by_stack(config, stage).await
    }

    async fn by_stack(config: SdkConfig, stage: String) -> Result<Self, StageError> {
        let stack = format!("tableshift-{stage}");
        let request = aws_sdk_cloudformation::Client::new(&config).describe_stacks().stack_name(&stack);
        let answer = request.send().await.map_err(|error| StageError::Stack {
            stage: stage.clone(),
            source: CallError::new("DescribeStacks", &stack, error),
        })?;
        let outputs = answer.stacks().iter().flat_map(|stack| stack.outputs());
        let outputs: Vec<_> =
            outputs.filter_map(|output| Some((output.output_key()?, output.output_value()?))).collect();
        let output = |name: &'static str| {
            let found = outputs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            found.ok_or_else(|| StageError::Output { stage: stage.clone(), output: name })
        };
        let settings = Settings {
            stage: stage.clone(),
            bucket: output("BucketName")?,
            ledger: output("LedgerTableName")?,
            topic: output("TopicArn").ok(),
        };
        Ok(Self::new(config, output("StateMachineArn")?, settings))
    }

    /// A stage whose resources are known.
    pub fn new(config: SdkConfig, state_machine: String, settings: Settings) -> Self {
        let (name, clients) = (settings.stage.clone(), Clients::new(config.clone(), settings));
        Self { name, state_machine, clients, config }
    }

    /// The executions of its state machine.
    pub fn executions(&self) -> Operate {
        Operate::new(aws_sdk_sfn::Client::new(&self.config), &self.state_machine)
    }
}
