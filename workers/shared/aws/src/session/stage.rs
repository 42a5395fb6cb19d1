//! Finds a deployed stage: by the outputs of its stack, or by environment variables.

use aws_config::{BehaviorVersion, SdkConfig};

use crate::clients::{Clients, Settings, retries, timeouts};
use crate::error::CallError;
use crate::session::executions::Operate;

/// A deployed stage.
#[derive(Debug, Clone)]
pub struct DeployedStage {
    /// The name; empty if the stage was found by environment variables.
    pub name: String,
    /// The ARN of the state machine.
    pub state_machine: String,
    /// The clients for the bucket, the ledger and the topic.
    pub clients: Clients,
    config: SdkConfig,
}

/// The environment variables that name the resources of a stage, so that CloudFormation is not asked. `scripts/local env`
/// prints them.
pub const VARIABLES: [&str; 3] = ["TABLESHIFT_STATE_MACHINE_ARN", "TABLESHIFT_BUCKET", "TABLESHIFT_LEDGER"];

/// Why a stage cannot be found.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// No stage is named.
    #[error("no stage is named; write `--stage dev`, or set TABLESHIFT_STAGE")]
    Unnamed,
    /// The stack does not exist, or cannot be read.
    #[error("the stack tableshift-{stage} cannot be read; is the stage deployed in this account and Region?")]
    Stack {
        /// The stage's name.
        stage: String,
        /// The error of the call.
        #[source]
        source: CallError,
    },
    /// The stack lacks an output: another version was deployed.
    #[error("the stack tableshift-{stage} has no output {output}; deploy it again with scripts/deploy")]
    Output {
        /// The stage's name.
        stage: String,
        /// The name of the output.
        output: &'static str,
    },
}

impl DeployedStage {
    /// Finds a stage: with a name by the outputs of its stack, without a name by [`VARIABLES`] or the variable
    /// TABLESHIFT_STAGE.
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

    /// A stage with known resources.
    pub fn new(config: SdkConfig, state_machine: String, settings: Settings) -> Self {
        let (name, clients) = (settings.stage.clone(), Clients::new(config.clone(), settings));
        Self { name, state_machine, clients, config }
    }

    /// The executions of the stage's state machine.
    pub fn executions(&self) -> Operate {
        Operate::new(aws_sdk_sfn::Client::new(&self.config), &self.state_machine)
    }
}
