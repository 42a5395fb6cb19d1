//! DryRun: applies the migration to one part of the dry run and writes nothing to the table.
//!
//! A part is a data file of the export, streamed and checked against its manifest, or a segment of the table itself.
//! Every item is judged as Migrate would judge it. The migration is then applied to its own result, to show that a
//! second run would change nothing.
//!
//! It has no permission to write to the table.

pub mod export_file;

use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::ScanSegment;
use tableshift_aws::s3::{ObjectError, ObjectStream, ReadObject as _};
use tableshift_core::ErrorName;
pub use tableshift_core::plan::child::{PartInput as Input, Progress as Output};
use tableshift_core::plan::parts::{self, ExportFile};
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::counts::Tally;
use tableshift_runtime::{Deadline, Named};
use tableshift_segment::pages::{Pages, ReadError};
use tableshift_segment::part::error::PartError;
use tableshift_segment::part::{Part, PartId};
pub use tableshift_segment::ports::Ports;
use tableshift_segment::work::{Ended, MIN_TIME_FOR_STEP, Steps, WorkError, work};

use export_file::{FileError, ItemReader};

/// Why a part could not be dry-run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The part cannot be worked on.
    #[error(transparent)]
    Part(#[from] PartError),
    /// A page could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The export file could not be read.
    #[error("the export file could not be read")]
    Object(#[from] ObjectError),
    /// The export file is not what its manifest says.
    #[error("the export file {key} is corrupt; start a new run, which makes a new export")]
    Corrupt {
        /// The file's key in the stack's bucket.
        key: String,
        /// What is wrong with it.
        source: FileError,
    },
    /// The part is neither a file nor a segment.
    #[error("the part has neither an export file nor a segment; check whether dry-run.json was edited by hand")]
    NothingToRead,
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Error::Part(source) => source.name(),
            Error::Read(source) => source.name(),
            Error::Object(source) => source.name(),
            Error::Corrupt { .. } => ErrorName::CorruptExport,
            Error::NothingToRead => ErrorName::Internal,
        }
    }
}

/// Lines of an export file between two checkpoints.
const LINES_PER_CHECKPOINT: u64 = 20_000;

/// Does a dry run of a part until it is done, time is short, or the run is paused.
pub async fn run<F, T>(ports: &Ports<F>, input: Input, deadline: Deadline) -> Result<Output, WorkError<Error>>
where
    F: Fn(&str) -> T,
    T: ScanSegment + ReadItem,
{
    let Input { run, epoch, part: parts::Part { part, segment, file } } = input;
    let id = PartId { run, epoch, phase: Phase::DryRun, wave: Wave::Whole, part };
    match (file, segment) {
        (Some(file), _) => work(ports, id, deadline, async |_, _| Ok(Some(FileDryRun::new(file, deadline)))).await,
        (None, Some(segment)) => {
            let prepare =
                async |part: &mut Part<'_>, items| SegmentDryRun::prepare(part, items, segment).await.map(Some);
            work(ports, id, deadline, prepare).await
        }
        (None, None) => {
            work(ports, id, deadline, async |_, _| Err::<Option<FileDryRun>, _>(Error::NothingToRead)).await
        }
    }
}

/// The dry run of one segment. A step is a page.
struct SegmentDryRun<T> {
    items: T,
    pages: Pages,
}

impl<T> SegmentDryRun<T> {
    async fn prepare(part: &Part<'_>, items: T, segment: u32) -> Result<Self, Error> {
        Ok(Self { items, pages: Pages::of(part, segment, false).await? })
    }
}

impl<T: ScanSegment + ReadItem> Steps for SegmentDryRun<T> {
    type Error = Error;

    async fn step(&mut self, part: &mut Part<'_>) -> Result<Ended, Error> {
        let (page, mut tally) = self.pages.next_at_checkpoint(part, &self.items).await?;
        let judge = part.judge();
        page.items.iter().for_each(|item| judge.dry_run(item, &mut tally));
        part.finish_page(tally, page.cursor).await?;
        Ok(Ended::Complete)
    }
}

/// The dry run of one export file. A step is a batch of lines.
///
/// The checkpoint's `page` is the number of lines that are done. A later attempt streams the file from its beginning
/// and skips them, so that the checksum is always that of the whole file.
struct FileDryRun {
    file: ExportFile,
    deadline: Deadline,
    /// The file as it streams in, once the first step opened it.
    opened: Option<(ObjectStream, ItemReader)>,
}

impl FileDryRun {
    fn new(file: ExportFile, deadline: Deadline) -> Self {
        Self { file, deadline, opened: None }
    }
}

impl Steps for FileDryRun {
    type Error = Error;

    async fn step(&mut self, part: &mut Part<'_>) -> Result<Ended, Error> {
        let (key, lines_done) = (&self.file.key, part.checkpoint.page);
        let corrupt = |source| Error::Corrupt { key: key.clone(), source };
        let (stream, reader) = match &mut self.opened {
            Some(opened) => opened,
            None => self.opened.insert((part.bucket.open(key).await?, ItemReader::new(lines_done))),
        };
        let mut tally = Tally::default();
        while let Some(bytes) = stream.next().await? {
            let judge = part.judge();
            reader.take(&bytes, &mut |item| judge.dry_run(&item, &mut tally)).map_err(corrupt)?;
            let is_full = reader.lines() >= lines_done + LINES_PER_CHECKPOINT;
            if is_full || self.deadline.remaining() < MIN_TIME_FOR_STEP {
                // Lines that an earlier attempt did may still be being skipped.
                part.finish_lines(tally, reader.lines().max(lines_done), false).await?;
                return Ok(Ended::Complete);
            }
        }
        let judge = part.judge();
        let lines = reader.finish(&self.file, &mut |item| judge.dry_run(&item, &mut tally)).map_err(corrupt)?;
        part.finish_lines(tally, lines, true).await?;
        Ok(Ended::Complete)
    }
}
