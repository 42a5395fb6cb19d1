//! A person is asked before production is written to, and decides. The answers are sent with the very commands that the
//! message holds.

use serde_json::{Value, json};
use tableshift_aws::ledger_approvals::{Approval, Approvals as _};
use tableshift_aws::objects::ReadObject as _;
use tableshift_core::{hash, keys};

use crate::run::Execution;
use crate::stack::{Stack, unique};
use crate::table::{Table, old_items};
use crate::waiting::eventually;

const ITEMS: usize = 30;

/// Somebody who subscribed to the stack's topic.
struct Subscriber<'s> {
    stack: &'s Stack,
    queue: String,
}

impl<'s> Subscriber<'s> {
    async fn to(stack: &'s Stack) -> Self {
        let created = stack.aws(&format!("sqs create-queue --queue-name {}", unique("approver")));
        let queue = created["QueueUrl"].as_str().expect("the queue's address").to_owned();
        let described = stack.aws(&format!("sqs get-queue-attributes --queue-url {queue} --attribute-names QueueArn"));
        let arn = described["Attributes"]["QueueArn"].as_str().expect("the queue's ARN");
        let request = stack.sns.subscribe().topic_arn(stack.variable("TABLESHIFT_TOPIC"));
        let request = request.protocol("sqs").endpoint(arn).attributes("RawMessageDelivery", "true");
        request.send().await.expect("the queue is subscribed");
        Self { stack, queue }
    }

    /// The message about this run that has these words.
    async fn message(&self, run: &str, words: &str) -> String {
        eventually(&format!("a message about {run} with {words}"), async || {
            let receive = format!("sqs receive-message --queue-url {} --max-number-of-messages 10", self.queue);
            let received = self.stack.aws(&receive);
            let bodies = received["Messages"].as_array()?.iter().filter_map(|message| message["Body"].as_str());
            bodies.filter(|body| body.contains(run)).find(|body| body.contains(words)).map(str::to_owned)
        })
        .await
    }
}

/// A question that a run has put.
struct Asked {
    approval: Approval,
    message: String,
}

async fn asked(stack: &Stack, run: &Execution<'_>, subscriber: &Subscriber<'_>) -> Asked {
    let question = format!("the question of {}", run.name);
    let approval =
        eventually(&question, async || stack.ledger().approval(&run.name).await.expect("the ledger answers"));
    let approval = approval.await;
    let message = subscriber.message(&run.name, "To approve").await;
    assert!(!message.contains(&approval.question.token), "whoever reads a mailbox could answer");
    Asked { approval, message }
}

impl Asked {
    /// The message's own command for a yes or a no, with a person's name and reason put in.
    fn command(&self, approve: bool) -> String {
        let answer = format!("\"approve\":{approve}");
        let command = self.message.lines().find(|line| line.starts_with("aws ") && line.contains(&answer));
        let command = command.unwrap_or_else(|| panic!("no command in: {}", self.message));
        command.replace("<your name>", "ann").replace("<why>", "not on a Friday")
    }
}

#[tokio::test]
async fn production_is_written_to_after_a_yes_that_is_sent_with_the_message_s_command() {
    let stack = Stack::of("prod").await;
    let (items, subscriber) = (old_items(ITEMS), Subscriber::to(&stack).await);
    let table = Table::with(&stack, "approved", &items).await.recoverable().await;
    let run = table.migrate(json!({})).await;
    let asked = asked(&stack, &run, &subscriber).await;

    assert_eq!(table.items().await, items, "nothing is written before the answer");
    let report = stack.bucket().get(&keys::report(&run.name)).await.expect("there is a report to review");
    assert_eq!(asked.approval.question.report_hash, hash::of_bytes(&report));
    assert!(asked.message.contains(&asked.approval.question.report_hash), "{}", asked.message);
    assert_eq!(asked.approval.answer, None);
    stack.shell(&asked.command(true));
    run.ended().await.succeeds();

    assert_eq!(table.migrated().await, ITEMS);
    let answer = stack.ledger().approval(&run.name).await.expect("the ledger answers").and_then(|asked| asked.answer);
    let answer = answer.expect("the answer is on record");
    assert_eq!((answer.approve, answer.by.as_str()), (true, "ann"));
    subscriber.message(&run.name, "succeeded").await;
}

#[tokio::test]
async fn a_no_ends_the_run_with_who_and_why_and_nothing_written() {
    let stack = Stack::of("prod").await;
    let (items, subscriber) = (old_items(ITEMS), Subscriber::to(&stack).await);
    let table = Table::with(&stack, "rejected", &items).await.recoverable().await;
    let run = table.migrate(json!({})).await;
    let asked = asked(&stack, &run, &subscriber).await;
    stack.shell(&asked.command(false));

    let cause = run.ended().await.fails_with("ApprovalRejected");
    assert_eq!(cause, "ann said no: not on a Friday; nothing was written");
    assert_eq!(table.items().await, items);
    subscriber.message(&run.name, "failed with ApprovalRejected").await;
}

#[tokio::test]
async fn a_yes_to_another_report_is_stale_and_nothing_is_written() {
    let stack = Stack::of("prod").await;
    let (items, subscriber) = (old_items(ITEMS), Subscriber::to(&stack).await);
    let table = Table::with(&stack, "stale", &items).await.recoverable().await;
    let run = table.migrate(json!({})).await;
    let asked = asked(&stack, &run, &subscriber).await;
    let other = hash::of_json(&Value::Null);
    stack.shell(&asked.command(true).replace(&asked.approval.question.report_hash, &other));

    let cause = run.ended().await.fails_with("ApprovalStale");
    assert!(cause.contains("review the report and start a new run"), "{cause}");
    assert_eq!(table.items().await, items);
}
