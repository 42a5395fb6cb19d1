//! Throttles are counted by reason, in every phase that meets them.

use std::cell::RefCell;

use tableshift_aws::dynamodb::batch::{BatchWritten, UpdateBatch};
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::{Page, PageRequest, ScanSegment, TableItems};
use tableshift_aws::dynamodb::update::{UpdateItem, Written};
use tableshift_aws::{CallError, Cause};
use tableshift_core::control::throttle::{Reason, Throttles};
use tableshift_core::item::value::Item;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::statement::Statement;
use tableshift_core::write::update::Update;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{Deadline, epoch_millis};
use tableshift_tests::{MIGRATION, NoMonitors, TestRun, old_items};

/// Items that are throttled for these reasons, one request each, before requests succeed.
struct Throttling {
    items: TableItems,
    reads: RefCell<Vec<Option<Reason>>>,
    writes: RefCell<Vec<Option<Reason>>>,
}

fn throttled(reasons: &RefCell<Vec<Option<Reason>>>) -> Result<(), CallError> {
    let Some(reason) = reasons.borrow_mut().pop() else { return Ok(()) };
    let error = CallError::refused("UpdateItem", "people", "throttled");
    Err(CallError { cause: Cause::Throttled, reach: reason.map(Reason::reach), reason, ..error })
}

impl ScanSegment for Throttling {
    async fn page(&self, request: &PageRequest<'_>) -> Result<Page, CallError> {
        throttled(&self.reads)?;
        self.items.page(request).await
    }
}

impl ReadItem for Throttling {
    async fn read(&self, key: &Item) -> Result<Option<Item>, CallError> {
        self.items.read(key).await
    }
}

impl UpdateBatch for Throttling {
    async fn update_batch(&self, statements: &[Statement<'_>]) -> Result<BatchWritten, CallError> {
        throttled(&self.writes)?;
        self.items.update_batch(statements).await
    }
}

impl UpdateItem for Throttling {
    async fn update(&self, key: &Item, update: &Update) -> Result<Written, CallError> {
        throttled(&self.writes)?;
        self.items.update(key, update).await
    }
}

fn ports(
    run: &TestRun,
    reads: Vec<Option<Reason>>,
    writes: Vec<Option<Reason>>,
) -> tableshift_segment::ports::Ports<impl Fn(&str) -> Throttling> {
    let items = run.items();
    let open = move |_: &str| Throttling {
        items: items.clone(),
        reads: RefCell::new(reads.clone()),
        writes: RefCell::new(writes.clone()),
    };
    migrate_segment::Ports {
        bucket: run.bucket(),
        ledger: run.ledger(),
        items: open,
        registry: REGISTRY,
        clock: epoch_millis,
    }
}

fn generous() -> Deadline {
    Deadline::after(std::time::Duration::from_secs(900))
}

#[tokio::test]
async fn throttles_of_a_migration_are_counted_by_reason_in_the_ledger_and_in_the_result() {
    let run = TestRun::start(&old_items(120), MIGRATION, 1).await;
    let writes = vec![Some(Reason::KeyRange), Some(Reason::KeyRange), Some(Reason::Table), Some(Reason::Index), None];
    let ports = ports(&run, vec![Some(Reason::Account)], writes);
    assert!(migrate_segment::run(&ports, &NoMonitors, run.segment(0), generous()).await.unwrap().done);
    let expected = Throttles { key_range: 2, table: 1, index: 1, account: 1, unknown: 1, ..Throttles::default() };
    let tally = run.tally(Phase::Migrate).await;
    assert_eq!((tally.throttles, tally.counts.changed), (expected, 120));
    let seen = run.ledger().progress(&run.plan.run, Phase::Migrate, Wave::Whole).await.unwrap();
    assert_eq!(seen.tally.throttles, expected, "so `watch` and `status` see it");
}

#[tokio::test]
async fn throttles_of_a_roll_back_are_counted_too() {
    let run = TestRun::start(&old_items(20), MIGRATION, 1).await;
    run.migrate().await;
    let ports = ports(&run, Vec::new(), vec![Some(Reason::OnDemandMaximum), Some(Reason::Table)]);
    assert!(roll_back_segment::run(&ports, run.segment(0), generous()).await.unwrap().done);
    let expected = Throttles { on_demand_maximum: 1, table: 1, ..Throttles::default() };
    assert_eq!(run.tally(Phase::RollBack).await.throttles, expected);
}
