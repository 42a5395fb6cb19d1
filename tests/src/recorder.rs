//! A topic that keeps what was published, and one that is gone.

use std::sync::Mutex;

use tableshift_aws::CallError;
use tableshift_aws::sns::Publish;
use tableshift_core::report::message::Message;

/// Keeps messages. No topic engine runs in this process; the workflow's tests publish for real.
#[derive(Debug, Default)]
pub struct Recorder {
    sent: Mutex<Vec<Message>>,
}

/// A topic that takes no message.
#[derive(Debug, Clone, Copy)]
pub struct Gone;

impl Recorder {
    /// What was published so far: subjects and texts.
    pub fn sent(&self) -> Vec<(String, String)> {
        self.messages().into_iter().map(|message| (message.subject, message.text)).collect()
    }

    /// What was published so far.
    pub fn messages(&self) -> Vec<Message> {
        self.sent.lock().expect("no test panicked while it published").clone()
    }

    /// The `event` of each message that was published so far.
    pub fn phases(&self) -> Vec<String> {
        let event = |message: &Message| {
            let found = message.attributes.iter().find(|(name, _)| *name == "event");
            found.map(|(_, event)| event.clone()).expect("every message has a event")
        };
        self.messages().iter().map(event).collect()
    }
}

impl Publish for &Recorder {
    async fn publish(&self, message: &Message) -> Result<(), CallError> {
        Recorder::publish(self, message).await
    }
}

impl Publish for Recorder {
    async fn publish(&self, message: &Message) -> Result<(), CallError> {
        self.sent.lock().expect("no test panicked while it published").push(message.clone());
        Ok(())
    }
}

impl Publish for Gone {
    async fn publish(&self, _: &Message) -> Result<(), CallError> {
        Err(CallError::incomplete("Publish", "arn:topic", "message id"))
    }
}
