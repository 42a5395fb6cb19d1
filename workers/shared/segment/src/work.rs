//! The loop of every segment worker: claim a part, take one step after the other while that is allowed, and end the
//! invocation with a partial result.

use std::time::Duration;

use tableshift_aws::ledger::stop::stop_run_for;
use tableshift_core::ErrorName;
use tableshift_core::plan::child::Progress;
use tableshift_core::write::counts::Tally;
use tableshift_runtime::{Deadline, Named};

use crate::part::error::PartError;
use crate::part::{Part, PartId};
use crate::ports::Ports;

/// No step begins with less time than this left before the deadline.
pub const MIN_TIME_FOR_STEP: Duration = Duration::from_secs(20);
/// What remains of the time before the deadline when a step has to stop writing: enough to save.
pub const TIME_TO_SAVE: Duration = Duration::from_secs(10);

/// What one worker does with its part.
pub trait Steps {
    /// Why a step can fail.
    type Error: Named + From<PartError> + 'static;

    /// Works on the next piece of the part (a page, a batch of lines, a journal object) and saves the checkpoint.
    async fn step(&mut self, part: &mut Part<'_>) -> Result<Ended, Self::Error>;

    /// Stores what is known about work that is left when the invocation ends.
    async fn end(&mut self, _: &mut Part<'_>) -> Result<(), Self::Error> {
        Ok(())
    }

    /// Counts what is known only once the part is done. It must give the same again for an attempt that finds the part
    /// done, because the attempt before may have ended without its partial result.
    fn count_at_end(&self, _: &mut Tally) {}
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Everything in it is accounted for.
    Complete,
    /// Time ran out, or the run was put on hold. The next attempt repeats what is not saved.
    Interrupted,
}

/// Why a worker could not complete its part.
#[derive(Debug, thiserror::Error)]
#[error("part {part} of the {phase} phase failed")]
pub struct WorkError<E: std::error::Error + 'static> {
    /// The phase, as in the report.
    pub phase: &'static str,
    /// The name of the part.
    pub part: String,
    /// What went wrong.
    pub source: E,
}

impl<E: Named + 'static> Named for WorkError<E> {
    fn name(&self) -> ErrorName {
        self.source.name()
    }
}

/// Works on a part until it is done, time is short, or the run is on hold.
///
/// `prepare` gets the claimed part and the items of the run's table and reads what the steps need; `None` ends the
/// invocation without a step. An error that every worker would meet stops the run.
pub async fn work<'p, F, T, S>(
    ports: &'p Ports<F>,
    id: PartId,
    deadline: Deadline,
    prepare: impl AsyncFnOnce(&mut Part<'p>, T) -> Result<Option<S>, S::Error>,
) -> Result<Progress, WorkError<S::Error>>
where
    F: Fn(&str) -> T,
    S: Steps,
{
    let (run, epoch, phase, part) = (id.run.clone(), id.epoch, id.phase.as_str(), id.part.clone());
    let worked = take_steps(ports, id, deadline, prepare).await;
    let worked = worked.map_err(|source| WorkError { phase, part, source });
    if let Err(error) = &worked {
        stop_run_for(&ports.ledger, &run, epoch, error, (ports.clock)()).await;
    }
    worked
}

async fn take_steps<'p, F, T, S>(
    ports: &'p Ports<F>,
    id: PartId,
    deadline: Deadline,
    prepare: impl AsyncFnOnce(&mut Part<'p>, T) -> Result<Option<S>, S::Error>,
) -> Result<Progress, S::Error>
where
    F: Fn(&str) -> T,
    S: Steps,
{
    let mut part = Part::begin(ports, id).await?;
    let items = (ports.items)(&part.plan.table.name);
    if let Some(mut steps) = prepare(&mut part, items).await? {
        while part.has_more(deadline.remaining() > MIN_TIME_FOR_STEP).await? {
            if steps.step(&mut part).await? == Ended::Interrupted {
                break;
            }
        }
        steps.end(&mut part).await?;
        if part.checkpoint.done {
            steps.count_at_end(&mut part.checkpoint.tally);
        }
    }
    Ok(part.end_invocation().await?)
}
