//! What a verification says about journaled items: seen, changed, gone, or not in the journal at all.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use tableshift_aws::CallError;
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::items::to_sdk;
use tableshift_aws::dynamodb::scan::{Page, PageRequest, ScanSegment, TableItems};
use tableshift_aws::ledger::table::Ledger;
use tableshift_aws::s3::ListObjects as _;
use tableshift_core::item::value::{Item, Value};
use tableshift_core::plan::child::Progress;
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{Deadline, epoch_millis};
use tableshift_tests::{BUCKET, MIGRATION, PEOPLE, TestRun, old_items};

/// What happens once a table has given its pages or its single items.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    /// The worker hangs until it is killed.
    Killed,
    /// The time of its invocation runs out.
    OutOfTime,
    /// An operator pauses the run.
    Paused,
}

/// A table whose scan leaves items out, and whose pages have a few items.
struct Partly<'r> {
    items: TableItems,
    /// The keys that no page has.
    hidden: BTreeSet<Value>,
    pages_left: Cell<u32>,
    end: End,
    ledger: Ledger,
    /// The single items that were read.
    read: &'r RefCell<Vec<Value>>,
    reads_left: Cell<u32>,
}

thread_local! {
    static TIME: Cell<i64> = const { Cell::new(0) };
}

fn time() -> i64 {
    epoch_millis() + TIME.get()
}

impl Partly<'_> {
    async fn spend(&self, left: &Cell<u32>) {
        if let Some(more) = left.get().checked_sub(1) {
            return left.set(more);
        }
        match self.end {
            End::Killed => std::future::pending().await,
            End::OutOfTime => TIME.set(TIME.get() + 880_000),
            End::Paused => {
                self.ledger.pause("run-1", "lunch", time()).await.expect("the ledger answers");
                // The control item is read every two seconds.
                TIME.set(TIME.get() + 2_000);
            }
        }
    }
}

impl ScanSegment for Partly<'_> {
    async fn page(&self, request: &PageRequest<'_>) -> Result<Page, CallError> {
        self.spend(&self.pages_left).await;
        let mut page = self.items.page(&PageRequest { limit: Some(10), ..*request }).await?;
        page.items.retain(|item| !self.hidden.contains(&item["pk"]));
        Ok(page)
    }
}

impl ReadItem for Partly<'_> {
    async fn read(&self, key: &Item) -> Result<Option<Item>, CallError> {
        self.spend(&self.reads_left).await;
        self.read.borrow_mut().push(key["pk"].clone());
        self.items.read(key).await
    }
}

/// A migrated run and the single items that its verification read.
struct Verified {
    run: TestRun,
    read: RefCell<Vec<Value>>,
}

impl Verified {
    async fn start(items: usize, segments: u32) -> Self {
        let run = TestRun::start(&old_items(items), MIGRATION, segments).await;
        run.migrate().await;
        Self { run, read: RefCell::default() }
    }

    /// Calls the verification of segment 0 once. `pages` and `reads` are how many it gets; `None`: it was killed.
    async fn call(&self, hidden: &[usize], pages: u32, reads: u32, end: End) -> Option<Progress> {
        TIME.set(0);
        let table = |_: &str| Partly {
            items: self.run.items(),
            hidden: hidden.iter().map(|at| pk(*at)).collect(),
            pages_left: Cell::new(pages),
            end,
            ledger: self.run.ledger(),
            read: &self.read,
            reads_left: Cell::new(reads),
        };
        let (bucket, ledger) = (self.run.bucket(), self.run.ledger());
        let ports = verify_segment::Ports { bucket, ledger, items: table, registry: REGISTRY, clock: time };
        let deadline = Deadline::by_clock((epoch_millis() + 900_000) as u64, time);
        let worker = verify_segment::run(&ports, self.run.segment(0), deadline);
        let patience = Duration::from_secs(if end == End::Killed { 2 } else { 60 });
        let ended = tokio::time::timeout(patience, worker).await;
        ended.ok().map(|progress| progress.expect("the segment is verified"))
    }

    async fn delete(&self, at: usize) {
        let key = Item::from([("pk".into(), pk(at)), ("sk".into(), Value::s("profile"))]);
        let request = self.run.engines.dynamodb.delete_item().table_name(PEOPLE).set_key(Some(to_sdk(&key)));
        request.send().await.expect("the item is deleted");
    }

    /// (as written, changed since, gone, scanned, unaccounted)
    async fn counts(&self) -> (u64, u64, u64, u64, u64) {
        let tally = self.run.tally(Phase::Verify).await;
        assert!(tally.counts.balance());
        let journal = tally.journal;
        (journal.as_written, journal.changed_since, journal.gone, tally.counts.scanned, journal.unaccounted)
    }
}

fn pk(at: usize) -> Value {
    Value::s(format!("person-{at:06}"))
}

const ALL: u32 = u32::MAX;

#[tokio::test]
async fn a_journaled_item_that_the_scan_did_not_see_is_read_and_only_gone_if_it_is_absent() {
    let verified = Verified::start(60, 1).await;
    for at in [7, 8, 9] {
        verified.delete(at).await;
    }
    assert!(verified.call(&[3, 41], ALL, ALL, End::Killed).await.unwrap().done);
    assert_eq!(verified.counts().await, (57, 0, 3, 57, 0));
    let read: BTreeSet<Value> = verified.read.borrow().iter().cloned().collect();
    assert_eq!(read, [3, 7, 8, 9, 41].map(pk).into(), "no other item is read once more");
    assert_eq!(verified.run.tally(Phase::Verify).await.units.read.fract(), 0.0);
}

#[tokio::test]
async fn a_resumed_verification_counts_every_item_once() {
    let verified = Verified::start(60, 1).await;
    verified.delete(7).await;
    let (pages, reads) = (3, 2);
    assert!(!verified.call(&[3, 41, 50], pages, reads, End::OutOfTime).await.unwrap().done);
    let mut calls = 1;
    while !verified.call(&[3, 41, 50], pages, reads, End::OutOfTime).await.unwrap().done {
        calls += 1;
        assert!(calls < 10, "every call goes on where the one before stopped");
    }
    assert_eq!(verified.counts().await, (59, 0, 1, 59, 0));
    assert_eq!(verified.read.borrow().len(), 4, "no item is read twice");
}

#[tokio::test]
async fn a_verification_that_is_killed_counts_every_item_once() {
    for (pages, reads) in [(3, 0), (ALL, 0), (ALL, 2)] {
        let verified = Verified::start(60, 1).await;
        verified.delete(7).await;
        assert_eq!(verified.call(&[3, 41, 50], pages, reads, End::Killed).await, None);
        verified.delete(20).await;
        assert!(verified.call(&[3, 41, 50], ALL, ALL, End::Killed).await.unwrap().done);
        let (as_written, changed_since, gone, scanned, unaccounted) = verified.counts().await;
        assert_eq!((as_written + gone, changed_since, scanned, unaccounted), (60, 0, as_written, 0));
        assert!((1..=2).contains(&gone), "{gone}");
    }
}

#[tokio::test]
async fn single_reads_keep_the_read_budget_and_a_hold_interrupts_them() {
    let verified = Verified::start(60, 1).await;
    for at in 0..30 {
        verified.delete(at).await;
    }
    let ledger = verified.run.ledger();
    ledger.throttle("run-1", None, Some(6)).await.unwrap();
    let held = verified.call(&[], ALL, 10, End::Paused).await.unwrap();
    assert!(!held.done && held.wait_seconds > 0);
    let read = verified.read.borrow().len();
    assert!((10..=18).contains(&read), "{read} items were read, in pieces of a second");

    ledger.resume("run-1").await.unwrap();
    let began = Instant::now();
    assert!(verified.call(&[], ALL, ALL, End::Paused).await.unwrap().done);
    let least = (30 - read) as f64 / 6.0 - 1.5;
    assert!(began.elapsed().as_secs_f64() > least, "{:?} for {} reads", began.elapsed(), 30 - read);
    assert_eq!((verified.counts().await, verified.read.borrow().len()), ((30, 0, 30, 30, 0), 30));
}

#[tokio::test]
async fn a_missing_journal_object_leaves_the_items_of_its_segment_unaccounted_for() {
    let run = TestRun::start(&old_items(60), MIGRATION, 2).await;
    run.migrate().await;
    let objects = run.bucket().list(&keys::journal("run-1", "000001")).await.unwrap();
    run.engines.s3.delete_object().bucket(BUCKET).key(&objects[0]).send().await.expect("the object is deleted");
    run.verify().await;
    let tally = run.tally(Phase::Verify).await;
    assert_eq!(tally.journal.as_written + tally.journal.unaccounted, 60);
    assert!(tally.journal.unaccounted > 0);
}
