//! One page: journal first, then conditional writes, in rounds until no item is left to write.

use std::time::Duration;

use tableshift_aws::CallError;
use tableshift_aws::batch::UpdateBatch;
use tableshift_aws::get::ReadItem;
use tableshift_aws::ledger_checkpoints::Checkpoints;
use tableshift_aws::ledger_control::SteerRun;
use tableshift_aws::ledger_lock::LockTable;
use tableshift_aws::lookout::Look;
use tableshift_aws::objects::{ListObjects, ReadObject, WriteObject};
use tableshift_aws::part::{Directive, Part, PartError};
use tableshift_aws::run_files::{RunFileError, load_journal, store_journal};
use tableshift_aws::scan::Page;
use tableshift_aws::update::{UpdateItem, Written};
use tableshift_core::counts::Tally;
use tableshift_core::journal::{self, Index};
use tableshift_core::keys;
use tableshift_core::migration::Migration;
use tableshift_core::throttle::{Reach, Reason};
use tableshift_core::worklist::{Judge, Work};
use tableshift_runtime::Deadline;

use crate::Error;
use crate::sender::{Rate, Sender, Steer};

/// How often an item is taken up again before it is given up.
const MAX_ROUNDS: u32 = 20;
/// How many conflicting items are read anew and written together.
const ITEMS_READ_ANEW: usize = 2;
/// Before the deadline, in time to save: no write begins after this.
pub(crate) const STOP_WRITING: Duration = Duration::from_secs(10);

/// How a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Every item is written or accounted for.
    Complete,
    /// Time ran out, or the run was paused; the page is to be read again.
    Interrupted,
}

/// Writes the pages of a segment.
pub(crate) struct PageWriter<'w, B, L, T, W> {
    part: &'w Part<'w, B, L>,
    items: &'w T,
    lookout: &'w W,
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
        lookout: &'w W,
        sender: &'w Sender<'w, T>,
        segment: u32,
        deadline: Deadline,
    ) -> Self {
        Self { part, items, lookout, sender, segment, deadline }
    }

    /// Writes a page's items and counts them. `prior` is what earlier attempts journaled.
    pub(crate) async fn write(
        &self,
        number: u64,
        page: Page,
        prior: &Index,
        tally: &mut Tally,
    ) -> Result<Ended, Error> {
        let judge = self.part.judge();
        let left_out = page.scanned.saturating_sub(page.items.len() as u64);
        let mut read_at = page.read_at;
        let mut work = judge.sort_out(page.items, prior, tally);
        judge.count_left_out(left_out, tally);
        let mut journaled = 0;
        for round in 0..MAX_ROUNDS {
            // What conflicted belongs to items that the application keeps writing: they are taken a few at a time, each
            // read anew right before it is written, so that waiting for its turn does not make it stale again.
            let size = if round == 0 { work.len().max(1) } else { ITEMS_READ_ANEW };
            let mut again = Vec::new();
            let mut queue = std::mem::take(&mut work).into_iter();
            while queue.len() > 0 {
                let mut group: Vec<Work> = queue.by_ref().take(size).collect();
                if round > 0 {
                    let units: u64 = group.iter().map(|work| work.change.write_units()).sum();
                    if !self.sender.turn(units as f64, self).await? {
                        return Ok(Ended::Interrupted);
                    }
                    read_at = self.part.clock()();
                    group = self.renewed(&judge, group, tally).await?;
                }
                if group.is_empty() {
                    continue;
                }
                self.journal(number, journaled, &group, read_at, tally).await?;
                journaled += 1;
                let sent = self.sender.send(group, self).await?;
                tally.units.write += sent.units;
                if sent.halted {
                    return Ok(Ended::Interrupted);
                }
                again.extend(self.count(&judge, sent.written, tally).await?);
            }
            work = again;
            if work.is_empty() {
                break;
            }
        }
        work.iter().for_each(|work| judge.count_given_up(work, tally));
        Ok(Ended::Complete)
    }

    /// Brings writes up to date with their items as they now are.
    async fn renewed<M: Migration>(
        &self,
        judge: &Judge<'_, M>,
        group: Vec<Work>,
        tally: &mut Tally,
    ) -> Result<Vec<Work>, Error> {
        let mut renewed = Vec::new();
        for work in group {
            let now = self.items.read(&work.key).await?;
            renewed.extend(judge.renew(work, now.as_ref(), tally));
        }
        Ok(renewed)
    }

    /// Counts what became of a round; gives back what is to be written again.
    async fn count<M: Migration>(
        &self,
        judge: &Judge<'_, M>,
        written: Vec<(Work, Written)>,
        tally: &mut Tally,
    ) -> Result<Vec<Work>, Error> {
        let mut again = Vec::new();
        for (work, written) in written {
            match written {
                Written::Done { .. } => judge.count_written(&work, tally),
                Written::Refused { message } => judge.count_refused(&work, message, tally),
                Written::Conflict { item } => {
                    let now = match item {
                        Some(item) => Some(item),
                        // No item may mean that it is gone, or that the answer left it out: only a read tells.
                        None => self.items.read(&work.key).await?,
                    };
                    again.extend(judge.after_conflict(work, now.as_ref(), tally));
                }
            }
        }
        Ok(again)
    }

    async fn journal(
        &self,
        number: u64,
        round: u32,
        work: &[Work],
        read_at: i64,
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let id = &self.part.id;
        let changes = work.iter().map(|work| (&work.key, &work.change));
        let content = journal::encode_changes(changes, read_at);
        let name = journal::object_name(number, self.part.checkpoint.attempt, round);
        let key = format!("{}{name}", keys::journal(&id.run, &id.part));
        let stored = store_journal(self.part.bucket, &key, content).await;
        stored.map_err(|source| Error::Journal { segment: self.segment, source })?;
        tally.journal.journaled += work.len() as u64;
        Ok(())
    }
}

/// What earlier attempts journaled for this page and later ones, and may not have counted. Their pages may have ended
/// elsewhere than this attempt's do.
pub(crate) async fn prior<B, L>(part: &Part<'_, B, L>, from: u64) -> Result<Index, RunFileError>
where
    B: ReadObject + ListObjects,
{
    let mut index = Index::default();
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
        let directive = self.part.directive_after_look(self.lookout).await.map_err(|source| self.part_error(source))?;
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
