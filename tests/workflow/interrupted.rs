//! Killed workers and stopped executions.

use std::collections::BTreeSet;

use serde_json::json;
use tableshift_core::plan::phase::Phase;

use crate::run::Execution;
use crate::stack::Stack;
use crate::table::{Table, old_items};
use crate::waiting::eventually;

const ITEMS: usize = 240;

/// Starts a run that writes for some seconds, and waits until it has written a part.
async fn halfway<'t>(table: &'t Table<'_>) -> Execution<'t> {
    let run = table.migrate(json!({"segments": 1, "write_units_per_second": 40})).await;
    eventually("some items to be migrated", async || (table.migrated().await > ITEMS / 6).then_some(())).await;
    run
}

/// Asserts that every item is migrated and verified, and that the stream has one write for each.
async fn is_whole(stack: &Stack, table: &Table<'_>, run: &str) {
    assert_eq!(table.migrated().await, ITEMS);
    let (migrated, verified) = (stack.tally(run, Phase::Migrate).await, stack.tally(run, Phase::Verify).await);
    assert_eq!((migrated.counts.scanned, migrated.counts.changed), (ITEMS as u64, ITEMS as u64));
    assert_eq!((verified.counts.changed, verified.journal.as_written), (ITEMS as u64, ITEMS as u64));
    assert!(migrated.units.write <= ITEMS as f64, "{} write units", migrated.units.write);
    let changes = table.changes();
    let items: BTreeSet<&str> = changes.iter().map(|change| change.pk.as_str()).collect();
    assert_eq!((changes.len(), items.len()), (ITEMS, ITEMS), "every item is written, and none twice");
}

#[tokio::test]
async fn a_run_whose_worker_is_killed_continues_by_itself_and_writes_no_item_twice() {
    let stack = Stack::alone("dev").await;
    let table = Table::with(&stack, "killed", &old_items(ITEMS)).await.watched().await;
    let run = halfway(&table).await;
    assert!(stack.kill("migrate-segment") > 0, "no worker was at work");
    assert!(table.migrated().await < ITEMS, "the worker had finished before it was killed");
    run.ended().await.succeeds();

    is_whole(&stack, &table, &run.name).await;
    // An attempt starts with a claim, which returns the state that the attempt before it left.
    let claimed = stack.ledger().claim(&run.name, Phase::Migrate, "000000", 1).await.expect("the ledger answers");
    assert_eq!(claimed.expect("the segment was worked on").attempt, 2);
}

#[tokio::test]
async fn resuming_a_run_that_was_stopped_and_whose_worker_was_killed_finishes_it_and_writes_no_item_twice() {
    let stack = Stack::alone("dev").await;
    let table = Table::with(&stack, "stopped", &old_items(ITEMS)).await.watched().await;
    let run = halfway(&table).await;
    run.stop().await;
    assert!(stack.kill("migrate-segment") > 0, "no worker was at work");
    assert_eq!(run.ended().await.status.as_str(), "ABORTED");
    assert!(table.migrated().await < ITEMS, "the worker had finished before it was killed");

    let resumed = stack.act("resume", &run.name).await.succeeds();
    assert_eq!((resumed["run"].as_str(), resumed["epoch"].as_u64()), (Some(run.name.as_str()), Some(2)));
    is_whole(&stack, &table, &run.name).await;
    assert_eq!(stack.record(&run.name).await.status, "succeeded");

    stack.act("roll-back", &run.name).await.succeeds();
    assert_eq!(table.items().await, old_items(ITEMS), "what both attempts wrote comes back");
}
