//! Messages to people.

use crate::error::CallError;

/// A topic and the client that reaches it.
#[derive(Debug, Clone)]
pub struct Topic {
    client: aws_sdk_sns::Client,
    arn: String,
}

/// Publishing to the stack's topic.
pub trait Publish {
    /// Sends `message` under `subject`, which is cut to what SNS takes.
    async fn publish(&self, subject: &str, message: &str) -> Result<(), CallError>;
}

impl Topic {
    /// The topic at `arn`.
    pub fn new(client: aws_sdk_sns::Client, arn: impl Into<String>) -> Self {
        Self { client, arn: arn.into() }
    }
}

impl Publish for Topic {
    async fn publish(&self, subject: &str, message: &str) -> Result<(), CallError> {
        let request = self.client.publish().topic_arn(&self.arn);
        let request = request.subject(legal_subject(subject)).message(message);
        let sent = request.send().await;
        sent.map_err(|error| CallError::new("Publish", &self.arn, error))?;
        Ok(())
    }
}

/// SNS refuses a subject of more than 100 characters, or with any that is not printable ASCII.
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
}
