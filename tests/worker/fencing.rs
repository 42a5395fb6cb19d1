//! A worker whose fencing token is no longer the lock's, against the run that goes on without it.

use std::time::Duration;

use tableshift_aws::CallError;
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::{Page, PageRequest, ScanSegment, TableItems};
use tableshift_aws::ledger::lock::LockTable as _;
use tableshift_aws::ledger::stop::stop_run_for;
use tableshift_core::control::lock::Lock;
use tableshift_core::control::run_control::State;
use tableshift_core::item::value::Item;
use tableshift_core::plan::phase::Phase;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{Deadline, ErrorName, Named as _, epoch_millis};
use tableshift_segment::part::{Directive, Part, PartId};
use tableshift_tests::{MIGRATION, PEOPLE, TestRun, old_items};

/// A table that another execution takes over while a page is read, and that is gone afterwards.
struct TakenOver<'r> {
    run: &'r TestRun,
}

impl ScanSegment for TakenOver<'_> {
    async fn page(&self, request: &PageRequest<'_>) -> Result<Page, CallError> {
        self.run.take_over_as(self.run.epoch + 1).await;
        TableItems::new(self.run.engines.dynamodb.clone(), "gone").page(request).await
    }
}

impl ReadItem for TakenOver<'_> {
    async fn read(&self, key: &Item) -> Result<Option<Item>, CallError> {
        self.run.items().read(key).await
    }
}

#[tokio::test]
async fn a_worker_whose_fencing_token_is_no_longer_the_locks_cannot_stop_the_run() {
    let mut run = TestRun::start(&old_items(20), MIGRATION, 1).await;
    let ports = verify_segment::Ports {
        bucket: run.bucket(),
        ledger: run.ledger(),
        items: |_: &str| TakenOver { run: &run },
        registry: REGISTRY,
        clock: epoch_millis,
    };
    let deadline = Deadline::after(std::time::Duration::from_secs(900));
    let error = verify_segment::run(&ports, run.segment(0), deadline).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::TableNotFound);
    let ledger = run.ledger();
    let control = async || ledger.control("run-1", Phase::Migrate).await.unwrap();
    assert_eq!(control().await.state, State::Running);
    assert_eq!(ledger.run("run-1").await.unwrap().unwrap().cause_name, None);

    run.epoch += 1;
    run.migrate().await;
    stop_run_for(&ledger, "run-1", run.epoch, &error, 9_000).await;
    assert_eq!(control().await.state, State::Stopped, "a worker of this execution stops the run");
    assert_eq!(ledger.run("run-1").await.unwrap().unwrap().cause_name.as_deref(), Some("TableNotFound"));
}

#[tokio::test]
async fn a_worker_from_before_the_roll_back_cannot_stop_the_roll_back_but_an_operator_can() {
    let run = TestRun::start(&old_items(20), MIGRATION, 1).await;
    let ledger = run.ledger();
    let lock: Lock = ledger.lock(PEOPLE).await.unwrap().unwrap();
    let epoch = ledger.fence(PEOPLE, "run-1", lock.epoch, lock.lease_until).await.unwrap().unwrap();
    ledger.raise_epoch("run-1", epoch).await.unwrap();
    let state = async || ledger.control("run-1", Phase::RollBack).await.unwrap().state;
    stop_run_for(&ledger, "run-1", lock.epoch, &Refused, 9_000).await;
    assert_eq!(state().await, State::Running);
    ledger.stop("run-1", "the wrong week", 9_000).await.unwrap();
    assert_eq!(state().await, State::Stopped);
}

/// The error of a worker.
#[derive(Debug)]
struct Refused;

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the table is not there")
    }
}

impl std::error::Error for Refused {}

impl tableshift_runtime::Named for Refused {
    fn name(&self) -> ErrorName {
        ErrorName::TableNotFound
    }
}

#[tokio::test]
async fn an_attempt_finds_within_two_seconds_that_a_later_one_has_its_part() {
    let run = TestRun::start(&old_items(3), MIGRATION, 1).await;
    let ports = run.ports();
    let part = Part::begin(&ports, PartId::of_segment(Phase::Migrate, run.segment(0))).await.unwrap();
    assert_eq!(part.directive().await.unwrap(), Directive::Work);
    run.ledger().claim(&run.plan.run, Phase::Migrate, "000000", run.epoch).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_050)).await;
    assert_eq!(part.directive().await.unwrap_err().name(), ErrorName::LeaseLost);
}
