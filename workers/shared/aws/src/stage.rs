//! Finding a deployed stage from a person's shell: by its stack, or by what the environment names.

use crate::clients::{Clients, Settings};
use crate::error::CallError;
use crate::shell::Shell;

/// The variables that name a stage without a stack to ask, as `scripts/local env` prints them.
const VARIABLES: [&str; 2] = ["TABLESHIFT_BUCKET", "TABLESHIFT_LEDGER"];

/// Why a stage is not found.
#[derive(Debug, thiserror::Error)]
pub enum NoStage {
    /// Nothing says which one.
    #[error("no stage is named; write `--stage prod`, or set TABLESHIFT_BUCKET and TABLESHIFT_LEDGER")]
    Unnamed,
    /// Its stack cannot be read.
    #[error("the stack {stack} cannot be read; is the stage deployed in this account and Region?")]
    Stack {
        /// The stack.
        stack: String,
        /// What went wrong.
        #[source]
        source: CallError,
    },
    /// Its stack is of another version.
    #[error("the stack {stack} has no output {output}; deploy it again")]
    Output {
        /// The stack.
        stack: String,
        /// The output.
        output: &'static str,
    },
}

impl Shell {
    /// The clients of a stage: of the stack `tableshift-<stage>`, or of what `variable` names if no stage is given.
    pub async fn stage(
        &self,
        stage: Option<&str>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Clients, NoStage> {
        let Some(stage) = stage else {
            let [Some(bucket), Some(ledger)] = VARIABLES.map(|name| variable(name).filter(|value| !value.is_empty()))
            else {
                return Err(NoStage::Unnamed);
            };
            let settings = Settings { stage: String::new(), bucket, ledger, topic: None };
            return Ok(Clients::new(self.config().clone(), settings));
        };
        let stack = format!("tableshift-{stage}");
        let request = aws_sdk_cloudformation::Client::new(self.config()).describe_stacks().stack_name(&stack);
        let answer = request.send().await.map_err(|error| NoStage::Stack {
            stack: stack.clone(),
            source: CallError::new("DescribeStacks", &stack, error),
        })?;
        let outputs: Vec<_> = answer.stacks().iter().flat_map(|stack| stack.outputs()).collect();
        let output = |name: &'static str| {
            let found = outputs.iter().find(|output| output.output_key() == Some(name));
            let value = found.and_then(|output| output.output_value()).map(str::to_owned);
            value.ok_or_else(|| NoStage::Output { stack: stack.clone(), output: name })
        };
        let (bucket, ledger) = (output("BucketName")?, output("LedgerTableName")?);
        Ok(Clients::new(self.config().clone(), Settings { stage: stage.to_owned(), bucket, ledger, topic: None }))
    }
}
