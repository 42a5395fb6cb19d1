//! Reading what a run works on from where its checkpoint is, at a pace.

use std::time::Duration;

use tableshift_core::ErrorName;
use tableshift_core::counts::Tally;
use tableshift_core::run_plan::RunPlan;
use tableshift_core::value::Item;
use tokio::time::Instant;

use crate::dead_letters::{DeadLetterError, DeadLetters};
use crate::error::{CallError, Cause};
use crate::get::ReadItem;
use crate::objects::{ListObjects, ReadObject};
use crate::paced::Pacer;
use crate::scan::{Filter, Page, PageRequest, ScanSegment};

/// How long a segment is tried to be read while every attempt is throttled.
const PATIENCE: Duration = Duration::from_secs(60);
/// The least wait after a throttled read.
const AFTER_THROTTLE: Duration = Duration::from_millis(200);

/// Reads the pages of one segment.
#[derive(Debug)]
pub struct SegmentReader<'t, T> {
    items: &'t T,
    segment: u32,
    segments: u32,
    consistent: bool,
    pacer: Pacer,
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
    ) -> Result<Self, ReadError> {
        match &plan.dead_letters_of {
            None => Ok(Self::Segment(SegmentReader::new(items, segment, plan.segments, consistent))),
            Some(run) => {
                let letters = DeadLetters::of(bucket, items, run).await;
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
        units_per_second: Option<f64>,
    ) -> Result<(Page, Tally), ReadError> {
        let page = match self {
            Self::Segment(reader) => reader.next(cursor, filter, units_per_second).await.map_err(ReadError::Table)?,
            Self::DeadLetters(letters) => letters.next(cursor).await.map_err(ReadError::DeadLetters)?,
        };
        let mut tally = Tally::default();
        tally.units.read += page.units;
        Ok((page, tally))
    }
}

impl<'t, T: ScanSegment> SegmentReader<'t, T> {
    /// Reads `segment` of `segments`. A consistent read sees every write that was acknowledged before, for twice the
    /// units.
    pub fn new(items: &'t T, segment: u32, segments: u32, consistent: bool) -> Self {
        Self { items, segment, segments, consistent, pacer: Pacer::new(None) }
    }

    /// The page after the cursor, when its turn has come at so many read units a second.
    async fn next(
        &self,
        cursor: Option<&Item>,
        filter: Option<&Filter>,
        units_per_second: Option<f64>,
    ) -> Result<Page, CallError> {
        self.pacer.set_rate(units_per_second);
        let (segment, segments, consistent) = (self.segment, self.segments, self.consistent);
        let request = PageRequest { segment, segments, cursor, consistent, filter };
        let page = self.page(&request).await?;
        self.pacer.settle(page.units);
        Ok(page)
    }

    async fn page(&self, request: &PageRequest<'_>) -> Result<Page, CallError> {
        let begun = Instant::now();
        loop {
            self.pacer.turn(0.0, Duration::MAX).await;
            match self.items.page(request).await {
                Err(error) if error.cause == Cause::Throttled && begun.elapsed() < PATIENCE => {
                    self.pacer.throttle();
                    tokio::time::sleep(AFTER_THROTTLE).await;
                }
                page => return page,
            }
        }
    }
}
