//! VerifySegment: proves what one segment of the table now holds.
//!
//! 1. Read the segment's journal into an index of fingerprints, 32 bytes an item.
//! 2. Scan the segment, consistently: every write that was acknowledged before is seen.
//! 3. Count every item as what it is: as written, changed since, late, already done, not matched, invalid.
//! 4. At the end, journaled items that were not seen are gone.
//!
//! It has no permission to write to the table.

use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::ScanSegment;
use tableshift_aws::ledger::checkpoints::Checkpoints;
use tableshift_aws::ledger::control::{SteerRun, stop_run_for};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::runs::Runs;
use tableshift_aws::run_files::{RunFileError, load_journal};
use tableshift_aws::s3::{ListObjects, ReadObject, WriteObject};
use tableshift_core::ErrorName;
pub use tableshift_core::plan::child::{Progress as Output, SegmentInput as Input};
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::segments;
use tableshift_core::write::journal_index::JournalIndex;
use tableshift_core::write::verify::count_gone;
use tableshift_runtime::{Deadline, Named};
use tableshift_segment::pages::{Pages, Portion, ReadError};
pub use tableshift_segment::part::Ports;
use tableshift_segment::part::{Part, PartId};
use tableshift_segment::part_error::PartError;

/// Why a segment could not be verified.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The segment cannot be worked on.
    #[error("segment {segment} cannot be verified")]
    Part {
        /// The segment.
        segment: u32,
        /// What went wrong.
        #[source]
        source: PartError,
    },
    /// A page did not come.
    #[error("segment {segment} could not be read")]
    Read {
        /// The segment.
        segment: u32,
        /// What went wrong.
        #[source]
        source: ReadError,
    },
    /// The journal could not be read.
    #[error("the journal of segment {segment} could not be read")]
    Journal {
        /// The segment.
        segment: u32,
        /// What went wrong.
        #[source]
        source: RunFileError,
    },
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Error::Part { source, .. } => source.name(),
            Error::Read { source, .. } => source.name(),
            Error::Journal { source, .. } => source.name(),
        }
    }
}

/// Before the deadline: no page begins after this.
const STOP_READING: Duration = Duration::from_secs(20);
/// Journal objects read at a time.
const READS_IN_FLIGHT: usize = 8;

/// Verifies a segment until it is done or time runs out.
pub async fn run<B, L, F, T>(ports: &Ports<B, L, F>, input: Input, deadline: Deadline) -> Result<Output, Error>
where
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + Runs + SteerRun,
    F: Fn(&str) -> T,
    T: ScanSegment + ReadItem,
{
    let run_id = input.run.clone();
    let result = verify(ports, input, deadline).await;
    if let Err(error) = &result {
        stop_run_for(&ports.ledger, &run_id, error, (ports.clock)()).await;
    }
    result
}

async fn verify<B, L, F, T>(ports: &Ports<B, L, F>, input: Input, deadline: Deadline) -> Result<Output, Error>
where
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + SteerRun,
    F: Fn(&str) -> T,
    T: ScanSegment + ReadItem,
{
    let segment = input.segment;
    let (phase, wave, part) = (Phase::Verify, input.wave, segments::name(segment));
    let id = PartId { run: input.run, epoch: input.epoch, phase, wave, part };
    let part_error = |source| Error::Part { segment, source };
    let mut part = Part::begin(ports, id).await.map_err(part_error)?;
    let journal = journal_index(&ports.bucket, &part.id).await.map_err(|source| Error::Journal { segment, source })?;
    let items = (ports.items)(&part.plan.table.name);
    let pages = Pages::of(&part.plan, part.bucket, &items, segment, true, part.clock()).await;
    let pages = pages.map_err(|source| Error::Read { segment, source })?;
    while part.goes_on(deadline.remaining() > STOP_READING).await.map_err(part_error)? {
        let next = pages.next(part.checkpoint.cursor.as_ref(), None, Portion::at(part.read_share())).await;
        let (page, mut tally) = next.map_err(|source| Error::Read { segment, source })?;
        let judge = part.judge();
        page.items.iter().for_each(|item| judge.verify(item, &journal, &mut tally));
        part.dead_letters(&tally.findings).await.map_err(part_error)?;
        part.finish_page(tally, page.cursor).await.map_err(part_error)?;
    }
    if part.checkpoint.done {
        count_gone(&journal, &mut part.checkpoint.tally);
    }
    part.leave().await.map_err(part_error)
}

async fn journal_index<B: ReadObject + ListObjects>(bucket: &B, id: &PartId) -> Result<JournalIndex, RunFileError> {
    let keys = bucket.list(&keys::journal(&id.run, &id.part)).await.map_err(RunFileError::Object)?;
    let objects = futures::stream::iter(keys).map(|key| async move { load_journal(bucket, &key).await });
    let index =
        objects.buffer_unordered(READS_IN_FLIGHT).try_fold(JournalIndex::default(), |mut index, entries| async move {
            entries.iter().for_each(|entry| index.add(entry));
            Ok(index)
        });
    index.await
}
