//! A successful run, step by step.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use tableshift_aws::ledger::lock::LockTable as _;
use tableshift_aws::run_files::load_journal;
use tableshift_aws::s3::ReadObject as _;
use tableshift_core::item::value::{Item, Value};
use tableshift_core::plan::phase::Phase;
use tableshift_core::report::run_report::Verdict;
use tableshift_core::write::counts::Counts;
use tableshift_core::write::journal::Record;

use crate::run::Execution;
use crate::stack::Stack;
use crate::table::{Table, old_items, string};

const OLD: usize = 150;
const NEW: usize = 10;
const OTHER: usize = 5;

/// Items in the old shape, some that are already in the new one, and some that are neither.
fn mixed_items() -> Vec<Item> {
    let done = r#"{"sk":{"S":"profile"},"addressDetails":{"M":{"city":{"S":"Boston"}}},"version":{"N":"2"}}"#;
    let (done, other) = (item(done), item(r#"{"sk":{"S":"settings"},"theme":{"S":"dark"}}"#));
    let named = |template: &Item, pk: String| {
        let mut item = template.clone();
        item.insert("pk".into(), Value::s(pk));
        item
    };
    let mut items = old_items(OLD);
    items.extend((0..NEW).map(|number| named(&done, format!("done-{number:06}"))));
    items.extend((0..OTHER).map(|number| named(&other, format!("other-{number:06}"))));
    items
}

fn item(json: &str) -> Item {
    serde_json::from_str(json).expect("DynamoDB JSON")
}

#[tokio::test]
async fn a_run_backs_up_exports_dry_runs_migrates_and_verifies_and_leaves_evidence_of_each() {
    let stack = Stack::of("test").await;
    let table = Table::with(&stack, "whole", &mixed_items()).await.recoverable().await.watched().await;
    let run = table.migrate(json!({"segments": 3})).await;
    let output = run.ended().await.succeeds();

    assert_eq!(table.migrated().await, OLD + NEW);
    the_counts_reconcile(&stack, &run.name).await;
    the_backup_is_available(&stack, output["backup"]["arn"].as_str().expect("the backup's ARN")).await;
    the_export_is_in_the_bucket(&stack, &run.name).await;
    each_map_ran_its_parts(&stack, &run).await;
    each_write_was_journaled_before(&stack, &run.name, &table).await;
    the_ledger_knows(&stack, &run.name, &table.name).await;
}

async fn the_counts_reconcile(stack: &Stack, run: &str) {
    let report = stack.report(run).await;
    let (changed, already_done, not_matched) = (OLD as u64, NEW as u64, OTHER as u64);
    let scanned = changed + already_done + not_matched;
    let expected = Counts { scanned, changed, already_done, not_matched, ..Counts::default() };
    for phase in [Phase::DryRun, Phase::Migrate, Phase::Verify] {
        let found = &report.phases[&phase];
        assert_eq!((found.tally.counts, found.verdict), (expected, Verdict::Good), "{}", phase.as_str());
        assert_eq!(found.parts_expected, found.parts_reported, "{}", phase.as_str());
    }
    let (migrated, verified) = (&report.phases[&Phase::Migrate].tally, &report.phases[&Phase::Verify].tally);
    assert_eq!((migrated.journal.journaled, migrated.journal.not_written), (changed, 0));
    assert_eq!(migrated.units.write, changed as f64, "one write unit for each of these small items");
    assert_eq!((verified.journal.as_written, verified.journal.check_failed), (changed, 0));
    assert_eq!((report.phase, report.verdict), (Phase::Verify, Verdict::Good));
    let page =
        stack.bucket().get(&tableshift_core::plan::keys::report_page(run)).await.expect("there is a page for people");
    assert!(String::from_utf8_lossy(&page).contains(run));
}

async fn the_backup_is_available(stack: &Stack, arn: &str) {
    let described = stack.dynamodb.describe_backup().backup_arn(arn).send().await.expect("there is a backup");
    let details = described.backup_description.and_then(|backup| backup.backup_details).expect("its details");
    assert_eq!(details.backup_status.as_str(), "AVAILABLE");
}

async fn the_export_is_in_the_bucket(stack: &Stack, run: &str) {
    let exported = stack.left(run, "export/").await;
    let summary = exported.iter().find(|key| key.ends_with("/manifest-summary.json")).expect("a manifest");
    let summary = stack.bucket().get(summary).await.expect("the manifest can be read");
    let summary: Json = serde_json::from_slice(&summary).expect("the manifest is JSON");
    assert_eq!(summary["itemCount"], OLD + NEW + OTHER);
    assert!(exported.iter().any(|key| key.ends_with(".json.gz")), "no data file in {exported:?}");
}

/// Asserts that each child of the Maps over segments has one segment, and the dry run's child a file of the export.
async fn each_map_ran_its_parts(stack: &Stack, run: &Execution<'_>) {
    let maps =
        stack.sfn.list_map_runs().execution_arn(&run.arn).send().await.expect("the Map Runs are listed").map_runs;
    assert_eq!(maps.len(), 3, "DryRun, Migrate and Verify");
    for map in maps {
        let children = stack.sfn.list_executions().map_run_arn(&map.map_run_arn).send().await;
        let mut segments = BTreeSet::new();
        for child in children.expect("the children are listed").executions {
            let child = stack.sfn.describe_execution().execution_arn(child.execution_arn).send().await;
            let child = child.expect("the child can be described");
            assert_eq!(child.status.as_str(), "SUCCEEDED");
            let input: Json = serde_json::from_str(&child.input.expect("an input")).expect("the input is JSON");
            assert_eq!(input["run"], run.name.as_str());
            assert!(input["segment"].is_u64() || input["part"]["file"]["key"].is_string(), "{input}");
            segments.extend(input["segment"].as_u64());
        }
        assert!(segments.is_empty() || segments == BTreeSet::from([0, 1, 2]), "{segments:?}");
    }
}

/// Asserts that the stream has one write for each item, and that its journal object was in the bucket before.
async fn each_write_was_journaled_before(stack: &Stack, run: &str, table: &Table<'_>) {
    let mut journaled = BTreeMap::new();
    for key in stack.left(run, "journal/").await {
        let head = stack.s3.head_object().bucket(stack.variable("TABLESHIFT_BUCKET")).key(&key).send().await;
        let stored = head.expect("the object is there").last_modified.expect("it says since when").secs();
        for record in load_journal(&stack.bucket(), &key).await.expect("a journal object") {
            let Record::Entry(entry) = record else { panic!("no write conflicted") };
            assert!(entry.read_at / 1000 <= stored, "an entry is not younger than its object");
            journaled.insert(string(&entry.key, "pk").to_owned(), stored);
        }
    }
    let changes = table.changes();
    assert_eq!((changes.len(), journaled.len()), (OLD, OLD), "one write and one entry for each item");
    for change in changes {
        assert!(journaled[&change.pk] <= change.at, "{} was written before it was journaled", change.pk);
    }
}

async fn the_ledger_knows(stack: &Stack, run: &str, table: &str) {
    let record = stack.record(run).await;
    assert_eq!((record.status.as_str(), record.counts["changed"]), ("succeeded", OLD as u64));
    let applied = stack.ledger().applied(table, &record.migration).await.expect("the ledger answers");
    let applied = applied.expect("the migration is recorded as applied");
    assert_eq!((applied.run.as_str(), applied.changed), (run, OLD as u64));
    let lock = stack.ledger().lock(table).await.expect("the ledger answers").expect("the lock was taken");
    assert_eq!(lock.execution, None, "the lock is released");
}

#[tokio::test]
async fn migrating_again_writes_nothing_and_a_finished_run_can_be_verified_but_not_resumed() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "again", &old_items(30)).await;
    let first = table.migrate(json!({})).await;
    first.ended().await.succeeds();
    let migrated = table.items().await;

    let nothing_to_do = table.migrate(json!({})).await.ended().await.succeeds();
    assert_eq!(nothing_to_do["already_applied"]["run"], first.name.as_str());
    assert_eq!(nothing_to_do["report"], Json::Null);

    let second = table.migrate(json!({"again": true})).await;
    second.ended().await.succeeds();
    let tally = stack.tally(&second.name, Phase::Migrate).await;
    assert_eq!((tally.counts.scanned, tally.counts.changed, tally.units.write), (30, 0, 0.0));

    stack.act("verify", &first.name).await.succeeds();
    let cause = stack.act("resume", &first.name).await.fails_with("InvalidInput");
    assert!(cause.contains("there is nothing to resume; start a new run"), "{cause}");
    assert_eq!(table.items().await, migrated);
}
