//! A round of writes under way: what waits, what is about to be sent, what has an outcome.

use std::collections::VecDeque;
use std::time::Duration;

use tableshift_aws::update::Written;
use tableshift_core::worklist::Work;
use tokio::time::Instant;

/// How long writes are tried while every one is throttled.
const PATIENCE: Duration = Duration::from_secs(60);

/// What became of a round.
#[derive(Default)]
pub(crate) struct Sent {
    /// The writes that have an outcome.
    pub(crate) written: Vec<(Work, Written)>,
    /// Write units consumed.
    pub(crate) units: f64,
    /// Whether writes are left unsent, because the caller said to stop.
    pub(crate) halted: bool,
}

/// A write that waits to be sent.
pub(crate) struct Waiting {
    pub(crate) work: Work,
    /// Whether it may be sent in a batch.
    pub(crate) batched: bool,
}

/// Writes that are sent in one request.
pub(crate) struct Parcel {
    pub(crate) writes: Vec<Waiting>,
    /// What they are expected to consume, which is charged.
    pub(crate) units: f64,
}

impl Waiting {
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
    pub(crate) queue: VecDeque<Waiting>,
    /// The next parcel, charged and not yet paid for.
    pub(crate) next: Option<Parcel>,
    pub(crate) written: Vec<(Work, Written)>,
    pub(crate) units: f64,
    pub(crate) halted: bool,
    /// Since when every write has been throttled.
    pub(crate) throttled: Option<Instant>,
}

impl Round {
    pub(crate) fn of(queue: VecDeque<Waiting>) -> Self {
        Self { queue, next: None, written: Vec::new(), units: 0.0, halted: false, throttled: None }
    }

    pub(crate) fn into_sent(self) -> Sent {
        Sent { written: self.written, units: self.units, halted: self.halted }
    }

    pub(crate) fn take(&mut self, work: Work, written: Written) {
        self.throttled = None;
        self.written.push((work, written));
    }

    /// Whether throttled writes are sent again.
    pub(crate) fn is_patient(&mut self) -> bool {
        self.throttled.get_or_insert_with(Instant::now).elapsed() < PATIENCE
    }

    pub(crate) fn singly(&mut self, write: Waiting) {
        self.queue.push_back(Waiting { batched: false, ..write });
    }
}
