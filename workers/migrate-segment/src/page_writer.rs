//! Writing one page: journal first, then conditional writes, in rounds until no item is left to write.

use tableshift_aws::dynamodb::batch::UpdateBatch;
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::update::{UpdateItem, Written};
use tableshift_aws::monitors::reader::ReadMonitors;
use tableshift_aws::run_files::store_journal;
use tableshift_core::control::throttle::{Reach, Reason};
use tableshift_core::item::value::Item;
use tableshift_core::plan::keys;
use tableshift_core::write::counts::Tally;
use tableshift_core::write::journal;
use tableshift_runtime::Deadline;
use tableshift_segment::part::{Directive, Part};
use tableshift_segment::work::{Ended, TIME_TO_SAVE};

use crate::Error;
use crate::open_pages::OpenPages;
use crate::round::{Sent, Write};
use crate::sender::Sender;
use crate::steer::{NextPage, Rate, Steer};

/// How often an item is written again after conflicts before it is given up.
const MAX_ROUNDS: u32 = 20;
/// How many conflicting items are read again and written together.
const ITEMS_READ_AGAIN: usize = 2;

/// Writes the pages of a segment.
pub(crate) struct PageWriter<'w, T, M> {
    pub(crate) part: &'w Part<'w>,
    pub(crate) items: &'w T,
    pub(crate) monitor_reader: &'w M,
    pub(crate) sender: &'w Sender<T>,
    pub(crate) deadline: Deadline,
}

impl<T, M> PageWriter<'_, T, M>
where
    T: UpdateItem + UpdateBatch + ReadItem,
    M: ReadMonitors,
{
    /// Makes the writes of the page that was opened last, and counts them. Its items were read at `read_at`, in epoch
    /// milliseconds.
    ///
    /// Once the `next` page is read, writes to hot keys may be left waiting; their page stays open.
    pub(crate) async fn write(
        &self,
        writes: Vec<Write>,
        read_at: i64,
        open: &mut OpenPages,
        next: &NextPage,
    ) -> Result<Ended, Error> {
        let mut again = self.journal_and_send(writes, read_at, open).await?;
        while let Some(writes) = again {
            again = match writes.is_empty() {
                true if self.sender.is_free_for(next) => return Ok(Ended::Complete),
                true => self.send_hot(next, open).await?,
                false => self.retry_conflicts(writes, open).await?,
            };
        }
        Ok(Ended::Interrupted)
    }

    /// Journals writes, sends them, and counts their outcomes. Returns the writes to try again; `None`: interrupted.
    async fn journal_and_send(
        &self,
        writes: Vec<Write>,
        read_at: i64,
        open: &mut OpenPages,
    ) -> Result<Option<Vec<Write>>, Error> {
        if writes.is_empty() {
            return Ok(Some(Vec::new()));
        }
        self.journal(&writes, read_at, open).await?;
        let sent = self.sender.send(writes, self).await?;
        self.count(sent, open).await
    }

    /// Sends the waiting writes to hot keys until the next page is read.
    async fn send_hot(&self, next: &NextPage, open: &mut OpenPages) -> Result<Option<Vec<Write>>, Error> {
        let sent = self.sender.send_hot(next, self).await?;
        self.count(sent, open).await
    }

    /// Tries writes again that conflicted. The application keeps writing these items, so only a few are taken at a
    /// time, paid for first, and read right before they are written: waiting in between would make them stale again.
    async fn retry_conflicts(&self, writes: Vec<Write>, open: &mut OpenPages) -> Result<Option<Vec<Write>>, Error> {
        let (mut again, mut queue) = (Vec::new(), writes.into_iter());
        while queue.len() > 0 {
            let group: Vec<Write> = queue.by_ref().take(ITEMS_READ_AGAIN).collect();
            if !self.sender.prepay(group.iter().map(Write::units).sum(), self).await? {
                return Ok(None);
            }
            let read_at = (self.part.clock)();
            let group = self.read_again(group, open).await?;
            let Some(conflicts) = self.journal_and_send(group, read_at, open).await? else { return Ok(None) };
            again.extend(conflicts);
        }
        Ok(Some(again))
    }

    /// Updates writes to what their items are now. Drops those that are no longer needed.
    async fn read_again(&self, writes: Vec<Write>, open: &mut OpenPages) -> Result<Vec<Write>, Error> {
        let judge = self.part.judge();
        let mut updated = Vec::new();
        for write in writes {
            let now = self.items.read(&write.work.key).await?;
            let page = open.page(write.page);
            match write.updated(|work| judge.renew(work, now.as_ref(), &mut page.tally)) {
                Some(write) => updated.push(write),
                None => page.settle(),
            }
        }
        Ok(updated)
    }

    /// Counts the outcomes of writes, each for its page. Returns the writes to try again; `None`: some were not sent.
    async fn count(&self, sent: Sent, open: &mut OpenPages) -> Result<Option<Vec<Write>>, Error> {
        open.page(open.latest()).tally.units.write += sent.units;
        let mut again = Vec::new();
        for (write, mut written) in sent.written {
            let now = match &mut written {
                // The item may be gone, or the answer may have left it out: only a read can tell.
                Written::Conflict { item: None } => self.items.read(&write.work.key).await?,
                Written::Conflict { item } => item.take(),
                Written::Done { .. } | Written::Refused { .. } => None,
            };
            let page = open.page(write.page);
            match self.count_outcome(write, written, now.as_ref(), &mut page.tally) {
                Some(write) => again.push(write),
                None => page.settle(),
            }
        }
        Ok((!sent.halted).then_some(again))
    }

    /// Counts the outcome of a write. After a conflict, `now` is the item as it is now. Returns the write to try again.
    fn count_outcome(&self, write: Write, written: Written, now: Option<&Item>, tally: &mut Tally) -> Option<Write> {
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

    /// Stores the before-images of writes as one object. Nothing may be written before this succeeds.
    async fn journal(&self, writes: &[Write], read_at: i64, open: &mut OpenPages) -> Result<(), Error> {
        let id = &self.part.id;
        let changes = writes.iter().map(|write| (&write.work.key, &write.work.change));
        let content = journal::encode_changes(changes, read_at);
        let number = open.latest();
        let name = journal::object_name(number, self.part.checkpoint.attempt, open.next_journal_object());
        let key = format!("{}{name}", keys::journal(&id.run, &id.part));
        let stored = store_journal(self.part.bucket, &key, content).await;
        stored.map_err(Error::Journal)?;
        for write in writes {
            open.page(write.page).tally.journal.journaled += 1;
        }
        Ok(())
    }
}

impl<T, M: ReadMonitors> Steer for PageWriter<'_, T, M> {
    type Error = Error;

    async fn permitted_rate(&self) -> Result<Option<Rate>, Error> {
        let directive = self.part.directive_from_monitors(self.monitor_reader).await?;
        let in_time = self.deadline.remaining() > TIME_TO_SAVE;
        Ok((directive == Directive::Work && in_time).then(|| self.part.write_share()))
    }

    async fn report_throttle(&self, reach: Reach, requested: f64) -> Result<(), Error> {
        Ok(self.part.report_throttle(reach, requested).await?)
    }

    fn count_throttle(&self, reason: Option<Reason>) {
        self.part.count_throttle(reason);
    }
}
