//! Reading what a run works on from where its checkpoint is, at a pace.

use std::cell::Cell;
use std::time::Duration;

use tableshift_core::ErrorName;
use tableshift_core::control::throttle::Throttles;
use tableshift_core::item::value::Item;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::write::counts::Tally;
use tokio::time::Instant;

use crate::dead_letters::{DeadLetterError, DeadLetters};
use crate::paced::Pacer;
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::{Filter, Page, PageRequest, ScanSegment};
use tableshift_aws::error::{CallError, Cause};
use tableshift_aws::s3::{ListObjects, ReadObject};
use tableshift_runtime::Clock;

/// How long a segment is tried to be read while every attempt is throttled.
const PATIENCE: Duration = Duration::from_secs(60);
/// The least wait after a throttled read, and what segments differ by, so that they do not come back together.
const AFTER_THROTTLE: (u64, u64) = (150, 100);
/// A page consumes at most what so many seconds allow: a whole one would use up a low rate's many seconds at once.
const PAGE_SECONDS: f64 = 0.5;
/// The bytes of a whole page. Source: DynamoDB API reference, Scan.
const PAGE_BYTES: f64 = 1_048_576.0;
/// The bytes that a read unit reads, consistently and else. Source: DynamoDB developer guide, "Read operations".
const UNIT_BYTES: (f64, f64) = (4096.0, 8192.0);
/// An item's size before any is known, in bytes: rather too much than too little.
const UNKNOWN_ITEM: f64 = 8192.0;

/// Reads the pages of one segment.
#[derive(Debug)]
pub struct SegmentReader<'t, T> {
    items: &'t T,
    segment: u32,
    segments: u32,
    consistent: bool,
    clock: Clock,
    pacer: Pacer,
    /// The read units that an item consumes, on the average of the latest page.
    item_units: Cell<f64>,
    /// Throttles since the last page.
    throttles: Cell<Throttles>,
}

/// How much a page may be.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Portion {
    /// The pace, in read units a second; `None`: any.
    pub units_per_second: Option<f64>,
    /// The most items, those included that the filter leaves out; `None`: as many as fit into a page.
    pub items: Option<u32>,
}

impl Portion {
    /// As much as fits into a page, at so many read units a second.
    pub fn at(units_per_second: Option<f64>) -> Self {
        Self { units_per_second, items: None }
    }
}

/// Why a page did not come.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The table did not answer.
    #[error("the table could not be read")]
    Table(#[source] CallError),
    /// The dead letters that the run takes did not come.
    #[error("the dead letters that the run takes could not be read")]
    DeadLetters(#[source] DeadLetterError),
}

impl ReadError {
    /// The name under which a worker reports this failure.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::Table(error) | Self::DeadLetters(DeadLetterError::Table(error)) if error.cause == Cause::NotFound => {
                ErrorName::TableNotFound
            }
            Self::Table(error) | Self::DeadLetters(DeadLetterError::Table(error)) => error.name(),
            Self::DeadLetters(DeadLetterError::File(error)) => error.name(),
        }
    }
}

/// Reads what a run works on, page by page: a segment of the table, or another run's dead letters.
#[derive(Debug)]
pub enum Pages<'t, B, T> {
    /// A segment.
    Segment(SegmentReader<'t, T>),
    /// Dead letters.
    DeadLetters(DeadLetters<'t, B, T>),
}

impl<'t, B: ReadObject + ListObjects, T: ScanSegment + ReadItem> Pages<'t, B, T> {
    /// What a run with this plan works on.
    pub async fn of(
        plan: &RunPlan,
        bucket: &'t B,
        items: &'t T,
        segment: u32,
        consistent: bool,
        clock: Clock,
    ) -> Result<Self, ReadError> {
        match &plan.dead_letters_of {
            None => Ok(Self::Segment(SegmentReader::new(plan, items, segment, consistent, clock))),
            Some(run) => {
                let letters = DeadLetters::of(bucket, items, run, clock).await;
                letters.map(Self::DeadLetters).map_err(ReadError::DeadLetters)
            }
        }
    }

    /// The page after the cursor, and a tally that holds its read units. The filter says which items of a segment
    /// DynamoDB may leave out; they are read, billed and counted all the same.
    pub async fn next(
        &self,
        cursor: Option<&Item>,
        filter: Option<&Filter>,
        portion: Portion,
    ) -> Result<(Page, Tally), ReadError> {
        let page = match self {
            Self::Segment(reader) => reader.next(cursor, filter, portion).await.map_err(ReadError::Table)?,
            Self::DeadLetters(letters) => letters.next(cursor).await.map_err(ReadError::DeadLetters)?,
        };
        let mut tally = Tally::default();
        tally.units.read += page.units;
        if let Self::Segment(reader) = self {
            tally.throttles += reader.throttles.take();
        }
        Ok((page, tally))
    }
}

impl<'t, T: ScanSegment> SegmentReader<'t, T> {
    /// Reads a segment of a plan's table. A consistent read sees every write that was acknowledged before, for twice the
    /// units.
    pub fn new(plan: &RunPlan, items: &'t T, segment: u32, consistent: bool, clock: Clock) -> Self {
        let (table, segments) = (&plan.table, plan.segments);
        let item = if table.items > 0 { table.bytes as f64 / table.items as f64 } else { UNKNOWN_ITEM };
        let item_units = Cell::new(item / unit_bytes(consistent));
        Self {
            items,
            segment,
            segments,
            consistent,
            clock,
            pacer: Pacer::new(None),
            item_units,
            throttles: Cell::default(),
        }
    }

    /// The page after the cursor, when it is paid for.
    async fn next(&self, cursor: Option<&Item>, filter: Option<&Filter>, portion: Portion) -> Result<Page, CallError> {
        self.pacer.set_rate(portion.units_per_second);
        let (limit, expected) = self.limit(portion.items);
        let (segment, segments, consistent) = (self.segment, self.segments, self.consistent);
        let page = self.page(&PageRequest { segment, segments, cursor, consistent, filter, limit }, expected).await?;
        self.pacer.settle(page.units - expected);
        if page.scanned > 0 {
            // Units are rounded up for the whole page; on the average, half of the last one was not read.
            let rounded = UNIT_BYTES.0 / unit_bytes(self.consistent) / 2.0;
            self.item_units.set((page.units - rounded).max(0.0) / page.scanned as f64);
        }
        Ok(page)
    }

    /// How many items the next page may hold, if that is less than a whole one, and the units that it should consume.
    fn limit(&self, most: Option<u32>) -> (Option<u32>, f64) {
        let whole = PAGE_BYTES / unit_bytes(self.consistent);
        let allowed = self.pacer.rate().map_or(whole, |rate| rate * PAGE_SECONDS);
        let item = self.item_units.get().max(f64::MIN_POSITIVE);
        let paid = (allowed < whole).then(|| (allowed / item).clamp(1.0, f64::from(i32::MAX)) as u32);
        let limit = [paid, most.map(|most| most.clamp(1, i32::MAX as u32))].into_iter().flatten().min();
        // The last page of a segment may hold anything: what is not consumed is given back.
        (limit, limit.map_or(whole, |items| (f64::from(items) * item).min(whole)))
    }

    async fn page(&self, request: &PageRequest<'_>, expected: f64) -> Result<Page, CallError> {
        let begun = Instant::now();
        self.pacer.settle(expected);
        loop {
            tokio::time::sleep(self.pacer.wait()).await;
            let read_at = (self.clock)();
            match self.items.page(request).await {
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
