//! Publishes messages for people and programs.

use aws_sdk_sns::types::MessageAttributeValue;
use tableshift_core::error::failure::chain;
use tableshift_core::report::message::Message;

use crate::error::CallError;

/// A topic and the client that reaches it.
#[derive(Debug, Clone)]
pub struct Topic {
    client: aws_sdk_sns::Client,
    arn: String,
}

/// Publishes to the stack's topic.
pub trait Publish {
    /// Sends a message: its text to email addresses, its subject as SMS, its JSON to all other subscribers. The subject is
    /// cut to what SNS accepts.
    async fn publish(&self, message: &Message) -> Result<(), CallError>;
}

/// Sends a message that nothing depends on. If it cannot be sent, the run continues, and the log says so.
pub async fn notify(topic: &impl Publish, message: &Message) {
    if let Err(error) = topic.publish(message).await {
        tracing::warn!(cause = chain(&error), subject = message.subject, "the message could not be sent");
    }
}

impl Topic {
    /// The topic at `arn`.
    pub fn new(client: aws_sdk_sns::Client, arn: impl Into<String>) -> Self {
        Self { client, arn: arn.into() }
    }
}

impl Publish for Topic {
    async fn publish(&self, message: &Message) -> Result<(), CallError> {
        let request = self.client.publish().topic_arn(&self.arn);
        let request = request.subject(legal_subject(&message.subject)).message(by_protocol(message));
        let mut request = request.message_structure("json");
        for (name, value) in &message.attributes {
            let value = MessageAttributeValue::builder().data_type("String").string_value(value).build();
            let value = value.map_err(|error| CallError::refused("Publish", &self.arn, error))?;
            request = request.message_attributes(*name, value);
        }
        let sent = request.send().await;
        sent.map_err(|error| CallError::new("Publish", &self.arn, error))?;
        Ok(())
    }
}

/// The message as SNS takes it for several protocols at once. Source: SNS API reference, Publish, MessageStructure.
fn by_protocol(message: &Message) -> String {
    serde_json::json!({ "default": message.json, "email": message.text, "sms": message.subject }).to_string()
}

/// SNS rejects a subject with more than 100 characters or with a character that is not printable ASCII.
fn legal_subject(subject: &str) -> String {
    let printable = |c: char| if (' '..='~').contains(&c) { c } else { '?' };
    let legal: String = subject.chars().map(printable).take(100).collect();
    legal.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_cut_and_made_ascii() {
        assert_eq!(legal_subject(&"x".repeat(140)).len(), 100);
        assert_eq!(legal_subject("Zürich\nnow "), "Z?rich?now");
    }

    #[test]
    fn people_get_the_text_and_programs_the_json() {
        let message = Message { subject: "s".into(), text: "t\n".into(), json: "{}".into(), attributes: Vec::new() };
        let sent: serde_json::Value = serde_json::from_str(&by_protocol(&message)).unwrap();
        assert_eq!(sent, serde_json::json!({ "default": "{}", "email": "t\n", "sms": "s" }));
    }
}
