//! The dry run writes nothing to the table, and stops a run that cannot succeed.

use serde_json::json;
use tableshift_aws::ledger::lock::LockTable as _;
use tableshift_core::item::value::Value;
use tableshift_core::plan::phase::Phase;

use crate::run::input;
use crate::stack::Stack;
use crate::table::{Table, old_items, string};

#[tokio::test]
async fn a_dry_run_reports_what_would_change_and_writes_nothing_to_the_table() {
    let stack = Stack::of("dev").await;
    let items = old_items(60);
    let table = Table::with(&stack, "dry-run-passed", &items).await.watched().await;
    let run = table.start(input(&table.name, "dry-run", json!({"segments": 2}))).await;
    run.ended().await.succeeds();

    assert_eq!(table.items().await, items);
    assert!(table.changes().is_empty(), "the stream has a write");
    let report = stack.report(&run.name).await;
    let tally = &report.phases[&Phase::DryRun].tally;
    assert_eq!((tally.counts.scanned, tally.counts.changed, tally.units.write), (60, 60, 0.0));
    assert_eq!((tally.samples.len(), tally.change_units), (20, 60));
    assert_eq!(report.phases.len(), 1, "nothing but the dry run is reported");
    assert!(stack.left(&run.name, "journal/").await.is_empty());
    let migration = report.migration;
    assert_eq!(stack.ledger().applied(&table.name, &migration).await.expect("the ledger answers"), None);
}

#[tokio::test]
async fn a_dry_run_that_finds_an_invalid_item_ends_the_run_before_it_writes() {
    let stack = Stack::of("dev").await;
    let mut items = old_items(40);
    items[7].insert("address".into(), Value::s("nowhere"));
    let table = Table::with(&stack, "invalid", &items).await;
    let run = table.migrate(json!({"segments": 2})).await;
    let cause = run.ended().await.fails_with("DryRunFailed");

    assert!(cause.contains("1 items match but cannot be changed"), "{cause}");
    assert!(cause.contains("nothing was written") && cause.contains("report.json"), "{cause}");
    assert_eq!(table.items().await, items);
    let tally = stack.tally(&run.name, Phase::DryRun).await;
    assert_eq!((tally.counts.scanned, tally.counts.changed, tally.counts.invalid), (40, 39, 1));
    assert_eq!(string(&tally.findings[0].key, "pk"), "person-000007");
    assert!(!tally.findings[0].reason.contains("nowhere"), "a reason holds no value: {}", tally.findings[0].reason);
    let lock = stack.ledger().lock(&table.name).await.expect("the ledger answers").expect("the lock was taken");
    assert_eq!(lock.execution, None, "the lock is released");
}
