//! Reading the pages of a segment that is migrated: how many items a page should have.

use std::cell::Cell;

use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::{Page, ScanSegment};
use tableshift_core::item::value::Item;
use tableshift_core::write::counts::Tally;
use tableshift_runtime::Deadline;
use tableshift_segment::pages::Pages;
use tableshift_segment::part::Part;
use tableshift_segment::segment_reader::Portion;
use tableshift_segment::work::TIME_TO_SAVE;

use crate::Error;

/// Writing a page should take about this many seconds, because progress is counted, saved and visible once a page.
const PAGE_SECONDS: f64 = 5.0;
/// The fewest write units an item that a page is planned with: the next items may differ from those of the page before.
const LEAST_UNITS_PER_ITEM: f64 = 0.1;

pub(crate) struct Reader {
    pages: Pages,
    deadline: Deadline,
    /// Expected write units per item of the latest page, including the items without a write.
    units_per_item: Cell<f64>,
}

impl Reader {
    pub(crate) async fn of(part: &Part<'_>, segment: u32, deadline: Deadline) -> Result<Self, Error> {
        let pages = Pages::of(part, segment, false).await?;
        Ok(Self { pages, deadline, units_per_item: Cell::new(1.0) })
    }

    /// Reads consistently from now on, or no longer.
    pub(crate) fn set_consistent(&self, consistent: bool) {
        self.pages.set_consistent(consistent);
    }

    /// The page after the cursor, and a tally with its read units. `None`: time ran out, or the run was put on hold.
    pub(crate) async fn next<T>(
        &self,
        part: &Part<'_>,
        items: &T,
        cursor: Option<&Item>,
    ) -> Result<Option<(Page, Tally)>, Error>
    where
        T: ScanSegment + ReadItem,
    {
        let portion = Portion { units_per_second: part.read_share(), items: self.most_items(part.write_share()) };
        let reading = self.pages.next(items, cursor, portion);
        let in_time = || self.deadline.remaining() > TIME_TO_SAVE;
        Ok(part.interruptible(in_time, reading).await?.transpose()?)
    }

    /// Takes the write units of a page as the estimate for the next one.
    pub(crate) fn learn(&self, write_units: f64, items: usize) {
        if items > 0 {
            self.units_per_item.set(write_units / items as f64);
        }
    }

    /// How many items a page may have to be written in a few seconds at this rate; `None` for no limit.
    fn most_items(&self, units_per_second: Option<f64>) -> Option<u32> {
        let units = units_per_second? * PAGE_SECONDS;
        Some((units / self.units_per_item.get().max(LEAST_UNITS_PER_ITEM)).ceil() as u32)
    }
}
