//! A topic that keeps what was published.

use std::sync::Mutex;

use tableshift_aws::CallError;
use tableshift_aws::notifications::Publish;

/// Keeps subjects and messages. No topic engine runs in this process; the workflow's tests publish for real.
#[derive(Debug, Default)]
pub struct Recorder {
    sent: Mutex<Vec<(String, String)>>,
}

impl Recorder {
    /// What was published so far: subjects and messages.
    pub fn sent(&self) -> Vec<(String, String)> {
        self.sent.lock().expect("no test panicked while it published").clone()
    }
}

impl Publish for &Recorder {
    async fn publish(&self, subject: &str, message: &str) -> Result<(), CallError> {
        Recorder::publish(self, subject, message).await
    }
}

impl Publish for Recorder {
    async fn publish(&self, subject: &str, message: &str) -> Result<(), CallError> {
        let mut sent = self.sent.lock().expect("no test panicked while it published");
        sent.push((subject.to_owned(), message.to_owned()));
        Ok(())
    }
}
