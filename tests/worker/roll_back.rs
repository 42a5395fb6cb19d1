//! Rolling back: what the journal must hold, and what is not restored.

use std::collections::BTreeMap;
use std::time::Duration;

use await_window::{Input, Step};
use tableshift_aws::ledger::lock::LockTable as _;
use tableshift_aws::s3::ListObjects as _;
use tableshift_core::item::value::{Item, Value};
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::{Deadline, ErrorName, Named as _, epoch_millis};
use tableshift_tests::{BUCKET, MIGRATION, NOW, NoMonitors, Recorder, TestRun, old_items};

#[tokio::test]
async fn a_missing_journal_object_is_named_and_its_items_are_unaccounted_for() {
    let run = TestRun::start(&old_items(60), MIGRATION, 1).await;
    run.migrate().await;
    let prefix = keys::journal("run-1", "000000");
    let objects = run.bucket().list(&prefix).await.unwrap();
    let deleted = run.engines.s3.delete_object().bucket(BUCKET).key(&objects[0]).send().await;
    deleted.expect("the object is deleted");
    run.roll_back().await;
    let tally = run.tally(Phase::RollBack).await;
    assert_eq!((tally.journal.restored, tally.journal.unaccounted, tally.journal.missing_objects), (0, 60, 1));
    assert_eq!(tally.missing_objects, [format!("{prefix}00000000-*")]);
}

#[tokio::test]
async fn another_roll_back_finds_every_item_restored_and_writes_nothing() {
    let items = old_items(40);
    let mut run = TestRun::start(&items, MIGRATION, 1).await;
    run.migrate().await;
    run.roll_back().await;
    run.take_over().await;
    run.roll_back().await;
    let tally = run.tally(Phase::RollBack).await;
    assert_eq!((tally.journal.already_restored, tally.units.write, tally.journal.unaccounted), (40, 0.0, 0));
}

#[tokio::test]
async fn a_time_to_live_that_has_passed_is_not_restored() {
    let person = |name: &str, expires: i64| {
        let at = |seconds: i64| Value::n((epoch_millis() / 1000 + seconds).to_string());
        Item::from([
            ("pk".to_owned(), Value::s(name)),
            ("sk".to_owned(), Value::s("PROFILE")),
            ("expires".to_owned(), at(expires)),
        ])
    };
    let later = "id: later\nwhere: '!has(item.version)'\nchange: [{set: expires, to: item.expires + 86400}, {set: version, to: 2}]";
    let items = [person("anna", 3600), person("bert", -60)];
    let mut run = TestRun::start(&items, later, 1).await;
    run.plan.table.time_to_live = Some("expires".into());
    run.store_plan().await;
    run.migrate().await;
    run.roll_back().await;
    let left: BTreeMap<Value, bool> =
        run.table().await.into_iter().map(|item| (item["pk"].clone(), item.contains_key("version"))).collect();
    assert_eq!(left, BTreeMap::from([(Value::s("anna"), false), (Value::s("bert"), true)]));
    let tally = run.tally(Phase::RollBack).await;
    assert_eq!((tally.journal.restored, tally.journal.spared, tally.journal.unaccounted), (1, 1, 0));
    assert!(tally.findings[0].reason.contains("time to live"));
}

#[tokio::test]
async fn before_a_roll_back_writes_every_other_worker_is_fenced_off() {
    let mut run = TestRun::start(&old_items(20), MIGRATION, 1).await;
    let (bucket, ledger) = (run.bucket(), run.ledger());
    let begin = async |epoch| {
        let input =
            Input { step: Step::BeginRollBack, run: "run-1".into(), epoch, wave: Wave::Whole, settle_seconds: 30 };
        await_window::run(&bucket, &ledger, &NoMonitors, &Recorder::default(), NOW, input).await
    };
    let begun = begin(run.epoch).await.unwrap();
    assert_eq!((begun.epoch, begun.until.as_str()), (run.epoch + 1, "2026-11-22T10:00:31Z"));
    assert_eq!(begin(run.epoch).await.unwrap().epoch, begun.epoch, "a retry finds the token that it took");
    assert_eq!(run.ledger().run("run-1").await.unwrap().unwrap().progress, "rolled-back");
    let error = run.migrate_once(0, Deadline::after(Duration::from_secs(900))).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::LeaseLost);

    let old = run.epoch;
    run.take_over().await;
    assert_eq!(begin(old).await.unwrap_err().name(), ErrorName::LeaseLost, "another execution has the lock");
    let lock = run.ledger().lock(&run.plan.table.name).await.unwrap().unwrap();
    assert_eq!(lock.epoch, run.epoch);
}
