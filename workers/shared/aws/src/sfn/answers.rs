//! Sends answers to states that wait for one with a task token.

use aws_sdk_sfn::Client;

use crate::error::CallError;

/// The waiting tasks of this account and Region.
#[derive(Debug, Clone)]
pub struct Answers {
    client: Client,
}

impl Answers {
    /// Uses this client.
    pub fn new(client: Client) -> Self {
        Self { client }
    }

    /// Sends `output`, a JSON string, to the task that waits with this token. False: no task waits with it any more.
    pub async fn send(&self, token: &str, output: &str) -> Result<bool, CallError> {
        let sent = self.client.send_task_success().task_token(token).output(output).send().await;
        match sent.map_err(|error| CallError::new("SendTaskSuccess", "the waiting task", error)) {
            Ok(_) => Ok(true),
            Err(error) if ["TaskTimedOut", "TaskDoesNotExist"].iter().any(|code| error.has_code(code)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
