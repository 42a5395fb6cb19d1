//! Steering a run that writes: its window, its monitors and an operator's commands, on real engines.

use std::cell::Cell;
use std::time::Duration;

use serde_json::json;
use tableshift_aws::CallError;
use tableshift_aws::dynamodb::batch::{BatchWritten, UpdateBatch};
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::{Page, PageRequest, ScanSegment, TableItems};
use tableshift_aws::dynamodb::update::{UpdateItem, Written};
use tableshift_aws::monitors::reader::ReadMonitors;
use tableshift_core::ErrorName;
use tableshift_core::control::monitor_status::{Closed, MonitorReading};
use tableshift_core::control::run_control::State;
use tableshift_core::item::value::Item;
use tableshift_core::plan::child::Progress;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::settings::monitors::Monitors;
use tableshift_core::write::statement::Statement;
use tableshift_core::write::update::Update;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{Deadline, Named as _};
use tableshift_tests::{MIGRATION, NoMonitors, ScriptedMonitors, TestRun, old_items};

/// 2026-11-22T10:00:00Z, a Sunday, in epoch milliseconds.
const TEN: i64 = 1_795_341_600_000;
const ITEMS: usize = 700;

thread_local! {
    static TIME: Cell<i64> = const { Cell::new(TEN) };
}

fn time() -> i64 {
    TIME.get()
}

/// A table that changes the time after this many writes.
struct Eventful {
    items: TableItems,
    writes_left: Cell<usize>,
    then: i64,
}

impl Eventful {
    fn wrote(&self, writes: usize) {
        let left = self.writes_left.get().saturating_sub(writes);
        self.writes_left.set(left);
        if left == 0 {
            TIME.set(TIME.get().max(self.then));
        }
    }
}

impl ScanSegment for Eventful {
    async fn page(&self, request: &PageRequest<'_>) -> Result<Page, CallError> {
        self.items.page(request).await
    }
}

impl ReadItem for Eventful {
    async fn read(&self, key: &Item) -> Result<Option<Item>, CallError> {
        self.items.read(key).await
    }
}

impl UpdateBatch for Eventful {
    async fn update_batch(&self, statements: &[Statement<'_>]) -> Result<BatchWritten, CallError> {
        let written = self.items.update_batch(statements).await;
        self.wrote(statements.len());
        written
    }
}

impl UpdateItem for Eventful {
    async fn update(&self, key: &Item, update: &Update) -> Result<Written, CallError> {
        let written = self.items.update(key, update).await;
        self.wrote(1);
        written
    }
}

/// A run of one segment whose plan was changed by `edit`.
async fn started_run(edit: impl FnOnce(&mut tableshift_core::plan::run_plan::RunPlan)) -> TestRun {
    TIME.set(TEN);
    let mut run = TestRun::start(&old_items(ITEMS), MIGRATION, 1).await;
    edit(&mut run.plan);
    run.store_plan().await;
    run
}

/// Calls the worker once. After 100 writes the time is `then`.
async fn call(
    run: &TestRun,
    monitor_reader: impl ReadMonitors,
    then: i64,
) -> Result<Progress, tableshift_segment::work::WorkError<migrate_segment::Error>> {
    let ports = migrate_segment::Ports {
        bucket: run.bucket(),
        ledger: run.ledger(),
        items: |_: &str| Eventful { items: run.items(), writes_left: Cell::new(100), then },
        registry: REGISTRY,
        clock: time,
    };
    migrate_segment::run(&ports, &monitor_reader, run.segment(0), Deadline::after(Duration::from_secs(900))).await
}

async fn written(run: &TestRun) -> usize {
    run.table().await.iter().filter(|item| item.contains_key("version")).count()
}

/// Asserts that some items were written, but none after the hold except those in flight.
async fn assert_parked(run: &TestRun) {
    let written = written(run).await;
    assert!((100..600).contains(&written), "{written} items are written");
}

async fn assert_all_written_once(run: &TestRun) {
    let tally = run.tally(Phase::Migrate).await;
    assert_eq!((tally.counts.scanned, tally.counts.changed), (ITEMS as u64, ITEMS as u64));
    assert_eq!(written(run).await, ITEMS);
}

#[tokio::test]
async fn a_closing_window_holds_the_run_in_the_middle_of_a_page_until_the_window_opens_again() {
    let window = json!({"from": "09:00", "to": "10:30"});
    let run = started_run(|plan| plan.window = serde_json::from_value(window).unwrap()).await;
    let (closes, opens) = (TEN + 1_800_000, TEN + 23 * 3_600_000);
    let progress = call(&run, NoMonitors, closes).await.unwrap();
    assert_eq!(progress, Progress { done: false, wait_seconds: 900, announce_hold: true });
    assert_parked(&run).await;
    let parked = written(&run).await;

    TIME.set(opens - 10_000);
    assert_eq!(
        call(&run, NoMonitors, 0).await.unwrap(),
        Progress { done: false, wait_seconds: 10, announce_hold: true }
    );
    assert_eq!(written(&run).await, parked, "nothing is written while the window is closed");

    TIME.set(opens);
    assert!(call(&run, NoMonitors, 0).await.unwrap().done);
    assert_all_written_once(&run).await;
}

#[tokio::test]
async fn a_run_on_hold_keeps_its_lock_until_after_the_wait() {
    let window = json!({"from": "09:00", "to": "10:30"});
    let run = started_run(|plan| plan.window = serde_json::from_value(window).unwrap()).await;
    // The lease uses the machine's time; the run's time must be later for the lease to matter.
    TIME.set(tableshift_runtime::epoch_millis().max(TEN) / 86_400_000 * 86_400_000 + 20 * 86_400_000);
    let progress = call(&run, NoMonitors, 0).await.unwrap();
    assert_eq!(progress.wait_seconds, 900);
    let lock = tableshift_aws::ledger::lock::LockTable::lock(&run.ledger(), tableshift_tests::PEOPLE).await.unwrap();
    let lease = run.plan.lease_seconds as i64;
    assert_eq!(lock.unwrap().lease_until, TIME.get() / 1000 + 900 + lease);
}

fn monitors() -> Monitors {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Monitors { calendars: names(&["releases"]), alarms: names(&["latency"]), critical_alarms: names(&["down"]) }
}

fn ringing(name: &str) -> MonitorReading {
    MonitorReading { in_alarm: vec![name.into()], closed: None }
}

/// Reads `before` the first time, and the scripted reading later.
struct ThenScripted<'s>(&'s ScriptedMonitors);

impl ReadMonitors for ThenScripted<'_> {
    async fn read(&self, monitors: &Monitors) -> Result<MonitorReading, CallError> {
        if self.0.reads.get() == 0 {
            self.0.reads.set(1);
            return Ok(MonitorReading::default());
        }
        (&self.0).read(monitors).await
    }
}

#[tokio::test]
async fn an_alarm_holds_the_run_within_a_minute_with_its_name_until_it_has_been_quiet_long_enough() {
    let run = started_run(|plan| plan.monitors = monitors()).await;
    let monitor_reader = ScriptedMonitors::default();
    monitor_reader.reading.replace(ringing("latency"));
    let progress = call(&run, ThenScripted(&monitor_reader), TEN + 60_000).await.unwrap();
    assert_eq!((progress.done, progress.wait_seconds), (false, 60));
    assert_parked(&run).await;
    let control = run.ledger().control(&run.plan.run, Phase::Migrate).await.unwrap();
    assert_eq!(control.monitor_status.alarm.as_ref().unwrap().name, "latency");
    assert_eq!(control.state, State::Running, "an operator's word is not touched");

    monitor_reader.reading.replace(MonitorReading::default());
    TIME.set(TEN + 120_000);
    assert!(!call(&run, &monitor_reader, 0).await.unwrap().done, "quiet, but not for long enough");
    TIME.set(TEN + 360_000);
    assert!(call(&run, &monitor_reader, 0).await.unwrap().done);
    assert_all_written_once(&run).await;
}

#[tokio::test]
async fn a_closing_calendar_holds_the_run_until_a_reading_finds_it_open() {
    let run = started_run(|plan| plan.monitors = monitors()).await;
    let monitor_reader = ScriptedMonitors::default();
    monitor_reader
        .reading
        .replace(MonitorReading { closed: Some(Closed { until: Some(TEN + 90_000) }), ..MonitorReading::default() });
    let progress = call(&run, ThenScripted(&monitor_reader), TEN + 60_000).await.unwrap();
    assert_eq!((progress.done, progress.wait_seconds), (false, 30));
    assert_parked(&run).await;
    monitor_reader.reading.replace(MonitorReading::default());
    TIME.set(TEN + 120_000);
    assert!(call(&run, &monitor_reader, 0).await.unwrap().done);
    assert_all_written_once(&run).await;
}

#[tokio::test]
async fn a_critical_alarm_stops_every_worker_with_its_name() {
    let run = started_run(|plan| plan.monitors = monitors()).await;
    let monitor_reader = ScriptedMonitors::default();
    monitor_reader.reading.replace(ringing("down"));
    let error = call(&run, ThenScripted(&monitor_reader), TEN + 60_000).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Aborted);
    assert!(tableshift_runtime::chain(&error).contains("critical alarm `down` is in ALARM"));
    assert_parked(&run).await;
    let control = run.ledger().control(&run.plan.run, Phase::Migrate).await.unwrap();
    assert_eq!(control.state, State::Stopped);
    assert!(control.reason.unwrap().contains("`down`"));
    // Another worker of the run stops too, without reading the monitors itself.
    assert_eq!(call(&run, NoMonitors, 0).await.unwrap_err().name(), ErrorName::Aborted);
}

#[tokio::test]
async fn the_whole_run_reads_the_monitors_once_a_minute_however_many_workers_it_has() {
    let run = started_run(|plan| plan.monitors = monitors()).await;
    let monitor_reader = ScriptedMonitors::default();
    monitor_reader.reading.replace(ringing("latency"));
    for second in 0..60 {
        TIME.set(TEN + second * 1000);
        assert!(!call(&run, &monitor_reader, 0).await.unwrap().done);
    }
    assert_eq!(monitor_reader.reads.get(), 1);
}

#[tokio::test]
async fn each_hold_is_announced_once_however_many_children_notice_it() {
    let run = started_run(|_| ()).await;
    let ledger = run.ledger();
    ledger.pause(&run.plan.run, "lunch", TEN).await.unwrap();
    assert!(call(&run, NoMonitors, 0).await.unwrap().announce_hold);
    assert!(ledger.record_hold(&run.plan.run, TEN).await.unwrap());
    assert!(!ledger.record_hold(&run.plan.run, TEN).await.unwrap(), "only one of them announces the hold");
    TIME.set(TEN + 10_000);
    assert!(!call(&run, NoMonitors, 0).await.unwrap().announce_hold);

    ledger.resume(&run.plan.run).await.unwrap();
    TIME.set(TEN + 20_000);
    assert!(call(&run, NoMonitors, 0).await.unwrap().done);
    let control = ledger.control(&run.plan.run, Phase::Migrate).await.unwrap();
    assert_eq!(control.hold_announced_at, None);
    assert!(ledger.record_hold(&run.plan.run, TEN).await.unwrap());
}
