//! Reading one segment of a table page by page, at a pace: how large a page may be, and what to do about throttles.

use std::cell::Cell;
use std::time::Duration;

use tableshift_aws::dynamodb::scan::{Page, PageRequest, ScanSegment};
use tableshift_aws::error::{CallError, Cause};
use tableshift_core::control::throttle::Throttles;
use tableshift_core::item::value::Item;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_runtime::Clock;
use tokio::time::Instant;

use crate::pacer::Pacer;

/// How long a page is requested again while every attempt is throttled.
const PATIENCE: Duration = Duration::from_secs(60);
/// After a throttled read: the shortest wait, and how much it differs between segments so that they do not return
/// together, in milliseconds.
const AFTER_THROTTLE: (u64, u64) = (150, 100);
/// A page consumes at most the units of this many seconds. A whole page would use up many seconds of a low rate.
const PAGE_SECONDS: f64 = 0.5;
/// The bytes of a whole page. Source: DynamoDB API reference, Scan.
const PAGE_BYTES: f64 = 1_048_576.0;
/// The bytes that a read unit reads, consistently and eventually consistently.
/// Source: DynamoDB developer guide, "Read operations".
const UNIT_BYTES: (f64, f64) = (4096.0, 8192.0);
/// An item's assumed size while none is known, in bytes. Too much is safer than too little.
const UNKNOWN_ITEM: f64 = 8192.0;

/// Reads the pages of one segment.
#[derive(Debug)]
pub struct SegmentReader {
    segment: u32,
    segments: u32,
    consistent: Cell<bool>,
    clock: Clock,
    pacer: Pacer,
    /// The read units of an item, as the average of the latest page.
    item_units: Cell<f64>,
    /// Throttles since the last page.
    throttles: Cell<Throttles>,
}

/// How large and how fast a page may be.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Portion {
    /// The rate in read units a second; `None` for no limit.
    pub units_per_second: Option<f64>,
    /// The most items; `None`: as many as fit into a page.
    pub items: Option<u32>,
}

impl SegmentReader {
    /// Reads a segment of a plan's table. A consistent read sees every write that was acknowledged before it, for twice
    /// the units.
    pub fn new(plan: &RunPlan, segment: u32, consistent: bool, clock: Clock) -> Self {
        let table = &plan.table;
        let item = if table.items > 0 { table.bytes as f64 / table.items as f64 } else { UNKNOWN_ITEM };
        Self {
            segment,
            segments: plan.segments,
            consistent: Cell::new(consistent),
            clock,
            pacer: Pacer::unlimited(),
            item_units: Cell::new(item / unit_bytes(consistent)),
            throttles: Cell::default(),
        }
    }

    /// Reads consistently from now on, or no longer.
    pub fn set_consistent(&self, consistent: bool) {
        let before = self.consistent.replace(consistent);
        self.item_units.set(self.item_units.get() * unit_bytes(before) / unit_bytes(consistent));
    }

    /// The page after the cursor, once its expected units are paid.
    pub(crate) async fn next(
        &self,
        items: &impl ScanSegment,
        cursor: Option<&Item>,
        portion: Portion,
    ) -> Result<Page, CallError> {
        self.pacer.set_rate(portion.units_per_second);
        let (limit, expected) = self.limit(portion.items);
        let (segment, segments, consistent) = (self.segment, self.segments, self.consistent.get());
        let request = PageRequest { segment, segments, cursor, consistent, limit };
        let page = self.request(items, &request, expected).await?;
        self.pacer.charge(page.units - expected);
        if !page.items.is_empty() {
            // The units are rounded up for the whole page: on average, half of the last unit was not read.
            let rounded = UNIT_BYTES.0 / unit_bytes(self.consistent.get()) / 2.0;
            self.item_units.set((page.units - rounded).max(0.0) / page.items.len() as f64);
        }
        Ok(page)
    }

    /// The throttles since they were last taken.
    pub(crate) fn take_throttles(&self) -> Throttles {
        self.throttles.take()
    }

    /// The most items of the next page, if that is less than a whole page, and the units that it should consume.
    fn limit(&self, most: Option<u32>) -> (Option<u32>, f64) {
        let whole = PAGE_BYTES / unit_bytes(self.consistent.get());
        let allowed = self.pacer.rate().map_or(whole, |rate| rate * PAGE_SECONDS);
        let item = self.item_units.get().max(f64::MIN_POSITIVE);
        let paid = (allowed < whole).then(|| (allowed / item).clamp(1.0, f64::from(i32::MAX)) as u32);
        let limit = [paid, most.map(|most| most.clamp(1, i32::MAX as u32))].into_iter().flatten().min();
        // The last page of a segment may be of any size: what it does not consume is given back.
        (limit, limit.map_or(whole, |items| (f64::from(items) * item).min(whole)))
    }

    async fn request(
        &self,
        items: &impl ScanSegment,
        request: &PageRequest<'_>,
        expected_units: f64,
    ) -> Result<Page, CallError> {
        let begun = Instant::now();
        self.pacer.charge(expected_units);
        loop {
            tokio::time::sleep(self.pacer.wait()).await;
            let read_at = (self.clock)();
            match items.page(request).await {
                Ok(page) => return Ok(Page { read_at, ..page }),
                Err(error) if error.cause == Cause::Throttled && begun.elapsed() < PATIENCE => {
                    self.pacer.throttle();
                    let mut throttles = self.throttles.get();
                    throttles.count(error.reason);
                    self.throttles.set(throttles);
                    let (least, spread) = AFTER_THROTTLE;
                    tokio::time::sleep(Duration::from_millis(least + u64::from(self.segment) * 37 % spread)).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

fn unit_bytes(consistent: bool) -> f64 {
    if consistent { UNIT_BYTES.0 } else { UNIT_BYTES.1 }
}
