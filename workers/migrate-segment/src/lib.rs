//! MigrateSegment: writes one segment of the table, after it journaled what it writes.
//!
//! 1. Claim the segment; an older attempt can save no more.
//! 2. Scan a page from the cursor.
//! 3. Sort its items into writes and counts.
//! 4. Put the page's before-images into the journal.
//! 5. Write conditionally; what the application changed meanwhile is judged anew, journaled and written again.
//! 6. Save cursor and counts, and begin again at 2, until the segment or the time is up.
//!
//! A page that is interrupted is not saved: the next attempt reads it again, finds in the journal what was written, and
//! counts it as changed.

mod page;

use std::time::Duration;

use tableshift_aws::ledger_checkpoints::Checkpoints;
use tableshift_aws::ledger_lock::LockTable;
use tableshift_aws::ledger_runs::Runs;
use tableshift_aws::objects::{ListObjects, ReadObject, WriteObject};
use tableshift_aws::part::{Clock, Part, PartError, PartId};
use tableshift_aws::run_files::RunFileError;
use tableshift_aws::scan::ScanSegment;
use tableshift_aws::segment_reader::SegmentReader;
use tableshift_aws::update::UpdateItem;
use tableshift_aws::{CallError, Cause};
use tableshift_core::ErrorName;
use tableshift_core::child::{Progress, SegmentInput};
use tableshift_core::counts::Phase;
use tableshift_core::segments;
use tableshift_runtime::{Deadline, Named, report_cause};

use page::{Ended, PageWriter};

/// What the worker works with.
#[derive(Debug)]
pub struct Ports<B, L, F> {
    /// The stack's bucket.
    pub bucket: B,
    /// The ledger.
    pub ledger: L,
    /// Opens the items of the table with this name.
    pub items: F,
    /// The time.
    pub clock: Clock,
}

/// Why a segment could not be migrated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The segment cannot be worked on.
    #[error("segment {segment} cannot be migrated")]
    Part {
        /// The segment.
        segment: u32,
        /// What went wrong.
        #[source]
        source: PartError,
    },
    /// The table did not answer.
    #[error("segment {segment} could not be read or written; what is written is journaled, and `resume` goes on")]
    Table {
        /// The segment.
        segment: u32,
        /// What went wrong.
        #[source]
        source: CallError,
    },
    /// The journal could not be read or written.
    #[error("the journal of segment {segment} could not be used; nothing is written that is not journaled")]
    Journal {
        /// The segment.
        segment: u32,
        /// What went wrong.
        #[source]
        source: RunFileError,
    },
    /// More items are invalid than the policy tolerates.
    #[error("segment {segment} has {invalid} invalid items, over the {tolerated} tolerated; see dead-letters/migrate/")]
    Budget {
        /// The segment.
        segment: u32,
        /// How many were found.
        invalid: u64,
        /// How many are tolerated.
        tolerated: u64,
    },
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Error::Part { source, .. } => source.name(),
            Error::Table { source, .. } if source.cause == Cause::NotFound => ErrorName::TableNotFound,
            Error::Table { source, .. } => source.name(),
            Error::Journal { source, .. } => source.name(),
            Error::Budget { .. } => ErrorName::BudgetExceeded,
        }
    }
}

/// Before the deadline: no page begins after this.
const STOP_READING: Duration = Duration::from_secs(20);

/// Migrates a segment until it is done or time runs out.
pub async fn run<B, L, F, T>(ports: &Ports<B, L, F>, input: SegmentInput, deadline: Deadline) -> Result<Progress, Error>
where
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + Runs,
    F: Fn(&str) -> T,
    T: ScanSegment + UpdateItem,
{
    let run_id = input.run.clone();
    let result = migrate(ports, input, deadline).await;
    if let Err(error) = &result {
        report_cause(error, |name, cause| async move { ports.ledger.record_cause(&run_id, name, &cause).await }).await;
    }
    result
}

async fn migrate<B, L, F, T>(ports: &Ports<B, L, F>, input: SegmentInput, deadline: Deadline) -> Result<Progress, Error>
where
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints,
    F: Fn(&str) -> T,
    T: ScanSegment + UpdateItem,
{
    let segment = input.segment;
    let id = PartId { run: input.run, epoch: input.epoch, phase: Phase::Migrate, part: segments::name(segment) };
    let part_error = |source| Error::Part { segment, source };
    let mut part = Part::begin(&ports.bucket, &ports.ledger, id, ports.clock).await.map_err(part_error)?;
    let items = (ports.items)(&part.plan.table.name);
    let mut reader = SegmentReader::new(&items, segment, part.plan.segments, false, part.plan.read_share());
    let pages = PageWriter::new(&items, &part, segment, deadline);
    while !part.checkpoint.done && deadline.remaining() > STOP_READING {
        let (page, mut tally) = reader.next(&part.checkpoint).await.map_err(|source| Error::Table { segment, source })?;
        if pages.write(&part, &page.items, &mut tally).await? == Ended::OutOfTime {
            break;
        }
        part.dead_letters(&tally.findings).await.map_err(part_error)?;
        part.finish_page(tally, page.cursor).await.map_err(part_error)?;
        check_budget(segment, &part)?;
    }
    part.leave().await.map(Progress::of).map_err(part_error)
}

fn check_budget<B, L>(segment: u32, part: &Part<'_, B, L>) -> Result<(), Error> {
    let (invalid, tolerated) = (part.checkpoint.tally.counts.invalid, part.plan.invalid_items);
    if invalid > tolerated { Err(Error::Budget { segment, invalid, tolerated }) } else { Ok(()) }
}
