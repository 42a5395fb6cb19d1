//! RollBackSegment: restores the before-images in one segment's journal.
//!
//! 1. Read the journal once, to know which items have several entries.
//! 2. Read it again, latest page first, and restore each item's touched attributes, on condition that all of them still
//!    are as the run left them. An item that the application changed since is listed and left as it is, and what it
//!    deleted stays deleted. Attributes that the run did not touch keep their values.
//! 3. Items with several entries come last, their latest entry first.
//!
//! Running it twice is harmless: an item that is already restored is counted, not written.

mod journal;
mod restorer;

use tableshift_aws::dynamodb::update::UpdateItem;
use tableshift_aws::run_files::{RunFileError, load_journal};
use tableshift_aws::s3::Bucket;
use tableshift_aws::{CallError, Cause};
use tableshift_core::ErrorName;
pub use tableshift_core::plan::child::{Progress as Output, SegmentInput as Input};
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::counts::Tally;
use tableshift_runtime::{Deadline, Named};
use tableshift_segment::part::error::PartError;
use tableshift_segment::part::{Part, PartId};
pub use tableshift_segment::ports::Ports;
use tableshift_segment::work::{Ended, Steps, WorkError, work};

use journal::Journal;
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

/// The progress of a run whose items are being restored. Such a run cannot be resumed, because its cursors are past
/// the restored items.
const ROLLED_BACK: &str = "rolled-back";

/// Rolls a segment back until it is done, time is short, or the run is paused.
pub async fn run<F, T>(ports: &Ports<F>, input: Input, deadline: Deadline) -> Result<Output, WorkError<Error>>
where
    F: Fn(&str) -> T,
    T: UpdateItem,
{
    // A roll-back has no waves: it follows the journal, whichever wave wrote it.
    let id = PartId { wave: Wave::Whole, ..PartId::of_segment(Phase::RollBack, input) };
    work(ports, id, deadline, async |part, items| RollBack::prepare(part, items, deadline).await.map(Some)).await
}

/// The roll-back of one segment. A step is an object of the journal; the last step is the items with several entries.
struct RollBack<T> {
    journal: Journal,
    restorer: Restorer<T>,
    deadline: Deadline,
}

impl<T: UpdateItem> RollBack<T> {
    async fn prepare(part: &Part<'_>, items: T, deadline: Deadline) -> Result<Self, Error> {
        part.ledger.set_progress(&part.id.run, ROLLED_BACK).await.map_err(PartError::from)?;
        let journal = Journal::read(part.bucket, &part.id).await?;
        let restorer = Restorer::new(items, part.plan.table.keys.clone(), deadline);
        Ok(Self { journal, restorer, deadline })
    }

    /// Restores the items of the object with this index, or the items with several entries after the last object.
    /// False: time ran out.
    async fn restore(&self, bucket: &Bucket, index: usize, tally: &mut Tally) -> Result<bool, Error> {
        let Some(key) = self.journal.objects.get(index) else {
            return self.restorer.restore_repeated(&self.journal.repeated, tally).await;
        };
        let entries = load_journal(bucket, key).await?;
        let single = entries.into_iter().filter(|entry| !self.journal.repeats.contains(&entry.key));
        self.restorer.restore_single(single, tally).await
    }
}

impl<T: UpdateItem> Steps for RollBack<T> {
    type Error = Error;

    async fn step(&mut self, part: &mut Part<'_>) -> Result<Ended, Error> {
        self.restorer.set_rate(part.write_share());
        let objects_done = usize::try_from(part.checkpoint.page).unwrap_or(usize::MAX);
        let mut tally = Tally::default();
        let restoring = self.restore(part.bucket, objects_done, &mut tally);
        // An object may hold a whole page, which takes minutes at a low rate. A pause must not wait for that.
        let in_time = || {
            self.restorer.set_rate(part.write_share());
            !self.deadline.remaining().is_zero()
        };
        let restored = part.interruptible(in_time, restoring).await?.transpose()?;
        if restored != Some(true) {
            return Ok(Ended::Interrupted);
        }
        let last = objects_done >= self.journal.objects.len();
        // This phase has no keys to continue from: its cursor is the number of objects that are done.
        part.finish_page(tally, (!last).then(Default::default)).await?;
        Ok(Ended::Complete)
    }
}
