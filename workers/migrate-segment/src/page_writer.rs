//! Writing one page: journal first, then conditional writes, in rounds until no item is left to write.

use tableshift_aws::dynamodb::batch::UpdateBatch;
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::update::UpdateItem;
use tableshift_aws::monitors::reader::ReadMonitors;
use tableshift_core::item::value::Item;
use tableshift_core::write::judge::Work;
use tableshift_runtime::Deadline;
use tableshift_segment::part::{Directive, Part};
use tableshift_segment::sender::{NextPage, Outcome, Sender, Sent, Steer};
use tableshift_segment::work::Ended;

use crate::Error;
use crate::account::Account;
use crate::journal::{Journaled, Pending};

/// How often an item is written again after conflicts before it is given up.
const MAX_ROUNDS: u32 = 20;
/// How many conflicting items are read again and written together.
const ITEMS_READ_AGAIN: usize = 2;

/// Writes the pages of a segment.
pub(crate) struct PageWriter<'w, T, M> {
    pub(crate) part: &'w Part<'w>,
    pub(crate) items: &'w T,
    pub(crate) monitor_reader: &'w M,
    pub(crate) sender: &'w Sender<T, Journaled>,
    pub(crate) deadline: Deadline,
}

/// What follows after writes were sent.
enum Step {
    /// These changes have to be written.
    Again(Vec<Pending>),
    /// Every write has an outcome, apart from those that wait for a hot key.
    Settled,
    /// Time ran out, or the run was put on hold, before every write was sent.
    Halted,
}

impl<T, M> PageWriter<'_, T, M>
where
    T: UpdateItem + UpdateBatch + ReadItem,
    M: ReadMonitors,
{
    /// Writes the changes of the page that was opened last, and counts them. Its items were read at `read_at`, in epoch
    /// milliseconds.
    ///
    /// Once the `next` page is read, writes to hot keys may be left waiting; their page stays open.
    pub(crate) async fn write(
        &self,
        pending: Vec<Pending>,
        read_at: i64,
        account: &mut Account,
        next: &NextPage,
    ) -> Result<Ended, Error> {
        let mut step = self.journal_and_send(pending, read_at, account).await?;
        loop {
            step = match step {
                Step::Halted => return Ok(Ended::Interrupted),
                Step::Settled if self.sender.is_free_for(next) => return Ok(Ended::Complete),
                Step::Settled => {
                    let sent = self.sender.send_hot(next, self).await?;
                    self.settle(sent, account).await?
                }
                Step::Again(pending) => self.retry_conflicts(pending, account).await?,
            };
        }
    }

    /// Journals changes, sends them, and counts their outcomes.
    async fn journal_and_send(
        &self,
        pending: Vec<Pending>,
        read_at: i64,
        account: &mut Account,
    ) -> Result<Step, Error> {
        if pending.is_empty() {
            return Ok(Step::Settled);
        }
        let Account { open, journal, uncounted } = account;
        let journaled = journal.append(self.part.bucket, pending, read_at, uncounted.index()).await?;
        for write in &journaled {
            open.page(write.page()).tally.journal.journaled += 1;
        }
        let sent = self.sender.send(journaled, self).await?;
        self.settle(sent, account).await
    }

    /// Tries changes again that conflicted. The application keeps writing these items, so only a few are taken at a
    /// time, paid for first, and read right before they are written: waiting in between would make them stale again.
    async fn retry_conflicts(&self, pending: Vec<Pending>, account: &mut Account) -> Result<Step, Error> {
        let (mut again, mut queue) = (Vec::new(), pending.into_iter());
        while queue.len() > 0 {
            let group: Vec<Pending> = queue.by_ref().take(ITEMS_READ_AGAIN).collect();
            let units = group.iter().map(|pending| pending.work.change.write_units() as f64).sum();
            if !self.sender.prepay(units, self).await? {
                return Ok(Step::Halted);
            }
            let read_at = (self.part.clock)();
            let group = self.read_again(group, account).await?;
            match self.journal_and_send(group, read_at, account).await? {
                Step::Halted => return Ok(Step::Halted),
                Step::Again(conflicts) => again.extend(conflicts),
                Step::Settled => {}
            }
        }
        Ok(if again.is_empty() { Step::Settled } else { Step::Again(again) })
    }

    /// Updates changes to what their items are now. Drops those that are no longer needed.
    async fn read_again(&self, group: Vec<Pending>, account: &mut Account) -> Result<Vec<Pending>, Error> {
        let mut updated = Vec::new();
        for Pending { page, work, round } in group {
            let now = self.items.read(&work.key).await?;
            let work = self.rejudge(page, work.key, now.as_ref(), account);
            updated.extend(work.map(|work| Pending { page, work, round }));
        }
        Ok(updated)
    }

    /// What to write for an item as it is now. `None`: nothing, and the item is counted.
    fn rejudge(&self, page: u64, key: Item, now: Option<&Item>, account: &mut Account) -> Option<Work> {
        let page = account.open.page(page);
        let work = self.part.judge().rejudge(key, now, account.uncounted.index(), &mut page.tally);
        if work.is_none() {
            page.settle();
        }
        work
    }

    /// Counts the outcomes of writes, each for its page.
    async fn settle(&self, sent: Sent<Journaled>, account: &mut Account) -> Result<Step, Error> {
        account.open.latest_page().tally.units.write += sent.units;
        sent.unsent.iter().for_each(|write| account.void(write));
        // Before anything else can fail: what is known now must not be lost.
        for (write, outcome) in &sent.outcomes {
            match may_have_landed(outcome) {
                Some(true) => account.note_unknown(write),
                Some(false) => account.void(write),
                None => {}
            }
        }
        let mut again = Vec::new();
        for (write, outcome) in sent.outcomes {
            again.extend(self.settle_one(write, outcome, account).await?);
        }
        Ok(match (sent.halted, again.is_empty()) {
            (true, _) => Step::Halted,
            (false, true) => Step::Settled,
            (false, false) => Step::Again(again),
        })
    }

    /// Counts the outcome of a write, or returns what to write instead.
    async fn settle_one(
        &self,
        write: Journaled,
        outcome: Outcome,
        account: &mut Account,
    ) -> Result<Option<Pending>, Error> {
        let judge = self.part.judge();
        match outcome {
            Outcome::Landed => judge.count_written(write.work(), &mut account.open.page(write.page()).tally),
            Outcome::Refused { message, .. } => {
                judge.count_refused(write.work(), message, &mut account.open.page(write.page()).tally);
            }
            Outcome::GivenUp { .. } => {
                judge.count_given_up(write.work().key.clone(), &mut account.open.page(write.page()).tally);
            }
            Outcome::NotOurs { now } | Outcome::Unknown { now } => {
                return self.settle_conflict(write, now, account).await;
            }
        }
        account.open.page(write.page()).settle();
        Ok(None)
    }

    /// Counts an item whose write conflicted, or returns what to write instead.
    async fn settle_conflict(
        &self,
        write: Journaled,
        now: Option<Item>,
        account: &mut Account,
    ) -> Result<Option<Pending>, Error> {
        let key = write.work().key.clone();
        let now = match now {
            Some(item) => Some(item),
            // The item may be gone, or the answer may have left it out: only a read can tell.
            None => self.items.read(&key).await?,
        };
        let Some(work) = self.rejudge(write.page(), key, now.as_ref(), account) else { return Ok(None) };
        let page = account.open.page(write.page());
        page.tally.retries += 1;
        let again = write.again(work);
        if again.round < MAX_ROUNDS {
            return Ok(Some(again));
        }
        self.part.judge().count_given_up(again.work.key, &mut page.tally);
        page.settle();
        Ok(None)
    }
}

/// Whether a write without a success may have taken effect; `None` for a success.
fn may_have_landed(outcome: &Outcome) -> Option<bool> {
    match outcome {
        Outcome::Landed => None,
        Outcome::Refused { may_have_landed, .. } | Outcome::GivenUp { may_have_landed } => Some(*may_have_landed),
        Outcome::NotOurs { .. } => Some(false),
        Outcome::Unknown { .. } => Some(true),
    }
}

impl<T, M: ReadMonitors> Steer for PageWriter<'_, T, M> {
    type Error = Error;

    fn part(&self) -> &Part<'_> {
        self.part
    }

    fn deadline(&self) -> Deadline {
        self.deadline
    }

    async fn directive(&self) -> Result<Directive, Error> {
        Ok(self.part.directive_from_monitors(self.monitor_reader).await?)
    }
}
