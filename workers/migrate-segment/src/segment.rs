//! One segment, page by page: the next page is read while the one before it is journaled and written.

use std::cell::Cell;
use std::time::Duration;

use tableshift_aws::dynamodb::batch::UpdateBatch;
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::{Filter, Page, ScanSegment};
use tableshift_aws::dynamodb::update::UpdateItem;
use tableshift_aws::ledger::checkpoints::Checkpoints;
use tableshift_aws::ledger::control::SteerRun;
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::monitors::reader::Look;
use tableshift_aws::s3::{ListObjects, ReadObject, WriteObject};
use tableshift_core::change::migration::Migration as _;
use tableshift_core::item::value::Item;
use tableshift_core::write::counts::Tally;
use tableshift_core::write::journal_index::JournalIndex;
use tableshift_runtime::Deadline;
use tableshift_segment::pages::{Pages, Portion};
use tableshift_segment::part::Part;
use tableshift_segment::part_error::PartError;

use crate::Error;
use crate::open::{OpenPage, OpenPages};
use crate::page::{self, Ended, PageWriter, STOP_WRITING};
use crate::round::Write;
use crate::sender::Sender;
use crate::steer::NextPage;

/// A page takes about so many seconds to write: what was done is counted, saved and shown that often.
const PAGE_SECONDS: f64 = 5.0;
/// At least so many write units an item are reckoned with: what follows need not be like the page before.
const LEAST_UNITS_PER_ITEM: f64 = 0.1;
/// Before the deadline: no page begins after this.
const STOP_READING: Duration = Duration::from_secs(20);

/// Writes a segment from where its checkpoint is, until it is done, time runs out, or the run is paused.
pub(crate) async fn write<B, L, T, W>(
    part: &mut Part<'_, B, L>,
    items: &T,
    monitor_reader: &W,
    segment: u32,
    deadline: Deadline,
) -> Result<(), Error>
where
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + SteerRun,
    T: ScanSegment + UpdateItem + UpdateBatch + ReadItem,
    W: Look,
{
    let mut prior = Prior::of(part, segment).await?;
    part.checkpoint.behind = prior.behind();
    let (reader, sender) = (Reader::of(part, items, segment, deadline).await?, Sender::new(items, &part.plan.table));
    let mut open = OpenPages::from(part.checkpoint.page);
    let (mut cursor, mut ahead, mut last) = (part.checkpoint.cursor.clone(), None, part.checkpoint.done);
    while !last && goes_on(part, segment, deadline).await? {
        let read = match ahead.take() {
            Some(read) => Some(read),
            None => reader.next(part, cursor.as_ref(), prior.index.is_empty()).await?,
        };
        let Some((mut page, tally)) = read else { break };
        (cursor, last) = (page.cursor.clone(), page.cursor.is_none());
        open.begin(OpenPage::new(tally, page.cursor.take(), prior.keys_of(&page, part)));
        let writer = PageWriter::new(part, items, monitor_reader, &sender, segment, deadline);
        let (scanned, read_at) = (page.scanned, page.read_at);
        let writes = writer.sort_out(page, &prior.index, &mut open);
        if prior.index.is_empty() {
            // Else many may be written already, which tells nothing of what follows.
            reader.learn(writes.iter().map(Write::units).sum(), scanned);
        }
        let (next, filtered, waits) = (NextPage::default(), prior.index.holds_only(open.keys()), open.are_most());
        let reading = async {
            let Some(cursor) = &cursor else { return Ok(None) };
            // Nothing comes if the run is paused meanwhile: then this page is finished, and no other is begun.
            let read = reader.next(part, Some(cursor), filtered).await?;
            if read.is_some() && !waits {
                next.tell();
            }
            Ok(read)
        };
        // Boxed: it is the largest of what a worker awaits, and it is awaited beside something else.
        let writing = Box::pin(writer.write(writes, read_at, &mut open, &next));
        let (ended, read) = futures::try_join!(writing, reading)?;
        ahead = read;
        save(part, &mut open, &mut prior, segment).await?;
        if ended == Ended::Interrupted {
            break;
        }
    }
    Ok(())
}

async fn goes_on<B, L>(part: &Part<'_, B, L>, segment: u32, deadline: Deadline) -> Result<bool, Error>
where
    B: ReadObject + WriteObject,
    L: LockTable + Checkpoints + SteerRun,
{
    let goes_on = part.goes_on(deadline.remaining() > STOP_READING).await;
    goes_on.map_err(|source| Error::Part { segment, source })
}

/// Counts in the pages that are settled, and saves.
async fn save<B, L>(
    part: &mut Part<'_, B, L>,
    open: &mut OpenPages,
    prior: &mut Prior,
    segment: u32,
) -> Result<(), Error>
where
    B: ReadObject + WriteObject,
    L: LockTable + Checkpoints + SteerRun,
{
    let part_error = |source: PartError| Error::Part { segment, source };
    let before = part.checkpoint.page;
    while let Some(page) = open.take_settled() {
        prior.remove(&page.keys);
        part.checkpoint.behind = prior.behind();
        part.dead_letters(&page.tally.findings).await.map_err(part_error)?;
        let invalid = page.tally.counts.invalid;
        part.finish_page(page.tally, page.cursor).await.map_err(part_error)?;
        if let Some(invalid) = part.over_budget(invalid).await.map_err(part_error)? {
            return Err(Error::Budget { invalid, tolerated: part.plan.invalid_items });
        }
    }
    if part.checkpoint.page == before {
        // Nothing new is saved, but an attempt that another one has followed learns of it.
        part.save().await.map_err(part_error)?;
    }
    Ok(())
}

/// Reads the pages of a segment.
struct Reader<'t, B, T> {
    pages: Pages<'t, B, T>,
    /// Which items DynamoDB may leave out.
    filter: Option<Filter>,
    segment: u32,
    deadline: Deadline,
    /// How many write units an item of the latest page was to consume, those included that were not to be written.
    units_per_item: Cell<f64>,
}

impl<'t, B: ReadObject + ListObjects, T: ScanSegment + ReadItem> Reader<'t, B, T> {
    async fn of<L>(part: &Part<'t, B, L>, items: &'t T, segment: u32, deadline: Deadline) -> Result<Self, Error> {
        let (filter, clock) = (part.migration.filter(), part.clock());
        let pages = Pages::of(&part.plan, part.bucket, items, segment, false, clock).await;
        let pages = pages.map_err(|source| Error::Read { segment, source })?;
        Ok(Self { pages, filter, segment, deadline, units_per_item: Cell::new(1.0) })
    }

    /// The page after the cursor, and a tally that holds its read units; `None`: the run is to stop. What an earlier
    /// attempt wrote, the filter would leave out: pages are read whole until all of it is counted.
    async fn next<L>(
        &self,
        part: &Part<'_, B, L>,
        cursor: Option<&Item>,
        filtered: bool,
    ) -> Result<Option<(Page, Tally)>, Error>
    where
        B: WriteObject,
        L: LockTable + Checkpoints + SteerRun,
    {
        let segment = self.segment;
        let filter = self.filter.as_ref().filter(|_| filtered);
        let portion = Portion { units_per_second: part.read_share(), items: self.most_items(part.write_share()) };
        let reading = self.pages.next(cursor, filter, portion);
        let in_time = || self.deadline.remaining() > STOP_WRITING;
        let read = part.unless_stopped(in_time, reading).await.map_err(|source| Error::Part { segment, source })?;
        read.transpose().map_err(|source| Error::Read { segment, source })
    }

    /// Takes note of what a page came to.
    fn learn(&self, write_units: f64, scanned: u64) {
        if scanned > 0 {
            self.units_per_item.set(write_units / scanned as f64);
        }
    }

    /// How many items a page may hold so that it is written in a few seconds at this pace, and so is counted soon.
    fn most_items(&self, units_per_second: Option<f64>) -> Option<u32> {
        let units = units_per_second? * PAGE_SECONDS;
        Some((units / self.units_per_item.get().max(LEAST_UNITS_PER_ITEM)).ceil() as u32)
    }
}

/// What earlier attempts journaled and may not have counted.
struct Prior {
    index: JournalIndex,
    /// The page from which on they may have journaled it.
    from: u64,
}

impl Prior {
    async fn of<B, L>(part: &Part<'_, B, L>, segment: u32) -> Result<Self, Error>
    where
        B: ReadObject + ListObjects,
    {
        let from = part.checkpoint.behind.unwrap_or(part.checkpoint.page);
        let index = page::prior(part, from).await.map_err(|source| Error::Journal { segment, source })?;
        Ok(Self { index, from })
    }

    fn behind(&self) -> Option<u64> {
        (!self.index.is_empty()).then_some(self.from)
    }

    /// The keys of a page's items, if they may be journaled.
    fn keys_of<B, L>(&self, page: &Page, part: &Part<'_, B, L>) -> Vec<Item> {
        match self.index.is_empty() {
            true => Vec::new(),
            false => page.items.iter().map(|item| part.plan.table.key_of(item)).collect(),
        }
    }

    fn remove(&mut self, keys: &[Item]) {
        keys.iter().for_each(|key| self.index.remove(key));
    }
}
