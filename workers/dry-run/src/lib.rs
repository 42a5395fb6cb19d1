//! DryRun: applies the migration to one part of the dry run and writes nothing to the table.
//!
//! A part is a data file of the export, streamed and checked against its manifest, or a segment of the table itself.
//! Every item is judged as a run would judge it, and is proven to stay as it is if the migration is applied again.
//!
//! It has no permission to write to the table.

pub mod export_file;

use std::time::Duration;

use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::ScanSegment;
use tableshift_aws::ledger::checkpoints::Checkpoints;
use tableshift_aws::ledger::control::{SteerRun, stop_run_for};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::runs::Runs;
use tableshift_aws::s3::{ListObjects, ObjectError, ReadObject, WriteObject};
use tableshift_core::ErrorName;
pub use tableshift_core::plan::child::{PartInput as Input, Progress as Output};
use tableshift_core::plan::parts::ExportFile;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::counts::Tally;
use tableshift_runtime::{Deadline, Named};
use tableshift_segment::pages::{Pages, Portion, ReadError};
pub use tableshift_segment::part::Ports;
use tableshift_segment::part::{Part, PartId};
use tableshift_segment::part_error::PartError;

use export_file::{FileError, ItemReader};

/// Why a part could not be dry-run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The part cannot be worked on.
    #[error("part {part} cannot be dry-run")]
    Part {
        /// The part.
        part: String,
        /// What went wrong.
        #[source]
        source: PartError,
    },
    /// A page did not come.
    #[error("part {part} could not be read from the table")]
    Read {
        /// The part.
        part: String,
        /// What went wrong.
        #[source]
        source: ReadError,
    },
    /// The export file did not come.
    #[error("the export file {key} could not be read")]
    Object {
        /// Its key.
        key: String,
        /// What went wrong.
        #[source]
        source: ObjectError,
    },
    /// The export file is not what its manifest says.
    #[error("the export file {key}")]
    Corrupt {
        /// Its key.
        key: String,
        /// What is wrong with it.
        #[source]
        source: FileError,
    },
    /// The part names neither a file nor a segment.
    #[error("part {part} names neither an export file nor a segment; was dry-run.json edited by hand?")]
    Nothing {
        /// The part.
        part: String,
    },
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Error::Part { source, .. } => source.name(),
            Error::Read { source, .. } => source.name(),
            Error::Object { source, .. } => source.name(),
            Error::Corrupt { .. } => ErrorName::CorruptExport,
            Error::Nothing { .. } => ErrorName::Internal,
        }
    }
}

/// Before the deadline: nothing more is read after this.
const STOP_READING: Duration = Duration::from_secs(20);
/// Lines of an export file between two checkpoints.
const LINES_PER_CHECKPOINT: u64 = 20_000;

/// Runs a dry run of a part until it is done or time runs out.
pub async fn run<B, L, F, T>(ports: &Ports<B, L, F>, input: Input, deadline: Deadline) -> Result<Output, Error>
where
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + Runs + SteerRun,
    F: Fn(&str) -> T,
    T: ScanSegment + ReadItem,
{
    let run_id = input.run.clone();
    let result = dry_run(ports, input, deadline).await;
    if let Err(error) = &result {
        stop_run_for(&ports.ledger, &run_id, error, (ports.clock)()).await;
    }
    result
}

async fn dry_run<B, L, F, T>(ports: &Ports<B, L, F>, input: Input, deadline: Deadline) -> Result<Output, Error>
where
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + SteerRun,
    F: Fn(&str) -> T,
    T: ScanSegment + ReadItem,
{
    let (phase, wave, part) = (Phase::DryRun, Wave::Whole, input.part.part.clone());
    let id = PartId { run: input.run, epoch: input.epoch, phase, wave, part };
    let begun = Part::begin(ports, id).await;
    let mut part = begun.map_err(|source| Error::Part { part: input.part.part.clone(), source })?;
    match (&input.part.file, input.part.segment) {
        _ if part.checkpoint.done => {}
        (Some(file), _) => dry_run_file(&mut part, file, deadline).await?,
        (None, Some(segment)) => {
            let items = (ports.items)(&part.plan.table.name);
            dry_run_segment(&mut part, &items, segment, deadline).await?;
        }
        (None, None) => return Err(Error::Nothing { part: input.part.part }),
    }
    part.leave().await.map_err(|source| Error::Part { part: input.part.part, source })
}

async fn dry_run_segment<B, L, T>(
    part: &mut Part<'_, B, L>,
    items: &T,
    segment: u32,
    deadline: Deadline,
) -> Result<(), Error>
where
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + SteerRun,
    T: ScanSegment + ReadItem,
{
    let name = part.id.part.clone();
    let part_error = |source| Error::Part { part: name.clone(), source };
    let pages = Pages::of(&part.plan, part.bucket, items, segment, false, part.clock()).await;
    let pages = pages.map_err(|source| Error::Read { part: name.clone(), source })?;
    while part.goes_on(deadline.remaining() > STOP_READING).await.map_err(part_error)? {
        let next = pages.next(part.checkpoint.cursor.as_ref(), None, Portion::at(part.read_share())).await;
        let (page, mut tally) = next.map_err(|source| Error::Read { part: name.clone(), source })?;
        let judge = part.judge();
        page.items.iter().for_each(|item| judge.dry_run(item, &mut tally));
        part.dead_letters(&tally.findings).await.map_err(part_error)?;
        part.finish_page(tally, page.cursor).await.map_err(part_error)?;
    }
    Ok(())
}

/// The checkpoint's `page` is the number of lines done: a later attempt streams the file again and skips them, so the
/// checksum is always taken over the whole file.
async fn dry_run_file<B, L>(part: &mut Part<'_, B, L>, file: &ExportFile, deadline: Deadline) -> Result<(), Error>
where
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + SteerRun,
{
    let object = |source| Error::Object { key: file.key.clone(), source };
    let corrupt = |source| Error::Corrupt { key: file.key.clone(), source };
    let mut stream = part.bucket.open(&file.key).await.map_err(object)?;
    let mut reader = ItemReader::new(part.checkpoint.page);
    let mut tally = Tally::default();
    while let Some(bytes) = stream.next().await.map_err(object)? {
        let judge = part.judge();
        reader.take(&bytes, &mut |item| judge.dry_run(&item, &mut tally)).map_err(corrupt)?;
        if reader.lines() >= part.checkpoint.page + LINES_PER_CHECKPOINT {
            save_lines(part, reader.lines(), std::mem::take(&mut tally), false).await?;
        }
        if deadline.remaining() < STOP_READING {
            return save_lines(part, reader.lines().max(part.checkpoint.page), tally, false).await;
        }
    }
    let judge = part.judge();
    let lines = reader.finish(file, &mut |item| judge.dry_run(&item, &mut tally)).map_err(corrupt)?;
    save_lines(part, lines, tally, true).await
}

async fn save_lines<B, L>(part: &mut Part<'_, B, L>, lines: u64, tally: Tally, done: bool) -> Result<(), Error>
where
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + SteerRun,
{
    let name = part.id.part.clone();
    let part_error = |source| Error::Part { part: name.clone(), source };
    part.dead_letters(&tally.findings).await.map_err(part_error)?;
    part.checkpoint.tally.add(tally);
    (part.checkpoint.page, part.checkpoint.done) = (lines, done);
    part.save().await.map_err(part_error)?;
    part.count_done().await.map_err(part_error)
}
