//! The application loses no write, however it writes during a run.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tableshift_core::plan::phase::Phase;

use crate::application::Application;
use crate::stack::Stack;
use crate::table::{Table, old_items};

const ITEMS: usize = 300;

#[tokio::test]
async fn an_application_that_writes_in_a_tight_loop_loses_nothing_and_deleted_items_stay_deleted() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "busy", &old_items(ITEMS)).await;
    let (mut application, stop) = (Application::default(), AtomicBool::new(false));
    let run = async {
        // Slow enough for a few hundred writes of the application.
        let run = table.migrate(json!({"segments": 2, "write_units_per_second": 50})).await;
        run.ended().await.succeeds();
        stop.store(true, Ordering::Relaxed);
        run.name
    };
    let (run, ()) = tokio::join!(run, application.work(&table, ITEMS, &stop));

    let (items, written) = (table.items().await, application.hits.values().sum::<u64>());
    assert!(written > 20 && !application.moved.is_empty() && !application.deleted.is_empty(), "it had too little time");
    application.finds_its_writes_in(&items);
    let (migrated, verified) = (stack.tally(&run, Phase::Migrate).await, stack.tally(&run, Phase::Verify).await);
    assert!(migrated.counts.balance() && verified.counts.balance());
    assert_eq!(verified.counts.late, 0);
    assert_eq!(table.migrated().await, ITEMS - application.deleted.len(), "every item that is left is migrated");

    stack.act("roll-back", &run).await.succeeds();
    application.finds_its_writes_in(&table.items().await);
}
