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
use tableshift_segment::sender::{NextPage, Sender};
use tableshift_segment::work::{Ended, Steps};

use crate::Error;
use crate::account::Account;
use crate::journal::{Journaled, Pending};
use crate::open_pages::OpenPage;
use crate::page_writer::PageWriter;
use crate::reader::Reader;

/// A segment being migrated. A step is a page.
pub(crate) struct Migration<'m, T, M> {
    items: Rc<T>,
    monitor_reader: &'m M,
    deadline: Deadline,
    reader: Reader,
    sender: Sender<T, Journaled>,
    account: Account,
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
        part: &Part<'_>,
        items: T,
        monitor_reader: &'m M,
        segment: u32,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let account = Account::of(part).await?;
        let reader = Reader::of(part, segment, deadline).await?;
        let items = Rc::new(items);
        Ok(Self {
            sender: Sender::new(items.clone(), &part.plan.table),
            items,
            monitor_reader,
            deadline,
            reader,
            account,
            cursor: part.checkpoint.cursor.clone(),
            ahead: None,
            last_begun: part.checkpoint.done,
        })
    }

    /// The next page, already read or read now. `None`: time ran out, or the run was put on hold.
    async fn next_page(&mut self, part: &Part<'_>) -> Result<Option<(Page, Tally)>, Error> {
        match self.ahead.take() {
            Some(read) => Ok(Some(read)),
            None => {
                self.reader.set_consistent(!self.account.uncounted.is_empty());
                self.reader.next(part, &*self.items, self.cursor.as_ref()).await
            }
        }
    }

    /// Opens a page: sorts its items into counts and the changes that it gives back.
    fn open(&mut self, part: &Part<'_>, mut page: Page, tally: Tally) -> Vec<Pending> {
        self.cursor = page.cursor.take();
        self.last_begun = self.cursor.is_none();
        let Account { open, journal, uncounted } = &mut self.account;
        open.begin(OpenPage::new(tally, self.cursor.clone(), uncounted.keys_of(&page, part), journal.next()));
        let (judge, number, opened) = (part.judge(), open.latest(), open.latest_page());
        let read = page.items.len();
        let work = judge.sort_out(page.items, uncounted.index(), &mut opened.tally);
        opened.expect(work.len());
        if uncounted.is_empty() {
            // Otherwise, many of the items may be written already, which says nothing about the next pages.
            self.reader.learn(work.iter().map(|work| work.change.write_units() as f64).sum(), read);
        }
        work.into_iter().map(|work| Pending { page: number, work, round: 0 }).collect()
    }

    /// Writes the changes of the page that was opened last and reads the next page meanwhile.
    async fn write(&mut self, part: &Part<'_>, pending: Vec<Pending>, read_at: i64) -> Result<Ended, Error> {
        let Self { items, monitor_reader, deadline, reader, sender, account, cursor, .. } = self;
        let next = NextPage::default();
        let is_full = account.open.are_full();
        // A stale page would hide what an earlier attempt wrote.
        reader.set_consistent(!account.uncounted.is_empty());
        let reading = async {
            let Some(cursor) = cursor else { return Ok(None) };
            // Nothing is read if the run is put on hold meanwhile. Then this page is finished, and no other is begun.
            let read = reader.next(part, &**items, Some(cursor)).await?;
            if read.is_some() && !is_full {
                next.set_read();
            }
            Ok(read)
        };
        let writer = PageWriter { part, items: &**items, monitor_reader: *monitor_reader, sender, deadline: *deadline };
        // Boxed: it is the largest future of a worker, and it is awaited next to another one.
        let writing = Box::pin(writer.write(pending, read_at, account, &next));
        let (ended, ahead) = futures::try_join!(writing, reading)?;
        self.ahead = ahead;
        Ok(ended)
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
        let pending = self.open(part, page, tally);
        let written = self.write(part, pending, read_at).await;
        if written.is_err() {
            // The next attempt decides better with what this one knows. The error counts, not a second one.
            self.account.journal.flush(part.bucket).await.unwrap_or_default();
        }
        let ended = written?;
        self.account.save(part).await?;
        Ok(ended)
    }

    async fn end(&mut self, part: &mut Part<'_>) -> Result<(), Error> {
        self.sender.take_waiting().iter().for_each(|write| self.account.void(write));
        self.account.journal.flush(part.bucket).await
    }
}
