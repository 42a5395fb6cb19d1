//! VerifySegment: reads every item of one segment again and compares it with the migration and with the journal.
//!
//! 1. Read the segment's journal into an index of fingerprints, 32 bytes an item.
//! 2. Read the segment consistently, which sees every write that was acknowledged before. Count each item as what it
//!    is: as written, changed since, late, already done, not matched, invalid.
//! 3. Journaled items that were not found are counted as gone.
//!
//! It has no permission to write to the table.

use futures::{StreamExt as _, TryStreamExt as _};
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::ScanSegment;
use tableshift_aws::run_files::RunFileError;
use tableshift_aws::s3::Bucket;
use tableshift_core::ErrorName;
pub use tableshift_core::plan::child::{Progress as Output, SegmentInput as Input};
use tableshift_core::plan::phase::Phase;
use tableshift_core::write::counts::Tally;
use tableshift_core::write::journal_index::JournalIndex;
use tableshift_core::write::verify::count_gone;
use tableshift_runtime::{Deadline, Named};
use tableshift_segment::journal::Journal;
use tableshift_segment::pages::{Pages, ReadError};
use tableshift_segment::part::error::PartError;
use tableshift_segment::part::{Part, PartId};
pub use tableshift_segment::ports::Ports;
use tableshift_segment::work::{Ended, Steps, WorkError, work};

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
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Error::Part(source) => source.name(),
            Error::Read(source) => source.name(),
            Error::Journal(source) => source.name(),
        }
    }
}

const JOURNAL_READS_IN_FLIGHT: usize = 8;

/// Verifies a segment until it is done, time is short, or the run is paused.
pub async fn run<F, T>(ports: &Ports<F>, input: Input, deadline: Deadline) -> Result<Output, WorkError<Error>>
where
    F: Fn(&str) -> T,
    T: ScanSegment + ReadItem,
{
    let segment = input.segment;
    let id = PartId::of_segment(Phase::Verify, input);
    work(ports, id, deadline, async |part, items| Verification::prepare(part, items, segment).await.map(Some)).await
}

/// The verification of one segment.
struct Verification<T> {
    items: T,
    pages: Pages,
    journal: JournalIndex,
}

impl<T> Verification<T> {
    async fn prepare(part: &Part<'_>, items: T, segment: u32) -> Result<Self, Error> {
        let journal = read_journal(part.bucket, &part.id).await.map_err(Error::Journal)?;
        let pages = Pages::of(part, segment, true).await?;
        Ok(Self { items, pages, journal })
    }
}

impl<T: ScanSegment + ReadItem> Steps for Verification<T> {
    type Error = Error;

    async fn step(&mut self, part: &mut Part<'_>) -> Result<Ended, Error> {
        let (page, mut tally) = self.pages.next_at_checkpoint(part, &self.items).await?;
        let judge = part.judge();
        page.items.iter().for_each(|item| judge.verify(item, &self.journal, &mut tally));
        part.finish_page(tally, page.cursor).await?;
        Ok(Ended::Complete)
    }

    fn count_at_end(&self, tally: &mut Tally) {
        count_gone(&self.journal, tally);
    }
}

async fn read_journal(bucket: &Bucket, id: &PartId) -> Result<JournalIndex, RunFileError> {
    let journal = Journal::of(bucket, &id.run, &id.part).await?;
    let objects = futures::stream::iter(journal.objects()).map(|object| journal.entries(*object));
    let objects = objects.buffer_unordered(JOURNAL_READS_IN_FLIGHT);
    let index = objects.try_fold(JournalIndex::default(), |mut index, entries| async move {
        entries.iter().for_each(|entry| index.add(entry));
        Ok(index)
    });
    index.await
}
