//! What follows a failed verification. Code from before the migration still runs and inserts items in the old shape.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tableshift_core::item::value::Item;
use tableshift_core::plan::phase::Phase;

use crate::application::old_code;
use crate::run::Ending;
use crate::stack::Stack;
use crate::table::{Table, old_items, sorted};

/// Migrates while old code writes. Returns the run, its outcome, and the items that the old code inserted.
async fn migrate_under_old_code(table: &Table<'_>, on_bad_verdict: &str) -> (String, Ending, Vec<Item>) {
    let stop = AtomicBool::new(false);
    let run = async {
        // Slow enough for the old code to insert items after the scan.
        let run = table.migrate(json!({"on_bad_verdict": on_bad_verdict, "write_units_per_second": 25})).await;
        let ending = run.ended().await;
        stop.store(true, Ordering::Relaxed);
        (run.name, ending)
    };
    let ((run, ending), inserted) = tokio::join!(run, old_code(table, &stop));
    (run, ending, inserted)
}

#[tokio::test]
async fn a_run_that_holds_on_a_bad_verdict_fails_and_leaves_its_items_unchanged() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "held", &old_items(50)).await;
    let (run, ending, inserted) = migrate_under_old_code(&table, "hold").await;
    let cause = ending.fails_with("VerificationFailed");

    assert!(cause.contains("are in the old shape"), "{cause}");
    assert!(cause.contains("start a new run") && cause.contains("`action: roll-back`"), "{cause}");
    let (changed, verified) =
        (stack.tally(&run, Phase::Migrate).await.counts.changed, stack.tally(&run, Phase::Verify).await);
    assert!(verified.counts.late > 0);
    assert!(verified.counts.balance());
    assert_eq!(table.migrated().await as u64, changed);
    assert_eq!(table.items().await.len(), 50 + inserted.len());

    // The old code has stopped: a new run changes what is left.
    table.migrate(json!({})).await.ended().await.succeeds();
    assert_eq!(table.migrated().await, 50 + inserted.len());
}

#[tokio::test]
async fn a_run_that_rolls_back_on_a_bad_verdict_restores_every_item() {
    let stack = Stack::of("dev").await;
    let items = old_items(50);
    let table = Table::with(&stack, "put-back", &items).await;
    let (run, ending, inserted) = migrate_under_old_code(&table, "roll-back").await;
    let cause = ending.fails_with("RolledBack");

    assert!(cause.contains("are in the old shape"), "{cause}");
    let (changed, undone) =
        (stack.tally(&run, Phase::Migrate).await.counts.changed, stack.tally(&run, Phase::RollBack).await);
    assert!(stack.tally(&run, Phase::Verify).await.counts.late > 0);
    assert_eq!((undone.journal.restored, undone.journal.spared), (changed, 0));
    assert_eq!(
        table.items().await,
        sorted([items, inserted].concat()),
        "every item is as it was, those of the old code too"
    );

    // The run's cursors are past the restored items: it would find nothing to do.
    let cause = stack.act("resume", &run).await.fails_with("InvalidInput");
    assert!(cause.contains("was rolled back"), "{cause}");
}
