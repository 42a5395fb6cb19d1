//! The migration of one segment, page by page: the next page is read while the page before it is journaled and written.

use std::rc::Rc;

use tableshift_aws::dynamodb::batch::UpdateBatch;
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::{Page, ScanSegment};
use tableshift_aws::dynamodb::update::UpdateItem;
use tableshift_aws::monitors::reader::ReadMonitors;
use tableshift_core::item::value::Item;
use tableshift_core::write::counts::Tally;
use tableshift_runtime::Deadline;
use tableshift_segment::part::Part;
use tableshift_segment::work::{Ended, Steps};

use crate::Error;
use crate::open_pages::{OpenPage, OpenPages};
use crate::page_writer::PageWriter;
use crate::prior::Prior;
use crate::reader::Reader;
use crate::round::Write;
use crate::sender::Sender;
use crate::steer::NextPage;

/// A segment being migrated. A step is a page.
pub(crate) struct Migration<'m, T, M> {
    items: Rc<T>,
    monitor_reader: &'m M,
    deadline: Deadline,
    reader: Reader,
    sender: Sender<T>,
    prior: Prior,
    open: OpenPages,
    /// Where the next page begins: further than the checkpoint while pages are open.
    cursor: Option<Item>,
    /// The next page, if it was read while the one before it was written.
    ahead: Option<(Page, Tally)>,
    /// Whether the last page of the segment was begun.
    last_begun: bool,
}

impl<'m, T, M> Migration<'m, T, M>
where
    T: ScanSegment + UpdateItem + UpdateBatch + ReadItem,
    M: ReadMonitors,
{
    /// Prepares to continue at the part's checkpoint.
    pub(crate) async fn prepare(
        part: &mut Part<'_>,
        items: T,
        monitor_reader: &'m M,
        segment: u32,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let prior = Prior::of(part).await?;
        part.checkpoint.behind = prior.behind();
        let reader = Reader::of(part, segment, deadline).await?;
        let items = Rc::new(items);
        Ok(Self {
            sender: Sender::new(items.clone(), &part.plan.table),
            items,
            monitor_reader,
            deadline,
            reader,
            prior,
            open: OpenPages::from(part.checkpoint.page),
            cursor: part.checkpoint.cursor.clone(),
            ahead: None,
            last_begun: part.checkpoint.done,
        })
    }

    /// The next page, already read or read now. `None`: time ran out, or the run was put on hold.
    async fn next_page(&mut self, part: &Part<'_>) -> Result<Option<(Page, Tally)>, Error> {
        match self.ahead.take() {
            Some(read) => Ok(Some(read)),
            None => self.reader.next(part, &*self.items, self.cursor.as_ref(), self.prior.is_empty()).await,
        }
    }

    /// Opens a page: sorts its items into counts and the writes that it gives back.
    fn open(&mut self, part: &Part<'_>, mut page: Page, tally: Tally) -> Vec<Write> {
        self.cursor = page.cursor.take();
        self.last_begun = self.cursor.is_none();
        self.open.begin(OpenPage::new(tally, self.cursor.clone(), self.prior.keys_of(&page, part)));
        let (judge, number, opened) = (part.judge(), self.open.latest(), self.open.latest_page());
        let (scanned, left_out) = (page.scanned, page.scanned.saturating_sub(page.items.len() as u64));
        let work = judge.sort_out(page.items, self.prior.index(), &mut opened.tally);
        judge.count_left_out(left_out, &mut opened.tally);
        opened.expect(work.len());
        let writes: Vec<Write> = work.into_iter().map(|work| Write::first(number, work)).collect();
        if self.prior.is_empty() {
            // Otherwise, many of the items may be written already, which says nothing about the next pages.
            self.reader.learn(writes.iter().map(Write::units).sum(), scanned);
        }
        writes
    }

    /// Makes the writes of the page that was opened last and reads the next page meanwhile.
    async fn write(&mut self, part: &Part<'_>, writes: Vec<Write>, read_at: i64) -> Result<Ended, Error> {
        let Self { items, monitor_reader, deadline, reader, sender, prior, open, cursor, .. } = self;
        let next = NextPage::default();
        let (filtered, is_full) = (prior.is_within(open.keys()), open.are_full());
        let reading = async {
            let Some(cursor) = cursor else { return Ok(None) };
            // Nothing is read if the run is put on hold meanwhile. Then this page is finished, and no other is begun.
            let read = reader.next(part, &**items, Some(cursor), filtered).await?;
            if read.is_some() && !is_full {
                next.set_read();
            }
            Ok(read)
        };
        let writer = PageWriter { part, items: &**items, monitor_reader: *monitor_reader, sender, deadline: *deadline };
        // Boxed: it is the largest future of a worker, and it is awaited next to another one.
        let writing = Box::pin(writer.write(writes, read_at, open, &next));
        let (ended, ahead) = futures::try_join!(writing, reading)?;
        self.ahead = ahead;
        Ok(ended)
    }

    /// Saves the pages that are settled, in their order, and stops the run if it met too many invalid items.
    async fn save(&mut self, part: &mut Part<'_>) -> Result<(), Error> {
        let before = part.checkpoint.page;
        while let Some(page) = self.open.take_settled() {
            self.prior.forget(&page.keys);
            part.checkpoint.behind = self.prior.behind();
            let invalid = page.tally.counts.invalid;
            part.finish_page(page.tally, page.cursor).await?;
            if let Some(invalid) = part.count_invalid(invalid).await? {
                return Err(Error::TooManyInvalid { invalid, tolerated: part.plan.invalid_items });
            }
        }
        if part.checkpoint.page == before {
            // This saves nothing new, but an attempt that was replaced finds out here.
            part.save().await?;
        }
        Ok(())
    }
}

impl<T, M> Steps for Migration<'_, T, M>
where
    T: ScanSegment + UpdateItem + UpdateBatch + ReadItem,
    M: ReadMonitors,
{
    type Error = Error;

    async fn step(&mut self, part: &mut Part<'_>) -> Result<Ended, Error> {
        if self.last_begun {
            // Without a cursor, the segment would be read from its beginning.
            return Ok(Ended::Interrupted);
        }
        let Some((page, tally)) = self.next_page(part).await? else { return Ok(Ended::Interrupted) };
        let read_at = page.read_at;
        let writes = self.open(part, page, tally);
        let ended = self.write(part, writes, read_at).await?;
        self.save(part).await?;
        Ok(ended)
    }
}
