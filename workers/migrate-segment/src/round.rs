//! A round of writes under way: what waits, what is about to be sent, what has an outcome.

use std::collections::VecDeque;
use std::time::Duration;

use tableshift_aws::dynamodb::update::Written;
use tableshift_core::write::judge::Work;
use tableshift_core::write::statement::is_documented;
use tokio::time::Instant;

/// How long writes are tried while every one is throttled.
const PATIENCE: Duration = Duration::from_secs(60);

/// What became of a round.
#[derive(Default)]
pub(crate) struct Sent {
    /// The writes that have an outcome.
    pub(crate) written: Vec<(Write, Written)>,
    /// Write units consumed.
    pub(crate) units: f64,
    /// Whether writes are left unsent, because the caller said to stop.
    pub(crate) halted: bool,
}

/// A write that is to be made.
pub(crate) struct Write {
    /// The number of the page that its item came with.
    pub(crate) page: u64,
    pub(crate) work: Work,
    /// How often its item was taken up again.
    pub(crate) round: u32,
    /// Whether it may be sent in a batch.
    batched: bool,
}

/// Writes that are sent in one request.
pub(crate) struct Parcel {
    pub(crate) writes: Vec<Write>,
    /// What they are expected to consume, which is charged.
    pub(crate) units: f64,
}

impl Write {
    /// The first write of an item that came with this page.
    pub(crate) fn first(page: u64, work: Work) -> Self {
        Self::of(page, work, 0)
    }

    fn of(page: u64, work: Work, round: u32) -> Self {
        Self { page, batched: is_documented(&work.key, &work.change), work, round }
    }

    /// The write that is to be made instead of this one, after it failed its condition.
    pub(crate) fn after_conflict(self, with: impl FnOnce(Work) -> Option<Work>) -> Option<Self> {
        let (page, round) = (self.page, self.round + 1);
        with(self.work).map(|work| Self::of(page, work, round))
    }

    /// The same write, brought up to date.
    pub(crate) fn renewed(self, with: impl FnOnce(Work) -> Option<Work>) -> Option<Self> {
        let (page, round) = (self.page, self.round);
        with(self.work).map(|work| Self::of(page, work, round))
    }

    /// Whether it may be sent in a batch.
    pub(crate) fn is_batched(&self) -> bool {
        self.batched
    }

    /// The same write, sent by itself.
    pub(crate) fn singly(self) -> Self {
        Self { batched: false, ..self }
    }

    /// What it consumes, by the item's size.
    pub(crate) fn units(&self) -> f64 {
        self.work.change.write_units() as f64
    }

    pub(crate) fn bytes(&self) -> usize {
        self.work.change.bytes.0.max(self.work.change.bytes.1)
    }
}

/// A round under way.
pub(crate) struct Round {
    pub(crate) queue: VecDeque<Write>,
    /// The next parcel, charged and not yet paid for.
    pub(crate) next: Option<Parcel>,
    pub(crate) written: Vec<(Write, Written)>,
    pub(crate) units: f64,
    pub(crate) halted: bool,
    /// Whether a write failed its condition.
    pub(crate) conflicts: bool,
    /// Since when every write has been throttled.
    pub(crate) throttled: Option<Instant>,
}

impl Round {
    pub(crate) fn of(queue: VecDeque<Write>) -> Self {
        Self { queue, next: None, written: Vec::new(), units: 0.0, halted: false, conflicts: false, throttled: None }
    }

    pub(crate) fn into_sent(self) -> Sent {
        Sent { written: self.written, units: self.units, halted: self.halted }
    }

    pub(crate) fn take(&mut self, write: Write, written: Written) {
        self.throttled = None;
        self.conflicts |= matches!(written, Written::Conflict { .. });
        self.written.push((write, written));
    }

    /// Whether throttled writes are sent again.
    pub(crate) fn is_patient(&mut self) -> bool {
        self.throttled.get_or_insert_with(Instant::now).elapsed() < PATIENCE
    }

    pub(crate) fn singly(&mut self, write: Write) {
        self.queue.push_back(write.singly());
    }
}
