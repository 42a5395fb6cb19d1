//! A person approves or rejects a run before it writes to production. The answer counts only if its signature identifies
//! the person, and only if that person may answer.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::{Value, json};
use tableshift_aws::ledger::approvals::{Approval, Outcome};
use tableshift_aws::ledger::table::{SK_APPROVAL, pk_run};
use tableshift_aws::s3::{ReadObject as _, WriteObject as _};
use tableshift_core::item::hash;
use tableshift_core::item::value::Item;
use tableshift_core::plan::keys;

use crate::people::Person;
use crate::run::{Execution, migration};
use crate::stack::{Stack, unique};
use crate::subscriber::Subscriber;
use crate::table::{Table, old_items};
use crate::waiting::eventually;

const ITEMS: usize = 30;

/// A production run that ann started and that waits for an answer. Bob may answer.
struct Waiting<'s> {
    stack: &'s Stack,
    table: Table<'s>,
    items: Vec<Item>,
    run: Execution<'s>,
    ann: Person,
    bob: Person,
}

impl<'s> Waiting<'s> {
    async fn on(stack: &'s Stack, word: &str) -> Self {
        Self::with(stack, word, json!({})).await
    }

    async fn with(stack: &'s Stack, word: &str, options: Value) -> Self {
        let items = old_items(ITEMS);
        let (ann, bob) = (Person::new(stack, "ann").await, Person::new(stack, "bob").await);
        let table = Table::with(stack, word, &items).await.recoverable().await;
        let run = ann.migrates(&table, options).await;
        let waiting = Self { stack, table, items, run, ann, bob };
        waiting.asked().await;
        waiting
    }

    async fn asked(&self) -> Approval {
        eventually(&format!("the question of {}", self.run.name), async || self.approval().await).await
    }

    async fn approval(&self) -> Option<Approval> {
        self.stack.ledger().approval(&self.run.name).await.expect("the ledger answers")
    }

    /// Sends an answer with the task token, as everyone can who has the token and may call states:SendTaskSuccess.
    async fn send(&self, answer: &Value) {
        let secrets = self.stack.ledger().secrets(&self.run.name).await.expect("the ledger answers");
        let token = secrets.expect("an approval request").token;
        let request = self.stack.sfn.send_task_success().task_token(token).output(answer.to_string());
        request.send().await.expect("the answer is sent");
    }

    /// Fails unless the answer ends the run with this error and without a write. Returns the cause.
    async fn is_refused(&self, answer: &Value, error: &str) -> String {
        assert_eq!(self.table.items().await, self.items, "nothing is written before the answer");
        self.send(answer).await;
        let cause = self.run.ended().await.fails_with(error);
        assert_eq!(self.table.items().await, self.items, "{cause}");
        assert_eq!(self.stack.record(&self.run.name).await.error.as_deref(), Some(error));
        cause
    }
}

#[tokio::test]
async fn production_is_written_to_after_an_approval_by_another_person() {
    let stack = Stack::of("prod").await;
    let subscriber = Subscriber::to(&stack, &json!({})).await;
    let waiting = Waiting::on(&stack, "approved").await;
    let asked = waiting.asked().await;
    let secrets =
        stack.ledger().secrets(&waiting.run.name).await.expect("the ledger answers").expect("an approval request");
    let message = subscriber.message(&waiting.run.name, "To approve").await;
    for hidden in [&secrets.token, &secrets.secret] {
        assert!(!message.contains(hidden), "whoever reads a mailbox could answer");
    }
    let report = stack.bucket().get(&keys::report(&waiting.run.name)).await.expect("there is a report to review");
    assert_eq!(asked.question.report_hash, hash::of_bytes(&report));
    for expected in [&asked.question.report_hash, &asked.question.plan_hash, &waiting.ann.arn] {
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!((waiting.table.items().await, asked.answer), (waiting.items.clone(), None));

    waiting.send(&waiting.bob.answers(&waiting.run, true, "looks good").await).await;
    waiting.run.ended().await.succeeds();
    assert_eq!(waiting.table.migrated().await, ITEMS);
    let answer = waiting.approval().await.and_then(|asked| asked.answer).expect("the answer is recorded");
    assert_eq!((answer.outcome, answer.reason.as_str()), (Outcome::Approved, "looks good"));
    assert_eq!(answer.by.expect("a person").arn, waiting.bob.arn);
    let requesters = stack.record(&waiting.run.name).await.requesters;
    assert_eq!(requesters[0].signer.as_ref().map(|identity| identity.arn.as_str()), Some(waiting.ann.arn.as_str()));
    subscriber.message(&waiting.run.name, "has applied its migration").await;
}

#[tokio::test]
async fn a_rejection_ends_the_run_with_who_and_why_and_without_a_write() {
    let stack = Stack::of("prod").await;
    let waiting = Waiting::on(&stack, "rejected").await;
    let rejection = waiting.bob.answers(&waiting.run, false, "not on a Friday").await;
    let cause = waiting.is_refused(&rejection, "ApprovalRejected").await;
    assert_eq!(
        cause,
        format!("{} rejected the run: not on a Friday; nothing was written; start a new run", waiting.bob.arn)
    );
    let answer = waiting.approval().await.and_then(|asked| asked.answer).expect("the answer is recorded");
    assert_eq!((answer.outcome, answer.reason.as_str()), (Outcome::Rejected, "not on a Friday"));
}

#[tokio::test]
async fn an_approval_by_the_requester_does_not_count() {
    let stack = Stack::of("prod").await;
    let waiting = Waiting::on(&stack, "own").await;
    let own = waiting.ann.answers(&waiting.run, true, "").await;
    let cause = waiting.is_refused(&own, "ApprovalRefused").await;
    assert!(cause.contains("may be the person who started the run"), "{cause}");
}

#[tokio::test]
async fn the_token_and_the_permission_to_send_it_are_not_an_approval() {
    let stack = Stack::of("prod").await;
    let waiting = Waiting::on(&stack, "unsigned").await;
    let report_hash = waiting.asked().await.question.report_hash;
    let bare = json!({"approve": true, "report_hash": report_hash, "by": waiting.bob.arn});
    let cause = waiting.is_refused(&bare, "ApprovalRefused").await;
    assert!(cause.contains("there is no signature"), "{cause}");
}

#[tokio::test]
async fn an_approval_of_another_report_is_stale() {
    let stack = Stack::of("prod").await;
    let waiting = Waiting::on(&stack, "stale").await;
    let mut approval = waiting.bob.answers(&waiting.run, true, "").await;
    approval["report_hash"] = json!(hash::of_json(&Value::Null));
    let cause = waiting.is_refused(&approval, "ApprovalStale").await;
    assert!(cause.contains("review the report; nothing was written"), "{cause}");
}

#[tokio::test]
async fn a_migration_that_is_edited_after_the_approval_request_voids_the_approval() {
    let stack = Stack::of("prod").await;
    let id = unique("split");
    let mut document = migration();
    document["id"] = json!(id);
    let put = async |document: &Value| {
        let bytes = document.to_string().into_bytes();
        stack.bucket().put(&keys::migration(&id), bytes, "application/yaml").await.expect("the migration is put");
    };
    put(&document).await;
    let waiting = Waiting::with(&stack, "edited", json!({"migration": id})).await;
    document["description"] = json!("something else");
    put(&document).await;
    let approval = waiting.bob.answers(&waiting.run, true, "").await;
    let cause = waiting.is_refused(&approval, "MigrationChanged").await;
    assert!(cause.contains("its approval is no longer valid"), "{cause}");
}

#[tokio::test]
async fn an_old_signature_does_not_count() {
    let stack = Stack::of("prod").await;
    let waiting = Waiting::on(&stack, "old").await;
    let old = waiting.bob.answered(&waiting.run, true, "", Duration::from_secs(16 * 60)).await;
    let cause = waiting.is_refused(&old, "ApprovalRefused").await;
    assert!(cause.contains("valid for 15 minutes"), "{cause}");
}

#[tokio::test]
async fn an_approval_after_the_timeout_has_expired() {
    let stack = Stack::of("prod").await;
    let waiting = Waiting::on(&stack, "expired").await;
    let request = stack.dynamodb.update_item().table_name(stack.variable("TABLESHIFT_LEDGER"));
    let request = request.key("pk", AttributeValue::S(pk_run(&waiting.run.name)));
    let request = request.key("sk", AttributeValue::S(SK_APPROVAL.into())).update_expression("SET expires_at = :then");
    let then = AttributeValue::S("2026-01-01T00:00:00Z".into());
    request.expression_attribute_values(":then", then).send().await.expect("the request's time is set back");
    let late = waiting.bob.answers(&waiting.run, true, "").await;
    waiting.is_refused(&late, "ApprovalExpired").await;
    let answer = waiting.approval().await.and_then(|asked| asked.answer).expect("the answer is recorded");
    assert_eq!(answer.outcome, Outcome::Expired);
}

#[tokio::test]
async fn an_approval_of_one_run_cannot_be_replayed_for_another() {
    let stack = Stack::of("prod").await;
    let first = Waiting::on(&stack, "first").await;
    let second = Waiting::on(&stack, "second").await;
    let approval = first.bob.answers(&first.run, true, "").await;
    first.send(&approval).await;
    first.run.ended().await.succeeds();
    let mut replayed = approval;
    replayed["report_hash"] = json!(second.asked().await.question.report_hash);
    let cause = second.is_refused(&replayed, "ApprovalRefused").await;
    assert!(cause.contains("used before"), "{cause}");
}

#[tokio::test]
async fn a_requester_without_a_signature_is_found_in_cloudtrail_and_cannot_approve() {
    let stack = Stack::of("prod").await;
    let items = old_items(ITEMS);
    let (ann, bob) = (Person::new(&stack, "ann").await, Person::new(&stack, "bob").await);
    let table = Table::with(&stack, "unsigned-start", &items).await.recoverable().await;
    let run = bob.starts_unsigned(&table).await;
    let waiting = Waiting { stack: &stack, table, items, run, ann, bob };
    waiting.asked().await;
    let own = waiting.bob.answers(&waiting.run, true, "").await;
    let cause = waiting.is_refused(&own, "ApprovalRefused").await;
    assert!(cause.contains("may be the person who started the run"), "{cause}");
    let requesters = stack.record(&waiting.run.name).await.requesters;
    assert_eq!(requesters[0].callers.iter().map(|caller| &caller.arn).collect::<Vec<_>>(), [&waiting.bob.arn]);
}

#[tokio::test]
async fn a_signature_for_another_input_starts_nothing() {
    let stack = Stack::of("prod").await;
    let ann = Person::new(&stack, "ann").await;
    let table = Table::with(&stack, "forged", &old_items(1)).await.recoverable().await;
    let signed = ann.migrates(&table, json!({})).await;
    let described =
        stack.sfn.describe_execution().execution_arn(&signed.arn).send().await.expect("the execution is described");
    let input: Value = serde_json::from_str(&described.input.unwrap_or_default()).expect("its input");
    signed.stop().await;
    let cause = stack.start("run", &input).await.ended().await.fails_with("InvalidInput");
    assert!(cause.contains("`requested_by` does not show who starts this execution"), "{cause}");
}
