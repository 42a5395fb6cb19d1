//! MigrateSegment: writes one segment of the table, each page after its before-images are in the journal.
//!
//! 1. Claim the segment. Older attempts can no longer save.
//! 2. Read a page from the cursor.
//! 3. Sort its items into writes and counts.
//! 4. Store the before-images of the writes in the journal.
//! 5. Write conditionally. An item that the application changed in between is judged again, journaled again and
//!    written again; the entry of a write that certainly did not take effect is voided.
//! 6. Save the cursor and the counts. Continue at 2 until the segment is done or time is short.
//!
//! Writes to a hot partition key wait at their own pace, while later pages are written. The cursor and the counts are
//! saved only up to the last page without waiting writes. The next attempt reads a page that was not saved again, finds
//! in the journal what was written, and counts that as changed.

mod account;
mod journal;
mod migration;
mod open_pages;
mod page_writer;
mod reader;
mod uncounted;

use tableshift_aws::dynamodb::batch::UpdateBatch;
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::ScanSegment;
use tableshift_aws::dynamodb::update::UpdateItem;
use tableshift_aws::monitors::reader::ReadMonitors;
use tableshift_aws::run_files::RunFileError;
use tableshift_aws::{CallError, Cause};
use tableshift_core::ErrorName;
pub use tableshift_core::plan::child::{Progress as Output, SegmentInput as Input};
use tableshift_core::plan::phase::Phase;
use tableshift_runtime::{Deadline, Named};
use tableshift_segment::pages::ReadError;
use tableshift_segment::part::error::PartError;
use tableshift_segment::part::{Directive, Part, PartId};
pub use tableshift_segment::ports::Ports;
use tableshift_segment::work::{WorkError, work};

use migration::Migration;

/// Why a segment could not be migrated.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The segment cannot be worked on.
    #[error(transparent)]
    Part(#[from] PartError),
    /// The table did not answer.
    #[error("the table could not be written; everything written is in the journal, and `resume` continues")]
    Table(#[from] CallError),
    /// A page could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The journal could not be read or written.
    #[error("the journal of the segment could not be read or written; nothing is written without it")]
    Journal(#[source] RunFileError),
    /// More items are invalid than the policy tolerates.
    #[error("the run met {invalid} invalid items, but tolerates {tolerated}; see dead-letters/migrate/")]
    TooManyInvalid {
        /// How many invalid items the whole run has met so far.
        invalid: u64,
        /// How many the plan tolerates.
        tolerated: u64,
    },
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Error::Part(source) => source.name(),
            Error::Table(source) if source.cause == Cause::NotFound => ErrorName::TableNotFound,
            Error::Table(source) => source.name(),
            Error::Read(source) => source.name(),
            Error::Journal(source) => source.name(),
            Error::TooManyInvalid { .. } => ErrorName::BudgetExceeded,
        }
    }
}

/// Migrates a segment until it is done, time is short, or the run is on hold.
pub async fn run<F, T, M>(
    ports: &Ports<F>,
    monitor_reader: &M,
    input: Input,
    deadline: Deadline,
) -> Result<Output, WorkError<Error>>
where
    F: Fn(&str) -> T,
    T: ScanSegment + UpdateItem + UpdateBatch + ReadItem,
    M: ReadMonitors,
{
    let segment = input.segment;
    let id = PartId::of_segment(Phase::Migrate, input);
    let prepare = async |part: &mut Part<'_>, items| -> Result<_, Error> {
        // A hold may have ended that only the monitors know of: they are read before anything else is decided.
        if part.directive_from_monitors(monitor_reader).await? != Directive::Work {
            return Ok(None);
        }
        Migration::prepare(part, items, monitor_reader, segment, deadline).await.map(Some)
    };
    work(ports, id, deadline, prepare).await
}
