//! VerifySegment: reads every item of one segment again and compares it with the migration and with the journal.
//!
//! 1. Read the segment's journal into an index of fingerprints, 32 bytes an item.
//! 2. Read the segment consistently, which sees every write that was acknowledged before. Count each item as what it
//!    is: as written, changed since, late, already done, not matched, invalid.
//! 3. Read the journaled items that the segment's pages did not have, one by one. An item that exists is counted as what it
//!    is, like the others; one that does not is gone. So every journaled item is counted as what a read found.
//! 4. Compare the number of journaled items with those that Migrate counts as changed in this segment.
//!
//! It has no permission to write to the table.

mod progress;
mod unread;

use futures::TryStreamExt as _;
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::ScanSegment;
use tableshift_aws::ledger::checkpoints::Checkpoint;
use tableshift_aws::run_files::RunFileError;
use tableshift_core::ErrorName;
pub use tableshift_core::plan::child::{Progress as Output, SegmentInput as Input};
use tableshift_core::plan::phase::Phase;
use tableshift_core::write::counts::Tally;
use tableshift_core::write::journal_index::JournalIndex;
use tableshift_core::write::verify::{count_gone, count_unaccounted};
use tableshift_runtime::{Deadline, Named};
use tableshift_segment::journal::Journal;
use tableshift_segment::pages::{Pages, ReadError};
use tableshift_segment::part::error::PartError;
use tableshift_segment::part::{Part, PartId};
pub use tableshift_segment::ports::Ports;
use tableshift_segment::work::{Ended, Steps, TIME_TO_SAVE, WorkError, work};

use unread::{MOST_KEYS, Unread, keys_of};

/// Why a segment could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The segment cannot be worked on.
    #[error(transparent)]
    Part(#[from] PartError),
    /// A page could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The journal could not be read.
    #[error("the journal of the segment could not be read")]
    Journal(#[source] RunFileError),
    /// What was read could not be stored for the next attempt, or read from there.
    #[error("the progress of the verification could not be read or written")]
    Progress(#[source] RunFileError),
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Error::Part(source) => source.name(),
            Error::Read(source) => source.name(),
            Error::Journal(source) | Error::Progress(source) => source.name(),
        }
    }
}

/// After this many pages, the progress is stored: at most these are read again after an attempt that was killed.
const PAGES_BETWEEN_KEEPING: u64 = 64;

/// Verifies a segment until it is done, time is short, or the run is paused.
pub async fn run<F, T>(ports: &Ports<F>, input: Input, deadline: Deadline) -> Result<Output, WorkError<Error>>
where
    F: Fn(&str) -> T,
    T: ScanSegment + ReadItem,
{
    let segment = input.segment;
    let id = PartId::of_segment(Phase::Verify, input);
    work(ports, id, deadline, async |part, items| Verification::prepare(part, items, segment, deadline).await.map(Some))
        .await
}

/// The verification of one segment. A step is a page, or a piece of the journaled items that no page had.
struct Verification<'b, T> {
    items: T,
    pages: Pages,
    journal: Journal<'b>,
    index: JournalIndex,
    unread: Unread,
    deadline: Deadline,
    /// How many items Migrate counts as changed.
    changed: u64,
}

impl<'b, T> Verification<'b, T> {
    async fn prepare(part: &mut Part<'b>, items: T, segment: u32, deadline: Deadline) -> Result<Self, Error> {
        let id = part.id.clone();
        let migrated = part.ledger.checkpoint(&id.run, Phase::Migrate, &id.part).await.map_err(PartError::from)?;
        let journal = Journal::of(part.bucket, &id.run, &id.part).await.map_err(Error::Journal)?;
        let mut index = JournalIndex::default();
        if !part.checkpoint.done {
            index = read_index(&journal).await.map_err(Error::Journal)?;
        }
        progress::resume(part, &mut index).await.map_err(Error::Progress)?;
        let pages = Pages::of(part, segment, true).await?;
        let changed = migrated.tally.counts.changed;
        Ok(Self { items, pages, journal, index, unread: Unread::of(&part.plan), deadline, changed })
    }
}

impl<T: ScanSegment + ReadItem> Verification<'_, T> {
    async fn scan(&mut self, part: &mut Part<'_>) -> Result<Ended, Error> {
        let (page, mut tally) = self.pages.next_at_checkpoint(part, &self.items).await?;
        let judge = part.judge();
        page.items.iter().for_each(|item| judge.verify(item, &mut self.index, &mut tally));
        let done = page.cursor.is_none() && self.index.unread() == 0;
        part.finish_piece(tally, page.cursor, done).await?;
        Ok(Ended::Complete)
    }

    async fn read_unread(&mut self, part: &mut Part<'_>) -> Result<Ended, Error> {
        if !self.unread.has_keys() {
            let wanted = self.index.first_unread(MOST_KEYS);
            let in_time = || self.deadline.remaining() > TIME_TO_SAVE;
            match part.interruptible(in_time, keys_of(&self.journal, &wanted)).await? {
                Some(keys) => self.unread.set_keys(keys.map_err(Error::Journal)?),
                None => return Ok(Ended::Interrupted),
            }
        }
        let found = self.unread.read(&self.items, part).await.map_err(ReadError::Table)?;
        // Without keys the journal has changed since it was listed, and the count of unaccounted items says so.
        let has_lost_keys = found.is_empty();
        let (judge, mut tally) = (part.judge(), Tally::default());
        for (key, item, units) in found {
            tally.units.read += units;
            match item {
                Some(item) => judge.verify(&item, &mut self.index, &mut tally),
                None => count_gone(&key, &mut self.index, &mut tally),
            }
        }
        let done = has_lost_keys || self.index.unread() == 0;
        part.finish_piece(tally, None, done).await?;
        Ok(Ended::Complete)
    }
}

impl<T: ScanSegment + ReadItem> Steps for Verification<'_, T> {
    type Error = Error;

    async fn step(&mut self, part: &mut Part<'_>) -> Result<Ended, Error> {
        let is_scanned = part.checkpoint.page > 0 && part.checkpoint.cursor.is_none();
        let ended = match is_scanned {
            false => self.scan(part).await?,
            true => self.read_unread(part).await?,
        };
        let Checkpoint { page, done, cursor, .. } = &part.checkpoint;
        let scan_ended = !is_scanned && cursor.is_none();
        if !done && (scan_ended || page.is_multiple_of(PAGES_BETWEEN_KEEPING)) {
            progress::keep(part, &self.index).await.map_err(Error::Progress)?;
        }
        Ok(ended)
    }

    async fn end(&mut self, part: &mut Part<'_>) -> Result<(), Error> {
        if part.checkpoint.done {
            return Ok(());
        }
        progress::keep(part, &self.index).await.map_err(Error::Progress)
    }

    fn count_at_end(&self, tally: &mut Tally) {
        count_unaccounted(self.changed, tally);
    }
}

async fn read_index(journal: &Journal<'_>) -> Result<JournalIndex, RunFileError> {
    let objects = journal.entries_of(journal.objects().iter().copied());
    let index = objects.try_fold(JournalIndex::default(), |mut index, (_, entries)| async move {
        entries.iter().for_each(|entry| index.add(entry));
        Ok(index)
    });
    index.await
}
