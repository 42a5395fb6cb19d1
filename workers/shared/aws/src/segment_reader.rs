//! Reading a segment from where its checkpoint is, at a pace.

use std::time::{Duration, Instant};

use tableshift_core::counts::Tally;
use tableshift_core::pace::Pace;

use crate::error::CallError;
use crate::ledger_checkpoints::Checkpoint;
use crate::scan::{Page, PageRequest, ScanSegment};

/// Reads the pages of one segment.
#[derive(Debug)]
pub struct SegmentReader<'t, T> {
    items: &'t T,
    segment: u32,
    segments: u32,
    consistent: bool,
    pace: Pace,
    started: Instant,
}

impl<'t, T: ScanSegment> SegmentReader<'t, T> {
    /// Reads `segment` of `segments` at so many read units a second; `None` never waits. A consistent read sees every
    /// write that was acknowledged before, for twice the units.
    pub fn new(items: &'t T, segment: u32, segments: u32, consistent: bool, units_per_second: Option<f64>) -> Self {
        let pace = Pace::new(units_per_second, Duration::ZERO);
        Self { items, segment, segments, consistent, pace, started: Instant::now() }
    }

    /// The page after the checkpoint's cursor, when its turn has come, and a tally that holds its read units.
    pub async fn next(&mut self, checkpoint: &Checkpoint) -> Result<(Page, Tally), CallError> {
        tokio::time::sleep(self.pace.wait(self.started.elapsed())).await;
        let (segment, segments, consistent) = (self.segment, self.segments, self.consistent);
        let request = PageRequest { segment, segments, cursor: checkpoint.cursor.as_ref(), consistent };
        let page = self.items.page(&request).await?;
        self.pace.charge(page.units, self.started.elapsed());
        let mut tally = Tally::default();
        tally.units.read += page.units;
        Ok((page, tally))
    }
}
