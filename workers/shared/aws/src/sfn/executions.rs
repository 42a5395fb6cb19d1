//! Asks whether an execution still runs, to decide about the lock that it has.

use crate::error::{CallError, Cause};

/// The executions of this account and Region.
#[derive(Debug, Clone)]
pub struct Executions {
    client: aws_sdk_sfn::Client,
}

/// Asks whether an execution still runs; the tests replace it.
pub trait WatchExecution {
    /// Whether the execution with this ARN still runs. An execution that Step Functions does not know any more does not.
    async fn is_running(&self, execution: &str) -> Result<bool, CallError>;
}

impl Executions {
    /// Uses this client.
    pub fn new(client: aws_sdk_sfn::Client) -> Self {
        Self { client }
    }
}

impl WatchExecution for Executions {
    async fn is_running(&self, execution: &str) -> Result<bool, CallError> {
        let request = self.client.describe_execution().execution_arn(execution);
        match request.send().await {
            // An execution that is about to be redriven may write again, so it counts as running.
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
