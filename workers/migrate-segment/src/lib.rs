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

mod hot;
mod page;
mod round;
mod sender;

use std::time::Duration;

use tableshift_aws::batch::UpdateBatch;
use tableshift_aws::get::ReadItem;
use tableshift_aws::ledger_checkpoints::Checkpoints;
use tableshift_aws::ledger_control::{SteerRun, stop_run_for};
use tableshift_aws::ledger_lock::LockTable;
use tableshift_aws::ledger_runs::Runs;
use tableshift_aws::lookout::Look;
use tableshift_aws::objects::{ListObjects, ReadObject, WriteObject};
use tableshift_aws::pages::{Pages, ReadError};
pub use tableshift_aws::part::Ports;
use tableshift_aws::part::{Directive, Part, PartError, PartId};
use tableshift_aws::run_files::RunFileError;
use tableshift_aws::scan::ScanSegment;
use tableshift_aws::update::UpdateItem;
use tableshift_aws::{CallError, Cause};
use tableshift_core::ErrorName;
pub use tableshift_core::child::{Progress as Output, SegmentInput as Input};
use tableshift_core::counts::Phase;
use tableshift_core::migration::Migration as _;
use tableshift_core::segments;
use tableshift_core::value::Item;
use tableshift_runtime::{Deadline, Named};

use page::{Ended, PageWriter};
use sender::Sender;

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

/// Before the deadline: no page begins after this.
const STOP_READING: Duration = Duration::from_secs(20);

/// Migrates a segment until it is done, time runs out, or the run is paused.
pub async fn run<B, L, F, T, W>(
    ports: &Ports<B, L, F>,
    lookout: &W,
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
    let result = migrate(ports, lookout, input, deadline).await;
    if let Err(error) = &result {
        stop_run_for(&ports.ledger, &run_id, error, (ports.clock)()).await;
    }
    result
}

async fn migrate<B, L, F, T, W>(
    ports: &Ports<B, L, F>,
    lookout: &W,
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
    let (phase, turn, part) = (Phase::Migrate, input.turn, segments::name(segment));
    let id = PartId { run: input.run, epoch: input.epoch, phase, turn, part };
    let part_error = |source| Error::Part { segment, source };
    let mut part = Part::begin(ports, id).await.map_err(part_error)?;
    let items = (ports.items)(&part.plan.table.name);
    write_segment(&mut part, &items, lookout, segment, deadline).await?;
    part.leave().await.map_err(part_error)
}

async fn write_segment<B, L, T, W>(
    part: &mut Part<'_, B, L>,
    items: &T,
    lookout: &W,
    segment: u32,
    deadline: Deadline,
) -> Result<(), Error>
where
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + SteerRun,
    T: ScanSegment + UpdateItem + UpdateBatch + ReadItem,
    W: Look,
{
    let part_error = |source| Error::Part { segment, source };
    if part.directive_after_look(lookout).await.map_err(part_error)? != Directive::Work {
        return Ok(());
    }
    let from = part.checkpoint.behind.unwrap_or(part.checkpoint.page);
    let mut prior = page::prior(part, from).await.map_err(|source| Error::Journal { segment, source })?;
    part.checkpoint.behind = (!prior.is_empty()).then_some(from);
    let read_error = |source| Error::Read { segment, source };
    let pages = Pages::of(&part.plan, part.bucket, items, segment, false, part.clock()).await.map_err(read_error)?;
    let sender = Sender::new(items, &part.plan.table);
    let filter = part.migration.filter();
    // What an earlier attempt wrote, the filter would leave out: pages are read whole until all of it is counted.
    let unless = |whole: bool| filter.as_ref().filter(|_| !whole);
    let in_time = || deadline.remaining() > page::STOP_WRITING;
    let mut ahead = None;
    while part.goes_on(deadline.remaining() > STOP_READING).await.map_err(part_error)? {
        let (mut page, mut tally) = match ahead.take() {
            Some(read) => read,
            None => {
                let (cursor, filter) = (part.checkpoint.cursor.as_ref(), unless(!prior.is_empty()));
                let reading = pages.next(cursor, filter, part.read_share());
                let Some(read) = part.unless_stopped(in_time, reading).await.map_err(part_error)? else { break };
                read.map_err(read_error)?
            }
        };
        let cursor = page.cursor.take();
        let keys: Vec<Item> = match prior.is_empty() {
            true => Vec::new(),
            false => page.items.iter().map(|item| part.plan.table.key_of(item)).collect(),
        };
        let reading = async {
            let Some(cursor) = &cursor else { return Ok(None) };
            let filter = unless(!prior.is_within(keys.iter()));
            let reading = pages.next(Some(cursor), filter, part.read_share());
            // Nothing comes if the run is paused meanwhile: then this page is finished, and no other is begun.
            let read = part.unless_stopped(in_time, reading).await.map_err(part_error)?;
            read.transpose().map_err(read_error)
        };
        let writer = PageWriter::new(part, items, lookout, &sender, segment, deadline);
        // Boxed: it is the largest of what a worker awaits, and it is awaited beside something else.
        let writing = Box::pin(writer.write(part.checkpoint.page, page, &prior, &mut tally));
        let (ended, read) = futures::try_join!(writing, reading)?;
        if ended == Ended::Interrupted {
            break;
        }
        ahead = read;
        keys.iter().for_each(|key| prior.forget(key));
        part.checkpoint.behind = (!prior.is_empty()).then_some(from);
        part.dead_letters(&tally.findings).await.map_err(part_error)?;
        let invalid = tally.counts.invalid;
        part.finish_page(tally, cursor).await.map_err(part_error)?;
        if let Some(invalid) = part.over_budget(invalid).await.map_err(part_error)? {
            return Err(Error::Budget { invalid, tolerated: part.plan.invalid_items });
        }
    }
    Ok(())
}
