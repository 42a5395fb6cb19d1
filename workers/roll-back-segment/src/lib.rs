//! RollBackSegment: puts the items of one segment's journal back as they were.
//!
//! 1. Read the journal once, to know which items have several entries.
//! 2. Read it again, latest page first: set each item's touched attributes back, on condition that every one of them
//!    still is as the run left it. What the application changed since is listed and left as it is; what it deleted
//!    stays deleted; attributes that the run did not touch keep what they hold.
//! 3. Items with several entries come last, their latest entry first.
//!
//! Running it twice is harmless: an item that is as before already is counted, not written.

mod undo;

use std::time::Duration;

use tableshift_aws::dynamodb::update::UpdateItem;
use tableshift_aws::ledger::checkpoints::Checkpoints;
use tableshift_aws::ledger::control::{SteerRun, stop_run_for};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::runs::Runs;
use tableshift_aws::run_files::{RunFileError, load_journal};
use tableshift_aws::s3::{ListObjects, ReadObject, WriteObject};
use tableshift_aws::{CallError, Cause};
use tableshift_core::ErrorName;
pub use tableshift_core::plan::child::{Progress as Output, SegmentInput as Input};
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::segments;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::counts::Tally;
use tableshift_core::write::journal::Entry;
use tableshift_core::write::journal_index::RepeatedKeys;
use tableshift_runtime::{Deadline, Named};
pub use tableshift_segment::part::Ports;
use tableshift_segment::part::{Part, PartId};
use tableshift_segment::part_error::PartError;

use undo::Undo;

/// Why a segment could not be rolled back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The segment cannot be worked on.
    #[error("segment {segment} cannot be rolled back")]
    Part {
        /// The segment.
        segment: u32,
        /// What went wrong.
        #[source]
        source: PartError,
    },
    /// The table did not answer.
    #[error("segment {segment} could not be written; start `roll-back` again, it goes on where it stopped")]
    Table {
        /// The segment.
        segment: u32,
        /// What went wrong.
        #[source]
        source: CallError,
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
            Error::Table { source, .. } if source.cause == Cause::NotFound => ErrorName::TableNotFound,
            Error::Table { source, .. } => source.name(),
            Error::Journal { source, .. } => source.name(),
        }
    }
}

/// The phase of a run whose items are being put back: it cannot be resumed, for its cursors are behind them.
const ROLLED_BACK: &str = "rolled-back";
/// Before the deadline: no journal object begins after this.
const STOP_READING: Duration = Duration::from_secs(20);

/// Rolls a segment back until it is done or time runs out.
pub async fn run<B, L, F, T>(ports: &Ports<B, L, F>, input: Input, deadline: Deadline) -> Result<Output, Error>
where
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + Runs + SteerRun,
    F: Fn(&str) -> T,
    T: UpdateItem,
{
    let run_id = input.run.clone();
    let result = roll_back(ports, input, deadline).await;
    if let Err(error) = &result {
        stop_run_for(&ports.ledger, &run_id, error, (ports.clock)()).await;
    }
    result
}

async fn roll_back<B, L, F, T>(ports: &Ports<B, L, F>, input: Input, deadline: Deadline) -> Result<Output, Error>
where
    B: ReadObject + WriteObject + ListObjects,
    L: LockTable + Checkpoints + Runs + SteerRun,
    F: Fn(&str) -> T,
    T: UpdateItem,
{
    let segment = input.segment;
    let (phase, wave, part) = (Phase::RollBack, Wave::Whole, segments::name(segment));
    let id = PartId { run: input.run, epoch: input.epoch, phase, wave, part };
    let part_error = |source| Error::Part { segment, source };
    let mut part = Part::begin(ports, id).await.map_err(part_error)?;
    let entered = ports.ledger.set_progress(&part.id.run, ROLLED_BACK).await;
    entered.map_err(|source| part_error(PartError::Ledger { part: part.id.part.clone(), source }))?;
    let journal = Journal::read(&ports.bucket, &part.id).await.map_err(|source| Error::Journal { segment, source })?;
    let items = (ports.items)(&part.plan.table.name);
    let undo = Undo::new(&items, &part.plan, segment, deadline);
    while part.goes_on(deadline.remaining() > STOP_READING).await.map_err(part_error)? {
        undo.set_rate(part.write_share());
        let done = usize::try_from(part.checkpoint.page).unwrap_or(usize::MAX);
        let mut tally = Tally::default();
        let undoing = async {
            let Some(key) = journal.objects.get(done) else {
                return undo.repeated(&journal.repeated, &mut tally).await;
            };
            let entries = load_journal(&ports.bucket, key).await;
            let entries = entries.map_err(|source| Error::Journal { segment, source })?;
            undo.single(entries.into_iter().filter(|e| !journal.repeats.contains(&e.key)), &mut tally).await
        };
        // An object may hold a whole page, many minutes' work at a low rate: an operator is heard meanwhile.
        let in_time = || {
            undo.set_rate(part.write_share());
            !deadline.remaining().is_zero()
        };
        let undone = part.unless_stopped(in_time, undoing).await.map_err(part_error)?;
        if !undone.transpose()?.unwrap_or(false) {
            break;
        }
        part.dead_letters(&tally.findings).await.map_err(part_error)?;
        // The cursor of this phase is the number of objects done: there is no key to go on from.
        let last = done >= journal.objects.len();
        part.finish_page(tally, (!last).then(Default::default)).await.map_err(part_error)?;
    }
    part.leave().await.map_err(part_error)
}

/// A segment's journal as the way back goes through it.
struct Journal {
    /// Its objects, latest page first.
    objects: Vec<String>,
    /// Which items have several entries.
    repeats: RepeatedKeys,
    /// Those entries.
    repeated: Vec<Entry>,
}

impl Journal {
    async fn read<B: ReadObject + ListObjects>(bucket: &B, id: &PartId) -> Result<Self, RunFileError> {
        let mut objects = bucket.list(&keys::journal(&id.run, &id.part)).await.map_err(RunFileError::Object)?;
        objects.sort_unstable_by(|a, b| b.cmp(a));
        let mut repeats = RepeatedKeys::default();
        for key in &objects {
            load_journal(bucket, key).await?.iter().for_each(|entry| repeats.add(&entry.key));
        }
        let mut repeated = Vec::new();
        if repeats.any() {
            for key in &objects {
                repeated.extend(load_journal(bucket, key).await?.into_iter().filter(|e| repeats.contains(&e.key)));
            }
        }
        Ok(Self { objects, repeats, repeated })
    }
}
