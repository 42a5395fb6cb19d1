//! A run waits for its window.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use tableshift_aws::ledger::lock::LockTable as _;

use crate::stack::Stack;
use crate::table::{Table, old_items};

/// A window that opens this many hours from now, for two hours.
pub fn window(hours_from_now: i64) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs() as i64 / 60;
    let time = |minutes: i64| format!("{:02}:{:02}", minutes.rem_euclid(1440) / 60, minutes.rem_euclid(60));
    let from = now + hours_from_now * 60;
    json!({"from": time(from), "to": time(from + 120)})
}

#[tokio::test]
async fn a_run_waits_for_its_window_with_the_lock_and_without_writes() {
    let stack = Stack::of("dev").await;
    let items = old_items(20);
    let table = Table::with(&stack, "window", &items).await;
    let run = table.migrate(json!({"window": window(3)})).await;
    run.enters("WindowWait").await;

    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs() as i64;
    let lock = stack.ledger().lock(&table.name).await.expect("the ledger answers").expect("the lock is held");
    assert_eq!(lock.execution.as_deref(), Some(run.arn.as_str()));
    assert!(lock.lease_until > now + 900, "the lease lasts over the wait, and as long again as any lease");
    assert_eq!(table.items().await, items);
    run.stop().await;
}

#[tokio::test]
async fn a_run_within_its_window_continues() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "open", &old_items(20)).await;
    table.migrate(json!({"window": window(-1)})).await.ended().await.succeeds();
    assert_eq!(table.migrated().await, 20);
}
