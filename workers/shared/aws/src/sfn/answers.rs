//! Sending an answer to a state that waits for one.

use aws_sdk_sfn::Client;

use crate::error::CallError;

/// Step Functions, as far as it takes answers.
#[derive(Debug, Clone)]
pub struct Answers {
    client: Client,
}

/// Answering with a task token.
pub trait SendAnswer {
    /// Sends the output for the task that waits under this token. False: nothing waits under it any more.
    async fn send(&self, token: &str, output: &str) -> Result<bool, CallError>;
}

impl Answers {
    /// The answers that `client` sends.
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

impl SendAnswer for Answers {
    async fn send(&self, token: &str, output: &str) -> Result<bool, CallError> {
        let sent = self.client.send_task_success().task_token(token).output(output).send().await;
        match sent.map_err(|error| CallError::new("SendTaskSuccess", "the waiting task", error)) {
            Ok(_) => Ok(true),
            Err(error) if ["TaskTimedOut", "TaskDoesNotExist"].iter().any(|code| error.has_code(code)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
