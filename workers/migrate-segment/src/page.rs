//! One page: journal first, then conditional writes, in rounds until no item is left to write.

use std::time::Duration;

use futures::StreamExt as _;
use tableshift_aws::objects::{ListObjects, ReadObject, WriteObject};
use tableshift_aws::paced::PacedWriter;
use tableshift_aws::part::Part;
use tableshift_aws::run_files::{RunFileError, load_journal, store_journal};
use tableshift_aws::update::{UpdateItem, Written};
use tableshift_core::counts::Tally;
use tableshift_core::journal::{self, Entry, Index};
use tableshift_core::keys;
use tableshift_core::migration::Migration;
use tableshift_core::update::Update;
use tableshift_core::value::Item;
use tableshift_core::worklist::{Judge, Next, Work};
use tableshift_runtime::Deadline;

use crate::Error;

/// Writes in flight at a time: enough to hide the round trip of some milliseconds at a partition's 1,000 units a second.
const IN_FLIGHT: usize = 32;
/// How often an item is taken up again before it is given up.
const MAX_ROUNDS: u32 = 8;
/// Before the deadline, in time to save: no write begins after this.
const STOP_WRITING: Duration = Duration::from_secs(10);

/// How a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Every item is written or accounted for.
    Complete,
    /// Time ran out; the page is to be read again.
    OutOfTime,
}

/// Writes the pages of a segment.
pub(crate) struct PageWriter<'w, T> {
    writer: PacedWriter<'w, T>,
    segment: u32,
    deadline: Deadline,
    first_page: u64,
}

impl<'w, T: UpdateItem> PageWriter<'w, T> {
    pub(crate) fn new<B, L>(items: &'w T, part: &Part<'_, B, L>, segment: u32, deadline: Deadline) -> Self {
        let writer = PacedWriter::new(items, part.plan.write_share());
        Self { writer, segment, deadline, first_page: part.checkpoint.page }
    }

    /// Writes a page's items and counts them.
    pub(crate) async fn write<B, L>(
        &self,
        part: &Part<'_, B, L>,
        items: &[Item],
        tally: &mut Tally,
    ) -> Result<Ended, Error>
    where
        B: ReadObject + WriteObject + ListObjects,
    {
        let judge = part.judge();
        let prior = self.prior(part).await.map_err(|source| self.journal_error(source))?;
        let mut work = judge.sort_out(items, &prior, tally);
        let mut round = 0;
        while !work.is_empty() && round < MAX_ROUNDS {
            self.journal(part, round, &work, tally).await.map_err(|source| self.journal_error(source))?;
            let Some(again) = self.write_round(&judge, work, tally).await? else { return Ok(Ended::OutOfTime) };
            (work, round) = (again, round + 1);
        }
        work.iter().for_each(|work| judge.count_given_up(work, tally));
        Ok(Ended::Complete)
    }

    /// What earlier attempts journaled for this page. Only the first page of an invocation can have been begun before.
    async fn prior<B, L>(&self, part: &Part<'_, B, L>) -> Result<Index, RunFileError>
    where
        B: ReadObject + ListObjects,
    {
        let mut index = Index::default();
        if part.checkpoint.attempt < 2 || part.checkpoint.page != self.first_page {
            return Ok(index);
        }
        let prefix = format!("{}{:08}-", keys::journal(&part.id.run, &part.id.part), part.checkpoint.page);
        for key in part.bucket.list(&prefix).await.map_err(RunFileError::Object)? {
            load_journal(part.bucket, &key).await?.iter().for_each(|entry| index.add(entry));
        }
        Ok(index)
    }

    async fn journal<B: WriteObject, L>(
        &self,
        part: &Part<'_, B, L>,
        round: u32,
        work: &[Work],
        tally: &mut Tally,
    ) -> Result<(), RunFileError> {
        let now = part.clock()();
        let entries: Vec<Entry> = work.iter().map(|work| Entry::of(work.key.clone(), &work.change, now)).collect();
        let name = journal::object_name(part.checkpoint.page, part.checkpoint.attempt, round);
        store_journal(part.bucket, &format!("{}{name}", keys::journal(&part.id.run, &part.id.part)), &entries).await?;
        tally.journal.journaled += entries.len() as u64;
        Ok(())
    }

    /// Writes once what is to be written; gives back what is to be written again, or nothing if time ran out.
    async fn write_round<M: Migration>(
        &self,
        judge: &Judge<'_, M>,
        work: Vec<Work>,
        tally: &mut Tally,
    ) -> Result<Option<Vec<Work>>, Error> {
        let writes = futures::stream::iter(work).map(|work| self.write_one(work, &judge.table.keys));
        let mut writes = writes.buffer_unordered(IN_FLIGHT);
        let (mut again, mut complete) = (Vec::new(), true);
        while let Some(result) = writes.next().await {
            match result? {
                (_, None) => complete = false,
                (work, Some(written)) => again.extend(count(judge, &work, written, tally)),
            }
        }
        Ok(complete.then_some(again))
    }

    /// One conditional write; not sent if time ran out.
    async fn write_one(&self, work: Work, keys: &[String]) -> Result<(Work, Option<Written>), Error> {
        let time_left = self.deadline.remaining().saturating_sub(STOP_WRITING);
        let update = Update::of_change(&work.change, keys);
        let expected = work.change.write_units() as f64;
        let written = self.writer.update(&work.key, &update, expected, time_left).await;
        let written = written.map_err(|source| Error::Table { segment: self.segment, source })?;
        Ok((work, written))
    }

    fn journal_error(&self, source: RunFileError) -> Error {
        Error::Journal { segment: self.segment, source }
    }
}

/// Counts what became of a write; gives back what is to be written again.
fn count<M: Migration>(judge: &Judge<'_, M>, work: &Work, written: Written, tally: &mut Tally) -> Option<Work> {
    match written {
        Written::Done { units } => {
            tally.units.write += units;
            judge.count_written(work, tally);
            None
        }
        Written::Refused { message } => {
            judge.count_refused(work, message, tally);
            None
        }
        Written::Conflict { item } => {
            // A failed condition consumes the units of the item that it met, and DynamoDB does not report them.
            tally.units.write += work.change.write_units() as f64;
            match judge.after_conflict(work, item.as_ref(), tally) {
                Next::Again(next) => Some(*next),
                Next::Counted => None,
            }
        }
    }
}
