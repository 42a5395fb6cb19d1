//! One run on a table at a time.

use serde_json::json;
use tableshift_aws::ledger::lock::LockTable as _;

use crate::stack::Stack;
use crate::table::{Table, old_items};
use crate::window::window;

#[tokio::test]
async fn a_second_run_on_a_table_is_refused_with_the_id_of_the_first_until_its_lease_ends() {
    let stack = Stack::of("dev").await;
    let items = old_items(20);
    let table = Table::with(&stack, "locked", &items).await;
    // The run has the lock while it waits.
    let first = table.migrate(json!({"window": window(3)})).await;
    first.enters("WindowWait").await;

    let cause = table.migrate(json!({})).await.ended().await.fails_with("LockHeld");
    assert!(cause.contains(&format!("`{}`", first.name)), "{cause}");
    let cause = stack.act("roll-back", &first.name).await.fails_with("LockHeld");
    assert!(cause.contains(&format!("`{}`", first.name)), "{cause}");
    assert_eq!(table.items().await, items);
    let lock = stack.ledger().lock(&table.name).await.expect("the ledger answers").expect("the lock is held");
    assert_eq!((lock.run.as_str(), lock.execution.as_deref()), (first.name.as_str(), Some(first.arn.as_str())));

    // Its lease has not ended, but no worker renews it.
    first.stop().await;
    let second = table.migrate(json!({})).await.ended().await.succeeds();
    assert_eq!(second["epoch"], 2);
    assert_eq!(table.migrated().await, 20);
}
