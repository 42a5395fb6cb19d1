//! Topics for tests: one that keeps its messages, and one that does not exist.

use std::sync::Mutex;

use tableshift_aws::CallError;
use tableshift_aws::sns::Publish;
use tableshift_core::report::message::Message;

/// A topic that keeps its messages. There is no SNS engine in this process; the workflow tests publish to a real topic.
#[derive(Debug, Default)]
pub struct Recorder {
    sent: Mutex<Vec<Message>>,
}

/// A topic that was deleted: every publish fails.
#[derive(Debug, Clone, Copy)]
pub struct MissingTopic;

impl Recorder {
    /// The subject and the body of each message that was published so far.
    pub fn sent(&self) -> Vec<(String, String)> {
        self.messages().into_iter().map(|message| (message.subject, message.text)).collect()
    }

    /// The messages that were published so far.
    pub fn messages(&self) -> Vec<Message> {
        self.sent.lock().expect("no test panicked while it published").clone()
    }

    /// The `event` of each message that was published so far.
    pub fn events(&self) -> Vec<String> {
        let event = |message: &Message| {
            let found = message.attributes.iter().find(|(name, _)| *name == "event");
            found.map(|(_, event)| event.clone()).expect("every message has an event")
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

impl Publish for MissingTopic {
    async fn publish(&self, _: &Message) -> Result<(), CallError> {
        Err(CallError::incomplete("Publish", "arn:topic", "message id"))
    }
}
