//! MigrateSegment: writes one segment of the table, after it journaled what it writes.
//!
//! 1. Claim the segment; an older attempt can save no more.
//! 2. Scan a page from the cursor.
//! 3. Sort its items into writes and counts.
//! 4. Put the page's before-images into the journal.
//! 5. Write conditionally; what the application changed meanwhile is judged anew, journaled and written again.
//! 6. Save cursor and counts, and begin again at 2, until the segment or the time is up.
//!
//! Items of a hot partition key wait at a pace of their own while pages after theirs are written; cursor and counts are
//! saved behind the last page that has nothing waiting. A page that is not saved is read again by the next attempt, which
//! finds in the journal what was written, and counts it as changed.

mod hot;
mod open;
mod page;
mod round;
mod segment;
mod sender;
mod steer;

use tableshift_aws::dynamodb::batch::UpdateBatch;
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::ScanSegment;
use tableshift_aws::dynamodb::update::UpdateItem;
use tableshift_aws::ledger::checkpoints::Checkpoints;
use tableshift_aws::ledger::control::{SteerRun, stop_run_for};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::runs::Runs;
use tableshift_aws::monitors::reader::Look;
use tableshift_aws::run_files::RunFileError;
use tableshift_aws::s3::{ListObjects, ReadObject, WriteObject};
use tableshift_aws::{CallError, Cause};
use tableshift_core::ErrorName;
pub use tableshift_core::plan::child::{Progress as Output, SegmentInput as Input};
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::segments;
use tableshift_runtime::{Deadline, Named};
use tableshift_segment::pages::ReadError;
pub use tableshift_segment::part::Ports;
use tableshift_segment::part::{Directive, Part, PartId};
use tableshift_segment::part_error::PartError;

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
    #[error("the table could not be written; what is written is journaled, and `resume` goes on")]
    Table {
        /// What went wrong.
        #[source]
        source: CallError,
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
    #[error("the run met {invalid} invalid items, over the {tolerated} tolerated; see dead-letters/migrate/")]
    Budget {
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
            Error::Table { source } if source.cause == Cause::NotFound => ErrorName::TableNotFound,
            Error::Table { source } => source.name(),
            Error::Read { source, .. } => source.name(),
            Error::Journal { source, .. } => source.name(),
            Error::Budget { .. } => ErrorName::BudgetExceeded,
        }
    }
}

/// Migrates a segment until it is done, time runs out, or the run is paused.
pub async fn run<B, L, F, T, W>(
    ports: &Ports<B, L, F>,
    monitor_reader: &W,
    input: Input,
    deadline: Deadline,
) -> Result<Output, Error>
where
    W: Look,
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + Runs + SteerRun,
    F: Fn(&str) -> T,
    T: ScanSegment + UpdateItem + UpdateBatch + ReadItem,
{
    let run_id = input.run.clone();
    let result = migrate(ports, monitor_reader, input, deadline).await;
    if let Err(error) = &result {
        stop_run_for(&ports.ledger, &run_id, error, (ports.clock)()).await;
    }
    result
}

async fn migrate<B, L, F, T, W>(
    ports: &Ports<B, L, F>,
    monitor_reader: &W,
    input: Input,
    deadline: Deadline,
) -> Result<Output, Error>
where
    W: Look,
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + SteerRun,
    F: Fn(&str) -> T,
    T: ScanSegment + UpdateItem + UpdateBatch + ReadItem,
{
    let segment = input.segment;
    let (phase, wave, part) = (Phase::Migrate, input.wave, segments::name(segment));
    let id = PartId { run: input.run, epoch: input.epoch, phase, wave, part };
    let part_error = |source| Error::Part { segment, source };
    let mut part = Part::begin(ports, id).await.map_err(part_error)?;
    let items = (ports.items)(&part.plan.table.name);
    if part.directive_with_monitors(monitor_reader).await.map_err(part_error)? == Directive::Work {
        segment::write(&mut part, &items, monitor_reader, segment, deadline).await?;
    }
    part.leave().await.map_err(part_error)
}
