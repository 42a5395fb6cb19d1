//! One page: journal first, then conditional writes, in rounds until no item is left to write.

use std::time::Duration;

use tableshift_aws::CallError;
use tableshift_aws::dynamodb::batch::UpdateBatch;
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::Page;
use tableshift_aws::dynamodb::update::{UpdateItem, Written};
use tableshift_aws::ledger::checkpoints::Checkpoints;
use tableshift_aws::ledger::control::SteerRun;
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::monitors::reader::Look;
use tableshift_aws::run_files::{RunFileError, load_journal, store_journal};
use tableshift_aws::s3::{ListObjects, ReadObject, WriteObject};
use tableshift_core::control::throttle::{Reach, Reason};
use tableshift_core::item::value::Item;
use tableshift_core::plan::keys;
use tableshift_core::write::counts::Tally;
use tableshift_core::write::journal;
use tableshift_core::write::journal_index::JournalIndex;
use tableshift_runtime::Deadline;
use tableshift_segment::part::{Directive, Part};
use tableshift_segment::part_error::PartError;

use crate::Error;
use crate::open::OpenPages;
use crate::round::{Sent, Write};
use crate::sender::Sender;
use crate::steer::{NextPage, Rate, Steer};

/// How often an item is taken up again before it is given up.
const MAX_ROUNDS: u32 = 20;
/// How many conflicting items are read anew and written together.
const ITEMS_READ_ANEW: usize = 2;
/// Before the deadline, in time to save: no write begins after this.
pub(crate) const STOP_WRITING: Duration = Duration::from_secs(10);

/// How a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Every item is written or accounted for, or waits among the others of its hot key.
    Complete,
    /// Time ran out, or the run was paused; what is not accounted for is to be read again.
    Interrupted,
}

/// Writes the pages of a segment.
pub(crate) struct PageWriter<'w, B, L, T, W> {
    part: &'w Part<'w, B, L>,
    items: &'w T,
    monitor_reader: &'w W,
    sender: &'w Sender<'w, T>,
    segment: u32,
    deadline: Deadline,
}

impl<'w, B, L, T, W> PageWriter<'w, B, L, T, W>
where
    W: Look,
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + SteerRun,
    T: UpdateItem + UpdateBatch + ReadItem,
{
    pub(crate) fn new(
        part: &'w Part<'w, B, L>,
        items: &'w T,
        monitor_reader: &'w W,
        sender: &'w Sender<'w, T>,
        segment: u32,
        deadline: Deadline,
    ) -> Self {
        Self { part, items, monitor_reader, sender, segment, deadline }
    }

    /// Sorts the items of the page that was begun last into writes and counts. `prior` is what earlier attempts journaled.
    pub(crate) fn sort_out(&self, page: Page, prior: &JournalIndex, open: &mut OpenPages) -> Vec<Write> {
        let (judge, number) = (self.part.judge(), open.latest());
        let left_out = page.scanned.saturating_sub(page.items.len() as u64);
        let opened = open.page(number);
        let work = judge.sort_out(page.items, prior, &mut opened.tally);
        judge.count_left_out(left_out, &mut opened.tally);
        opened.expect(work.len());
        work.into_iter().map(|work| Write::first(number, work)).collect()
    }

    /// Makes the writes of the page that was begun last, whose items were read `at`, and counts them.
    ///
    /// Writes of hot keys may be left waiting once the `next` page is here: their page stays open.
    pub(crate) async fn write(
        &self,
        writes: Vec<Write>,
        at: i64,
        open: &mut OpenPages,
        next: &NextPage,
    ) -> Result<Ended, Error> {
        let mut again = self.put(writes, at, open).await?;
        while let Some(writes) = again {
            again = match writes.is_empty() {
                true if self.sender.is_free_for(next) => return Ok(Ended::Complete),
                true => self.put_hot(next, open).await?,
                false => self.take_up_again(writes, open).await?,
            };
        }
        Ok(Ended::Interrupted)
    }

    /// Journals writes of items that were read `at`, sends them, and counts what became of them. Gives back what is to be
    /// taken up again; `None`: the run is to stop.
    async fn put(&self, writes: Vec<Write>, at: i64, open: &mut OpenPages) -> Result<Option<Vec<Write>>, Error> {
        if writes.is_empty() {
            return Ok(Some(Vec::new()));
        }
        self.journal(&writes, at, open).await?;
        let sent = self.sender.send(writes, self).await?;
        self.count(sent, open).await
    }

    /// Sends what waits of hot keys, until the next page is here.
    async fn put_hot(&self, next: &NextPage, open: &mut OpenPages) -> Result<Option<Vec<Write>>, Error> {
        let sent = self.sender.send_hot(next, self).await?;
        self.count(sent, open).await
    }

    /// What conflicted belongs to items that the application keeps writing: they are taken a few at a time, each read anew
    /// right before it is written, so that waiting for its wave does not make it stale again.
    async fn take_up_again(&self, writes: Vec<Write>, open: &mut OpenPages) -> Result<Option<Vec<Write>>, Error> {
        let (mut again, mut queue) = (Vec::new(), writes.into_iter());
        while queue.len() > 0 {
            let group: Vec<Write> = queue.by_ref().take(ITEMS_READ_ANEW).collect();
            if !self.sender.wave(group.iter().map(Write::units).sum(), self).await? {
                return Ok(None);
            }
            let read_at = self.part.clock()();
            let group = self.renewed(group, open).await?;
            let Some(conflicts) = self.put(group, read_at, open).await? else { return Ok(None) };
            again.extend(conflicts);
        }
        Ok(Some(again))
    }

    /// Brings writes up to date with their items as they now are.
    async fn renewed(&self, writes: Vec<Write>, open: &mut OpenPages) -> Result<Vec<Write>, Error> {
        let judge = self.part.judge();
        let mut renewed = Vec::new();
        for write in writes {
            let now = self.items.read(&write.work.key).await?;
            let page = open.page(write.page);
            match write.renewed(|work| judge.renew(work, now.as_ref(), &mut page.tally)) {
                Some(write) => renewed.push(write),
                None => page.settle(),
            }
        }
        Ok(renewed)
    }

    /// Counts what became of writes, each for its page; gives back what is to be taken up again. `None`: writes are left
    /// that were not sent.
    async fn count(&self, sent: Sent, open: &mut OpenPages) -> Result<Option<Vec<Write>>, Error> {
        open.page(open.latest()).tally.units.write += sent.units;
        let mut again = Vec::new();
        for (write, mut written) in sent.written {
            let now = match &mut written {
                // No item may mean that it is gone, or that the answer left it out: only a read tells.
                Written::Conflict { item: None } => self.items.read(&write.work.key).await?,
                Written::Conflict { item } => item.take(),
                Written::Done { .. } | Written::Refused { .. } => None,
            };
            let page = open.page(write.page);
            match self.counted(write, written, now.as_ref(), &mut page.tally) {
                Some(write) => again.push(write),
                None => page.settle(),
            }
        }
        Ok((!sent.halted).then_some(again))
    }

    /// Counts what became of a write, given the item as it now is if it failed its condition; gives back what is to be
    /// taken up again.
    fn counted(&self, write: Write, written: Written, now: Option<&Item>, tally: &mut Tally) -> Option<Write> {
        let judge = self.part.judge();
        match written {
            Written::Done { .. } => judge.count_written(&write.work, tally),
            Written::Refused { message } => judge.count_refused(&write.work, message, tally),
            Written::Conflict { .. } => {
                let again = write.after_conflict(|work| judge.after_conflict(work, now, tally))?;
                if again.round < MAX_ROUNDS {
                    return Some(again);
                }
                judge.count_given_up(&again.work, tally);
            }
        }
        None
    }

    async fn journal(&self, writes: &[Write], read_at: i64, open: &mut OpenPages) -> Result<(), Error> {
        let id = &self.part.id;
        let changes = writes.iter().map(|write| (&write.work.key, &write.work.change));
        let content = journal::encode_changes(changes, read_at);
        let number = open.latest();
        let name = journal::object_name(number, self.part.checkpoint.attempt, open.next_journal_object());
        let key = format!("{}{name}", keys::journal(&id.run, &id.part));
        let stored = store_journal(self.part.bucket, &key, content).await;
        stored.map_err(|source| Error::Journal { segment: self.segment, source })?;
        for write in writes {
            open.page(write.page).tally.journal.journaled += 1;
        }
        Ok(())
    }
}

/// What earlier attempts journaled for this page and later ones, and may not have counted. Their pages may have ended
/// elsewhere than this attempt's do.
pub(crate) async fn prior<B, L>(part: &Part<'_, B, L>, from: u64) -> Result<JournalIndex, RunFileError>
where
    B: ReadObject + ListObjects,
{
    let mut index = JournalIndex::default();
    if part.checkpoint.attempt < 2 {
        return Ok(index);
    }
    let prefix = keys::journal(&part.id.run, &part.id.part);
    let first = format!("{prefix}{from:08}-");
    let keys = part.bucket.list(&prefix).await.map_err(RunFileError::Object)?;
    for key in keys.into_iter().filter(|key| *key >= first) {
        load_journal(part.bucket, &key).await?.iter().for_each(|entry| index.add(entry));
    }
    Ok(index)
}

impl<B, L, T, W> Steer for PageWriter<'_, B, L, T, W>
where
    W: Look,
    B: ReadObject + WriteObject,
    L: LockTable + Checkpoints + SteerRun,
{
    type Error = Error;

    async fn go_on(&self) -> Result<Option<Rate>, Error> {
        let directive =
            self.part.directive_with_monitors(self.monitor_reader).await.map_err(|source| self.part_error(source))?;
        let in_time = self.deadline.remaining() > STOP_WRITING;
        Ok((directive == Directive::Work && in_time).then(|| self.part.write_share()))
    }

    async fn throttled(&self, reach: Reach, asked: f64) -> Result<(), Error> {
        let told = self.part.tell_throttle(reach, asked).await;
        told.map_err(|source| self.part_error(source))
    }

    fn count_throttle(&self, reason: Option<Reason>) {
        self.part.count_throttle(reason);
    }
}

impl<B, L, T, W> PageWriter<'_, B, L, T, W> {
    fn part_error(&self, source: PartError) -> Error {
        Error::Part { segment: self.segment, source }
    }
}

impl From<CallError> for Error {
    fn from(source: CallError) -> Self {
        Error::Table { source }
    }
}
