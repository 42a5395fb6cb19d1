//! A subscriber of the stack's topic.

use serde_json::{Value, json};

use crate::stack::{Stack, unique};
use crate::waiting::eventually;

/// A queue that receives the topic's messages.
pub struct Subscriber<'s> {
    stack: &'s Stack,
    queue: String,
}

impl<'s> Subscriber<'s> {
    /// Subscribes with this filter policy.
    pub async fn to(stack: &'s Stack, policy: &Value) -> Self {
        let name = unique("subscriber");
        let created = stack.aws(&format!("sqs create-queue --queue-name {name} --attributes '{}'", attributes()));
        let queue = created["QueueUrl"].as_str().expect("the queue's address").to_owned();
        let described = stack.aws(&format!("sqs get-queue-attributes --queue-url {queue} --attribute-names QueueArn"));
        let arn = described["Attributes"]["QueueArn"].as_str().expect("the queue's ARN");
        let request = stack.sns.subscribe().topic_arn(stack.variable("TABLESHIFT_TOPIC"));
        let request = request.protocol("sqs").endpoint(arn).attributes("RawMessageDelivery", "true");
        request.attributes("FilterPolicy", policy.to_string()).send().await.expect("the queue is subscribed");
        Self { stack, queue }
    }

    /// The message about this run that contains these words.
    pub async fn message(&self, run: &str, words: &str) -> String {
        eventually(&format!("a message about {run} with {words}"), async || {
            self.received().into_iter().filter(|body| body.contains(run)).find(|body| body.contains(words))
        })
        .await
    }

    /// The messages up to the one with this event, including it.
    pub async fn until(&self, event: &str) -> Vec<Value> {
        let mut all: Vec<Value> = Vec::new();
        eventually(&format!("a message of the event {event} after {all:?}"), async || {
            all.extend(self.received().iter().map(|body| serde_json::from_str(body).expect("a message in JSON")));
            all.iter().any(|message| message["event"] == event).then_some(())
        })
        .await;
        all
    }

    fn received(&self) -> Vec<String> {
        let receive = format!("sqs receive-message --queue-url {} --max-number-of-messages 10", self.queue);
        let received = self.stack.aws(&receive);
        let bodies = received["Messages"].as_array().into_iter().flatten();
        bodies.filter_map(|message| message["Body"].as_str().map(str::to_owned)).collect()
    }
}

/// Attributes of the queue: received messages are not delivered again, and the topic may send.
fn attributes() -> Value {
    let allow = json!({"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"});
    let policy = json!({"Version": "2012-10-17", "Statement": [allow]});
    json!({"VisibilityTimeout": "43200", "Policy": policy.to_string()})
}
