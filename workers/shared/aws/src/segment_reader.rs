//! Reading a segment from where its checkpoint is, at a pace.

use std::time::Duration;

use tableshift_core::counts::Tally;
use tableshift_core::value::Item;
use tokio::time::Instant;

use crate::error::{CallError, Cause};
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
    filter: Option<Filter>,
    pacer: Pacer,
}

impl<'t, T: ScanSegment> SegmentReader<'t, T> {
    /// Reads `segment` of `segments`. A consistent read sees every write that was acknowledged before, for twice the
    /// units.
    pub fn new(items: &'t T, segment: u32, segments: u32, consistent: bool) -> Self {
        Self { items, segment, segments, consistent, filter: None, pacer: Pacer::new(None) }
    }

    /// Lets DynamoDB leave out the items that the filter excludes. They are read, billed and counted all the same.
    pub fn with_filter(self, filter: Option<Filter>) -> Self {
        Self { filter, ..self }
    }

    /// The page after the cursor, when its turn has come at so many read units a second, and a tally that holds its read
    /// units and the items that were left out.
    pub async fn next(&self, cursor: Option<&Item>, units_per_second: Option<f64>) -> Result<(Page, Tally), CallError> {
        self.pacer.set_rate(units_per_second);
        let (segment, segments, consistent) = (self.segment, self.segments, self.consistent);
        let request = PageRequest { segment, segments, cursor, consistent, filter: self.filter.as_ref() };
        let page = self.page(&request).await?;
        self.pacer.settle(page.units);
        let mut tally = Tally::default();
        tally.units.read += page.units;
        Ok((page, tally))
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
