//! The messages about a run: one for each event, once, in order, and never with an item.

use serde_json::{Value, json};
use tableshift_aws::s3::ReadObject as _;
use tableshift_core::item::value::Value as Attribute;
use tableshift_core::plan::keys;
use tableshift_runtime::epoch_millis;

use crate::people::Person;
use crate::run::Execution;
use crate::stack::Stack;
use crate::subscriber::Subscriber;
use crate::table::{Table, old_items};
use crate::waiting::eventually;

/// What no message may contain: every item has it in a value that the migration reads and writes.
const SECRET: &str = "secret7f3a";
/// Enough items for the run to be paused while it writes.
const ITEMS: usize = 400;

fn events(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["event"].as_str().expect("every message has an event")).collect()
}

/// Approves the run as another person.
async fn approve(stack: &Stack, run: &Execution<'_>, by: &Person) {
    let answer = by.answers(run, true, "").await;
    let token = stack.ledger().secrets(&run.name).await.expect("the ledger answers").expect("a question").token;
    let request = stack.sfn.send_task_success().task_token(token).output(answer.to_string());
    request.send().await.expect("the answer is sent");
}

#[tokio::test]
async fn every_event_of_a_run_with_a_pause_is_announced_once_in_order_with_links_and_without_items() {
    let stack = Stack::of("prod").await;
    let mut items = old_items(ITEMS);
    for item in &mut items {
        item.insert("address".into(), Attribute::s(format!("{SECRET} Main St, Boston, MA")));
    }
    let (ann, bob) = (Person::new(&stack, "ann").await, Person::new(&stack, "bob").await);
    let table = Table::with(&stack, "messages", &items).await.recoverable().await;
    let subscriber = Subscriber::to(&stack, &json!({"table": [table.name]})).await;
    let failures = Subscriber::to(&stack, &json!({"table": [table.name], "event": ["failed"]})).await;

    let run = ann.migrates(&table, json!({"segments": 2, "write_units_per_second": 20})).await;
    let mut messages = subscriber.until("waiting").await;
    assert_eq!(events(&messages), ["started", "dry-run-passed", "waiting"]);
    assert_eq!(messages[1]["counts"]["changed"], ITEMS);
    approve(&stack, &run, &bob).await;
    messages.extend(subscriber.until("writing").await);
    eventually("the first items are written", async || (table.migrated().await > 0).then_some(())).await;
    assert!(stack.ledger().pause(&run.name, "a look at the graphs", epoch_millis()).await.expect("the ledger answers"));
    messages.extend(subscriber.until("paused").await);
    // Children call their workers again while the run is on hold, and send no further message.
    tokio::time::sleep(std::time::Duration::from_secs(6)).await;
    stack.ledger().throttle(&run.name, Some(5_000), None).await.expect("the ledger answers");
    assert!(stack.ledger().resume(&run.name).await.expect("the ledger answers"));
    run.ended().await.succeeds();
    messages.extend(subscriber.until("applied").await);

    assert_eq!(events(&messages), ["started", "dry-run-passed", "waiting", "writing", "paused", "verified", "applied"]);
    assert_eq!(messages[4]["reason"], "paused: a look at the graphs");
    for message in &messages {
        assert_eq!((&message["run"], &message["execution"]), (&json!(run.name), &json!(run.arn)), "{message}");
        assert_eq!((&message["stage"], &message["table"]), (&json!("prod"), &json!(table.name)), "{message}");
        assert!(message["links"]["execution"].as_str().is_some_and(|link| link.ends_with(&run.arn)), "{message}");
        assert!(!message.to_string().contains(SECRET), "{message}");
    }
    let report = stack.bucket().get(&keys::report(&run.name)).await.expect("there is a report");
    assert!(String::from_utf8_lossy(&report).contains(SECRET), "the report contains what no message may contain");

    stack.act("roll-back", &run.name).await.succeeds();
    let back = subscriber.until("rolled-back").await;
    assert_eq!((events(&back), &back[0]["action"]), (vec!["started", "rolled-back"], &json!("roll-back")));
    let refused = table.migrate(json!({"segments": 0})).await;
    refused.ended().await.fails_with("InvalidInput");
    let failed = failures.until("failed").await;
    assert_eq!((events(&failed), &failed[0]["error"]), (vec!["failed"], &json!("InvalidInput")));
}
