//! Executions of the state machine, as far as a lock cares about them.

use crate::error::{CallError, Cause};

/// The executions that a client reaches.
#[derive(Debug, Clone)]
pub struct Executions {
    client: aws_sdk_sfn::Client,
}

/// Asking whether an execution still runs.
pub trait WatchExecution {
    /// Whether the execution is still running. One that Step Functions has forgotten is not.
    async fn is_running(&self, execution: &str) -> Result<bool, CallError>;
}

impl Executions {
    /// The executions that `client` reaches.
    pub fn new(client: aws_sdk_sfn::Client) -> Self {
        Self { client }
    }
}

impl WatchExecution for Executions {
    async fn is_running(&self, execution: &str) -> Result<bool, CallError> {
        let request = self.client.describe_execution().execution_arn(execution);
        match request.send().await {
            // An execution that waits to be redriven may write again, so it counts as running.
            Ok(answer) => Ok(matches!(answer.status.as_str(), "RUNNING" | "PENDING_REDRIVE")),
            Err(error) => {
                let error = CallError::new("DescribeExecution", execution, error);
                if error.cause == Cause::NotFound {
                    return Ok(false);
                }
                Err(error)
            }
        }
    }
}
