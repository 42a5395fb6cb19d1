//! The segment workers keep the promises about data, on real engines.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use tableshift_aws::CallError;
use tableshift_aws::dynamodb::batch::{BatchWritten, UpdateBatch};
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::items::to_sdk;
use tableshift_aws::dynamodb::scan::{Page, PageRequest, ScanSegment, TableItems};
use tableshift_aws::dynamodb::update::{UpdateItem, Written};
use tableshift_core::ErrorName;
use tableshift_core::item::value::{Item, Value};
use tableshift_core::language::document::Document;
use tableshift_core::plan::parts::Part;
use tableshift_core::plan::phase::Phase;
use tableshift_core::write::statement::Statement;
use tableshift_core::write::update::Update;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{Deadline, Named as _};
use tableshift_tests::{MIGRATION, NoMonitors, PEOPLE, TestRun, old_items};

fn by_key(items: Vec<Item>) -> BTreeMap<Value, Item> {
    items.into_iter().map(|item| (item["pk"].clone(), item)).collect()
}

#[tokio::test]
async fn every_item_is_migrated_verified_and_restored_exactly() {
    let items = old_items(700);
    let run = TestRun::start(&items, MIGRATION, 3).await;
    run.migrate().await;
    let migrated = run.tally(Phase::Migrate).await;
    assert_eq!((migrated.counts.scanned, migrated.counts.changed, migrated.journal.journaled), (700, 700, 700));
    assert!(run.table().await.iter().all(|item| item["version"] == Value::n("2") && !item.contains_key("zip")));

    run.verify().await;
    let verified = run.tally(Phase::Verify).await;
    assert_eq!((verified.counts.changed, verified.journal.as_written, verified.counts.late), (700, 700, 0));

    run.roll_back().await;
    assert_eq!(run.tally(Phase::RollBack).await.journal.restored, 700);
    assert_eq!(by_key(run.table().await), by_key(items));
}

#[tokio::test]
async fn the_same_workers_migrate_verify_and_roll_back_a_migration_in_rust() {
    let person = |at: usize, phone: &str| {
        let key = [("pk".to_owned(), Value::s(format!("p{at}"))), ("sk".to_owned(), Value::s("PROFILE"))];
        Item::from_iter(key.into_iter().chain([("phone".to_owned(), Value::s(phone))]))
    };
    let written = ["(617) 555-0123", "617.555.0199", "+16175550100", "1-617-555-0144"];
    let items: Vec<Item> = (0..200).map(|at| person(at, written[at % written.len()])).collect();
    let run = TestRun::start(&items, "id: 20261122-phone-numbers\ncode: 1\n", 2).await;
    run.migrate().await;
    let migrated = run.tally(Phase::Migrate).await.counts;
    assert_eq!((migrated.changed, migrated.already_done, migrated.scanned), (150, 50, 200));
    run.verify().await;
    let verified = run.tally(Phase::Verify).await;
    assert_eq!((verified.counts.changed, verified.counts.already_done, verified.journal.as_written), (150, 50, 150));
    run.roll_back().await;
    assert_eq!(by_key(run.table().await), by_key(items));
}

#[tokio::test]
async fn running_again_writes_nothing() {
    let mut run = TestRun::start(&old_items(100), MIGRATION, 2).await;
    run.migrate().await;
    let mut again = TestRun { plan: run.plan.clone(), epoch: run.epoch, engines: run.engines };
    again.plan.run = "run-2".into();
    run = again;
    run.store_plan().await;
    run.take_over().await;
    run.migrate().await;
    let tally = run.tally(Phase::Migrate).await;
    assert_eq!((tally.counts.changed, tally.counts.scanned, tally.units.write), (0, 100, 0.0));
    assert!(tally.counts.balance());
}

#[tokio::test]
async fn a_plan_that_was_replaced_after_planning_is_not_worked_on() {
    let run = TestRun::start(&old_items(10), MIGRATION, 1).await;
    let mut forged = run.plan.clone();
    forged.migration = Document::from_yaml("id: split-address\nchange: [{set: hacked, to: 1}]").unwrap();
    tableshift_aws::run_files::store(&run.bucket(), "runs/run-1/plan.json", &forged).await.unwrap();
    let error = run.migrate_once(0, Deadline::after(Duration::from_secs(900))).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::MigrationChanged);
    assert_eq!(by_key(run.table().await), by_key(old_items(10)));
}

#[tokio::test]
async fn a_worker_out_of_time_saves_its_cursor_and_the_next_call_continues() {
    let run = TestRun::start(&old_items(300), MIGRATION, 1).await;
    let none_left = run.migrate_once(0, Deadline::after(Duration::from_secs(5))).await.unwrap();
    assert!(!none_left.done);
    assert_eq!(run.tally(Phase::Migrate).await.counts.scanned, 0);
    run.migrate().await;
    assert_eq!(run.tally(Phase::Migrate).await.counts.changed, 300);
}

/// A table whose worker is killed after this many writes: the next write never gets a response.
struct Killing {
    items: TableItems,
    writes_left: Cell<u32>,
}

impl ScanSegment for Killing {
    async fn page(&self, request: &PageRequest<'_>) -> Result<Page, CallError> {
        self.items.page(request).await
    }
}

impl Killing {
    /// Counts a request's writes. The last one never gets a response, and nothing happens after it.
    async fn dies(&self, writes: u32) {
        match self.writes_left.get().checked_sub(writes) {
            Some(left) => self.writes_left.set(left),
            None => std::future::pending().await,
        }
    }
}

impl ReadItem for Killing {
    async fn read(&self, key: &Item) -> Result<Option<Item>, CallError> {
        self.items.read(key).await
    }
}

impl UpdateBatch for Killing {
    async fn update_batch(&self, statements: &[Statement<'_>]) -> Result<BatchWritten, CallError> {
        self.dies(statements.len() as u32).await;
        self.items.update_batch(statements).await
    }
}

impl UpdateItem for Killing {
    async fn update(&self, key: &Item, update: &Update) -> Result<Written, CallError> {
        self.dies(1).await;
        self.items.update(key, update).await
    }
}

#[tokio::test]
async fn the_writes_of_a_killed_worker_count_once_and_no_item_is_written_twice() {
    let mut run = TestRun::start(&old_items(400), MIGRATION, 1).await;
    let ports = migrate_segment::Ports {
        bucket: run.bucket(),
        ledger: run.ledger(),
        items: |_: &str| Killing { items: run.items(), writes_left: Cell::new(150) },
        registry: REGISTRY,
        clock: tableshift_runtime::epoch_millis,
    };
    let worker = migrate_segment::run(&ports, &NoMonitors, run.segment(0), Deadline::after(Duration::from_secs(900)));
    assert!(tokio::time::timeout(Duration::from_secs(3), worker).await.is_err());
    let written = run.table().await.iter().filter(|item| item.contains_key("version")).count();
    assert_eq!(written, 150);
    run.take_over().await;
    run.migrate().await;
    let tally = run.tally(Phase::Migrate).await;
    assert_eq!((tally.counts.scanned, tally.counts.changed, tally.counts.already_done), (400, 400, 0));
    assert_eq!(tally.units.write, 250.0, "what the killed worker wrote was written again");
    run.verify().await;
    assert_eq!(run.tally(Phase::Verify).await.journal.as_written, 400);
}

#[tokio::test]
async fn a_worker_with_an_older_fencing_token_stops_and_saves_nothing() {
    let mut run = TestRun::start(&old_items(50), MIGRATION, 1).await;
    let mut older = run.segment(0);
    run.take_over().await;
    older.epoch = 1;
    let ports = migrate_segment::Ports {
        bucket: run.bucket(),
        ledger: run.ledger(),
        items: |_: &str| run.items(),
        registry: REGISTRY,
        clock: tableshift_runtime::epoch_millis,
    };
    let error =
        migrate_segment::run(&ports, &NoMonitors, older, Deadline::after(Duration::from_secs(900))).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::LeaseLost);
    assert!(run.table().await.iter().all(|item| !item.contains_key("version")));
}

#[tokio::test]
async fn invalid_items_stop_the_run_with_one_cause_and_are_listed_with_their_reasons() {
    let mut items = old_items(20);
    items[7].insert("address".into(), Value::s("nowhere"));
    let run = TestRun::start(&items, MIGRATION, 1).await;
    let error = run.migrate_once(0, Deadline::after(Duration::from_secs(900))).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::BudgetExceeded);
    let record = run.ledger().run("run-1").await.unwrap().unwrap();
    assert_eq!(record.cause_name.as_deref(), Some("BudgetExceeded"));
}

#[tokio::test]
async fn a_dry_run_counts_like_a_run_and_writes_nothing_to_the_table() {
    let mut items = old_items(60);
    items[3].insert("address".into(), Value::s("nowhere"));
    let run = TestRun::start(&items, MIGRATION, 2).await;
    for segment in 0..2 {
        assert!(run.dry_run(Part::of_segment(segment)).await.unwrap().done);
    }
    let tally = run.tally(Phase::DryRun).await;
    assert_eq!((tally.counts.scanned, tally.counts.changed, tally.counts.invalid), (60, 59, 1));
    assert_eq!(tally.samples.len(), 20);
    assert_eq!(by_key(run.table().await), by_key(items));
}

/// An application that keeps writing: it updates one attribute that the migration ignores and one that it reads, deletes
/// and inserts items, and remembers what every item must contain afterwards.
struct Application {
    client: aws_sdk_dynamodb::Client,
    hits: BTreeMap<String, u64>,
    moved: BTreeMap<String, String>,
    deleted: Vec<String>,
}

impl Application {
    async fn work(&mut self, rounds: usize) {
        for round in 0..rounds {
            let pk = format!("person-{:06}", (round * 7) % 300);
            match round % 5 {
                0 if !self.hits.contains_key(&pk) && !self.moved.contains_key(&pk) => self.delete(pk).await,
                1 => self.move_house(pk, round).await,
                2 => self.insert(format!("new-{round:06}")).await,
                _ => self.hit(pk).await,
            }
        }
    }

    fn update(&self, pk: &str) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        let key = Item::from([("pk".into(), Value::s(pk)), ("sk".into(), Value::s("profile"))]);
        self.client
            .update_item()
            .table_name(PEOPLE)
            .set_key(Some(to_sdk(&key)))
            .condition_expression("attribute_exists(pk)")
    }

    async fn hit(&mut self, pk: String) {
        let hit = self.update(&pk).update_expression("ADD hits :one");
        if hit.expression_attribute_values(":one", AttributeValue::N("1".into())).send().await.is_ok() {
            *self.hits.entry(pk).or_default() += 1;
        }
    }

    async fn move_house(&mut self, pk: String, round: usize) {
        let address = format!("{round} Side St, Austin, TX");
        let moved = self.update(&pk).update_expression("SET address = :a");
        if moved.expression_attribute_values(":a", AttributeValue::S(address.clone())).send().await.is_ok() {
            self.moved.insert(pk, address);
        }
    }

    async fn delete(&mut self, pk: String) {
        let key = Item::from([("pk".into(), Value::s(&*pk)), ("sk".into(), Value::s("profile"))]);
        self.client.delete_item().table_name(PEOPLE).set_key(Some(to_sdk(&key))).send().await.unwrap();
        self.deleted.push(pk);
    }

    async fn insert(&mut self, pk: String) {
        let item = Item::from([
            ("pk".into(), Value::s(&*pk)),
            ("sk".into(), Value::s("profile")),
            ("version".into(), Value::n("2")),
        ]);
        self.client.put_item().table_name(PEOPLE).set_item(Some(to_sdk(&item))).send().await.unwrap();
        self.hits.insert(pk, 0);
    }
}

#[tokio::test]
async fn an_application_that_writes_in_a_tight_loop_loses_nothing_and_deleted_items_stay_deleted() {
    let run = TestRun::start(&old_items(300), MIGRATION, 2).await;
    let client = run.engines.dynamodb.clone();
    let mut application = Application { client, hits: BTreeMap::new(), moved: BTreeMap::new(), deleted: Vec::new() };
    tokio::join!(run.migrate(), application.work(600));
    let table = by_key(run.table().await);
    for (pk, hits) in &application.hits {
        let held = table[&Value::s(pk)].get("hits").cloned().unwrap_or(Value::n("0"));
        assert_eq!(held, Value::n(hits.to_string()), "{pk}");
    }
    for (pk, address) in &application.moved {
        assert_eq!(table[&Value::s(pk)]["address"], Value::s(address), "{pk}");
    }
    for pk in &application.deleted {
        assert!(!table.contains_key(&Value::s(pk)), "{pk} was resurrected");
    }
    assert!(run.tally(Phase::Migrate).await.counts.balance());
    run.roll_back().await;
    let table = by_key(run.table().await);
    assert!(table.values().filter(|item| item["pk"] < Value::s("o")).all(|item| item["version"] == Value::n("2")));
    assert!(application.deleted.iter().all(|pk| !table.contains_key(&Value::s(pk))));
}
