//! RollBackSegment: restores the before-images in one segment's journal.
//!
//! 1. List the journal, and read which entries were voided and which items may have several entries.
//! 2. Go through it piece by piece, and restore each item's touched attributes, on condition that all of them still are as
//!    the run left them. An item that the application changed since is listed and left as it is, and what it deleted stays
//!    deleted. Attributes that the run did not touch keep their values.
//! 3. Items with several entries come last. All entries of such an item are tried, the latest first.
//! 4. Save the place after each piece. The next attempt, or the next roll-back of the run, continues there.
//!
//! Running it twice is harmless: an item that is already restored is counted, not written.

mod entries;
mod restorer;

use tableshift_aws::dynamodb::batch::UpdateBatch;
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::update::UpdateItem;
use tableshift_aws::run_files::RunFileError;
use tableshift_aws::{CallError, Cause};
use tableshift_core::ErrorName;
pub use tableshift_core::plan::child::{Progress as Output, SegmentInput as Input};
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::counts::{MAX_EXAMPLES, Tally};
use tableshift_core::write::roll_back_place::{Place, RolledBack};
use tableshift_runtime::{Deadline, Named};
use tableshift_segment::journal::Journal;
use tableshift_segment::part::error::PartError;
use tableshift_segment::part::{Part, PartId};
pub use tableshift_segment::ports::Ports;
use tableshift_segment::work::{Ended, Steps, WorkError, work};

use entries::Entries;
use restorer::Restorer;

/// Why a segment could not be rolled back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The segment cannot be worked on.
    #[error(transparent)]
    Part(#[from] PartError),
    /// The table did not answer.
    #[error("the table could not be written; start `roll-back` again, it continues where it stopped")]
    Table(#[from] CallError),
    /// The journal could not be read.
    #[error("the journal of the segment could not be read")]
    Journal(#[from] RunFileError),
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Error::Part(source) => source.name(),
            Error::Table(source) if source.cause == Cause::NotFound => ErrorName::TableNotFound,
            Error::Table(source) => source.name(),
            Error::Journal(source) => source.name(),
        }
    }
}

/// Rolls a segment back until it is done, time is short, or the run is paused.
pub async fn run<F, T>(ports: &Ports<F>, input: Input, deadline: Deadline) -> Result<Output, WorkError<Error>>
where
    F: Fn(&str) -> T,
    T: UpdateItem + UpdateBatch + ReadItem,
{
    // A roll-back has no waves: it follows the journal, whichever wave wrote it.
    let id = PartId { wave: Wave::Whole, ..PartId::of_segment(Phase::RollBack, input) };
    work(ports, id, deadline, async |part, items| RollBack::prepare(part, items, deadline).await.map(Some)).await
}

/// The roll-back of one segment. A step is a piece of the journal.
struct RollBack<'b, T> {
    entries: Entries<'b>,
    restorer: Restorer<T>,
    deadline: Deadline,
    /// Whether the next items may be restored already.
    read_first: bool,
    /// How many items Migrate counts as changed.
    changed: u64,
    /// The journal objects that Migrate stored and that are no longer there.
    missing: Vec<String>,
}

impl<'b, T: UpdateItem + UpdateBatch + ReadItem> RollBack<'b, T> {
    async fn prepare(part: &Part<'b>, items: T, deadline: Deadline) -> Result<Self, Error> {
        let id = &part.id;
        let migrated = part.ledger.checkpoint(&id.run, Phase::Migrate, &id.part).await.map_err(PartError::from)?;
        // The dead letters of a run may list an item twice.
        let all_repeated = part.plan.dead_letters_of.is_some();
        let entries = Entries::of(Journal::of(part.bucket, &id.run, &id.part).await?, all_repeated).await?;
        let missing = migrated.journal.missing(entries.objects()).into_iter();
        let missing = missing.map(|sequence| format!("{}{sequence:08}-*", keys::journal(&id.run, &id.part)));
        // An earlier attempt may have restored some of the next items before it ended.
        let read_first = part.checkpoint.attempt > 1;
        let changed = migrated.tally.counts.changed;
        let restorer = Restorer::new(items, part);
        Ok(Self { restorer, deadline, read_first, changed, missing: missing.collect(), entries })
    }
}

impl<T: UpdateItem + UpdateBatch + ReadItem> Steps for RollBack<'_, T> {
    type Error = Error;

    async fn step(&mut self, part: &mut Part<'_>) -> Result<Ended, Error> {
        let RolledBack { place, once_complete } = &part.checkpoint.rolled_back;
        let piece = self.entries.piece(place).await?;
        let mut tally = Tally::default();
        // Of an item with several entries, only the item itself shows which of them counts.
        let read_first = self.read_first || *once_complete || matches!(place, Place::Repeated { .. });
        if !self.restorer.restore(piece.items, read_first, part, self.deadline, &mut tally).await? {
            // The next attempt goes through the piece again. What it consumed is counted here.
            part.checkpoint.tally.units += tally.units;
            return Ok(Ended::Interrupted);
        }
        self.read_first = false;
        part.finish_restored(tally, piece.next).await?;
        Ok(Ended::Complete)
    }

    fn count_at_end(&self, tally: &mut Tally) {
        let Tally { journal, counts, .. } = &tally;
        let found = journal.restored + journal.already_restored + journal.spared + journal.gone + counts.invalid;
        tally.journal.unaccounted = self.changed.saturating_sub(found);
        tally.journal.missing_objects = self.missing.len() as u64;
        tally.missing_objects = self.missing.iter().take(MAX_EXAMPLES).cloned().collect();
    }
}
