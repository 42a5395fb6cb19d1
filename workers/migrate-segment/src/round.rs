//! A round of writes: those that wait, the parcel that is sent next, and the outcomes.

use std::collections::VecDeque;
use std::time::Duration;

use tableshift_aws::CallError;
use tableshift_aws::dynamodb::batch::BatchWritten;
use tableshift_aws::dynamodb::update::Written;
use tableshift_core::write::judge::Work;
use tableshift_core::write::statement::is_documented;
use tokio::time::Instant;

/// How long writes are repeated while every one is throttled.
const PATIENCE: Duration = Duration::from_secs(60);

/// The outcomes of a round.
#[derive(Default)]
pub(crate) struct Sent {
    /// The writes that have an outcome.
    pub(crate) written: Vec<(Write, Written)>,
    /// Write units consumed.
    pub(crate) units: f64,
    /// Whether writes were left unsent because the caller interrupted the round.
    pub(crate) halted: bool,
}

/// A write to make.
pub(crate) struct Write {
    /// The number of the page that its item was in.
    pub(crate) page: u64,
    pub(crate) work: Work,
    /// How often it was tried again after a conflict.
    pub(crate) round: u32,
    /// Whether it may be in a batch.
    batched: bool,
}

/// Writes of one request.
pub(crate) struct Parcel {
    pub(crate) writes: Vec<Write>,
    /// The write units that they are expected to consume, and that are charged for them.
    pub(crate) units: f64,
}

/// The answer to a request.
pub(crate) enum Answer {
    Batch(Parcel, Result<BatchWritten, CallError>),
    Single(Parcel, Result<Written, CallError>),
}

impl Write {
    /// The first write of an item of this page.
    pub(crate) fn first(page: u64, work: Work) -> Self {
        Self::of(page, work, 0)
    }

    fn of(page: u64, work: Work, round: u32) -> Self {
        Self { page, batched: is_documented(&work.key, &work.change), work, round }
    }

    /// The write to make instead, after its condition failed.
    pub(crate) fn after_conflict(self, with: impl FnOnce(Work) -> Option<Work>) -> Option<Self> {
        let (page, round) = (self.page, self.round + 1);
        with(self.work).map(|work| Self::of(page, work, round))
    }

    /// The same write, for the item as it is now.
    pub(crate) fn updated(self, with: impl FnOnce(Work) -> Option<Work>) -> Option<Self> {
        let (page, round) = (self.page, self.round);
        with(self.work).map(|work| Self::of(page, work, round))
    }

    /// Whether it may be in a batch.
    pub(crate) fn is_batched(&self) -> bool {
        self.batched
    }

    /// The same write, as a separate request.
    pub(crate) fn alone(self) -> Self {
        Self { batched: false, ..self }
    }

    /// The write units that it consumes, by the item's size alone.
    pub(crate) fn units(&self) -> f64 {
        self.work.change.write_units() as f64
    }

    /// The bytes of its item, before or after the change, whichever is more.
    pub(crate) fn bytes(&self) -> usize {
        self.work.change.bytes.0.max(self.work.change.bytes.1)
    }
}

/// A round in progress.
pub(crate) struct Round {
    pub(crate) queue: VecDeque<Write>,
    /// The next parcel, which is charged but not yet paid.
    pub(crate) next: Option<Parcel>,
    pub(crate) written: Vec<(Write, Written)>,
    pub(crate) units: f64,
    pub(crate) halted: bool,
    /// Whether a write conflicted.
    pub(crate) conflicts: bool,
    /// Since when every write is throttled.
    pub(crate) throttled: Option<Instant>,
}

impl Round {
    pub(crate) fn of(queue: VecDeque<Write>) -> Self {
        Self { queue, next: None, written: Vec::new(), units: 0.0, halted: false, conflicts: false, throttled: None }
    }

    pub(crate) fn into_sent(self) -> Sent {
        Sent { written: self.written, units: self.units, halted: self.halted }
    }

    pub(crate) fn record(&mut self, write: Write, written: Written) {
        self.throttled = None;
        self.conflicts |= matches!(written, Written::Conflict { .. });
        self.written.push((write, written));
    }

    /// Whether throttled writes are still sent again.
    pub(crate) fn is_patient(&mut self) -> bool {
        self.throttled.get_or_insert_with(Instant::now).elapsed() < PATIENCE
    }

    pub(crate) fn queue_alone(&mut self, write: Write) {
        self.queue.push_back(write.alone());
    }
}
