//! A round of writes: those that are queued, those that wait before they are sent again, and the outcomes.

use std::collections::VecDeque;
use std::time::Duration;

use tableshift_aws::CallError;
use tableshift_aws::dynamodb::batch::BatchWritten;
use tableshift_aws::dynamodb::update::Written;
use tableshift_core::write::journal_index::key_fingerprint;
use tokio::time::Instant;

use super::item_write::{ItemWrite, Outcome};

/// How long writes are repeated while every one is throttled.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often a write is sent again after contention: about a minute of waits.
const MOST_CONTENTIONS: u32 = 40;
/// How often a write is sent again after lost answers without an answer in between.
const MOST_LOST_ANSWERS: u32 = 8;
/// The wait before a write is sent again after a lost answer or contention: the first one, doubled up to this often.
/// Each differs by up to half in either direction.
const WAIT: (Duration, u32) = (Duration::from_millis(50), 5);

/// The result of a round.
#[derive(Debug)]
pub struct Sent<W> {
    /// The writes that have an outcome.
    pub outcomes: Vec<(W, Outcome)>,
    /// Writes that were left because the caller interrupted the round, and that have certainly not taken effect. Those
    /// that may have taken effect are left out.
    pub unsent: Vec<W>,
    /// Write units consumed.
    pub units: f64,
    /// Whether the caller interrupted the round.
    pub halted: bool,
}

/// A write on its way.
#[derive(Debug)]
pub(super) struct Sending<W> {
    pub(super) write: W,
    /// Whether it may be in a batch.
    batched: bool,
    /// Whether an answer was lost, so that it may have taken effect.
    pub(super) may_have_landed: bool,
    /// How often it met contention.
    contentions: u32,
    /// How often its answer was lost since the last answer.
    lost_answers: u32,
}

impl<W: ItemWrite> Sending<W> {
    pub(super) fn new(write: W) -> Self {
        Self { batched: write.has_statement(), write, may_have_landed: false, contentions: 0, lost_answers: 0 }
    }

    /// Whether it may be in a batch.
    pub(super) fn is_batched(&self) -> bool {
        self.batched
    }

    /// The same write, as a separate request.
    pub(super) fn alone(self) -> Self {
        Self { batched: false, ..self }
    }

    /// How long to wait before it is sent again. The wait differs from item to item, so that writes that met the same
    /// transaction do not meet again.
    fn wait(&self) -> Duration {
        let times = self.contentions + self.lost_answers;
        let base = WAIT.0 * (1 << times.saturating_sub(1).min(WAIT.1));
        let jitter = (key_fingerprint(self.write.key()) >> (7 * (times % 16))) as u8;
        base / 2 + base * u32::from(jitter) / 255
    }
}

/// Writes of one request.
pub(super) struct Parcel<W> {
    pub(super) sendings: Vec<Sending<W>>,
    /// The write units that they are expected to consume, and that are charged for them.
    pub(super) units: f64,
}

/// The answer to a request.
pub(super) enum Answer<W> {
    Batch(Parcel<W>, Result<BatchWritten, CallError>),
    Single(Parcel<W>, Result<Written, CallError>),
}

/// A round in progress.
pub(super) struct Round<W> {
    pub(super) queue: VecDeque<Sending<W>>,
    /// The next parcel, which is charged but not yet paid.
    pub(super) next: Option<Parcel<W>>,
    /// Writes to send again, and when.
    later: Vec<(Instant, Sending<W>)>,
    pub(super) sent: Sent<W>,
    /// Whether a write conflicted.
    pub(super) conflicts: bool,
    /// Since when every write is throttled.
    throttled: Option<Instant>,
}

impl<W: ItemWrite> Round<W> {
    pub(super) fn of(queue: VecDeque<Sending<W>>) -> Self {
        let sent = Sent { outcomes: Vec::new(), unsent: Vec::new(), units: 0.0, halted: false };
        Self { queue, next: None, later: Vec::new(), sent, conflicts: false, throttled: None }
    }

    pub(super) fn record(&mut self, write: W, outcome: Outcome) {
        self.throttled = None;
        self.conflicts |= matches!(outcome, Outcome::NotOurs { .. } | Outcome::Unknown { .. });
        self.sent.outcomes.push((write, outcome));
    }

    /// Whether nothing is left to send, apart from writes to hot keys.
    pub(super) fn is_empty(&self) -> bool {
        self.next.is_none() && self.queue.is_empty() && self.later.is_empty()
    }

    /// Whether throttled writes are still sent again.
    pub(super) fn is_patient(&mut self) -> bool {
        self.throttled.get_or_insert_with(Instant::now).elapsed() < PATIENCE
    }

    /// Sends writes again whose answer was lost. False, and nothing is sent again: it has happened too often.
    pub(super) fn send_lost(&mut self, mut sendings: Vec<Sending<W>>) -> bool {
        let mut patient = true;
        for sending in &mut sendings {
            sending.may_have_landed = true;
            sending.lost_answers += 1;
            patient &= sending.lost_answers <= MOST_LOST_ANSWERS;
        }
        if let Some(first) = sendings.first().filter(|_| patient) {
            // Together, so that a batch stays a batch.
            let due = Instant::now() + first.wait();
            self.later.extend(sendings.into_iter().map(|sending| (due, sending)));
        }
        patient
    }

    /// Sends a contended write again after a wait, or gives it up if it was contended too often.
    pub(super) fn send_contended(&mut self, mut sending: Sending<W>) {
        sending.contentions += 1;
        sending.lost_answers = 0;
        match sending.contentions <= MOST_CONTENTIONS {
            true => self.later.push((Instant::now() + sending.wait(), sending)),
            false => {
                let may_have_landed = sending.may_have_landed;
                self.record(sending.write, Outcome::GivenUp { may_have_landed });
            }
        }
    }

    /// Queues the writes that have waited long enough.
    pub(super) fn queue_due(&mut self) {
        let now = Instant::now();
        for (_, sending) in self.later.extract_if(.., |(due, _)| *due <= now) {
            self.queue.push_front(sending);
        }
    }

    /// How long until the next write has waited long enough; `None` if none waits.
    pub(super) fn due_in(&self) -> Option<Duration> {
        self.later.iter().map(|(due, _)| due.saturating_duration_since(Instant::now())).min()
    }

    /// Drops everything that is not in flight, and `hot`, which waited for hot keys. Gives back the charged units.
    pub(super) fn halt(&mut self, hot: impl Iterator<Item = Sending<W>>) -> f64 {
        let parcel = self.next.take();
        let charged = parcel.as_ref().map_or(0.0, |parcel| parcel.units);
        let left = parcel.into_iter().flat_map(|parcel| parcel.sendings);
        let left = left.chain(self.queue.drain(..)).chain(self.later.drain(..).map(|(_, sending)| sending)).chain(hot);
        for sending in left {
            self.sent.halted = true;
            if !sending.may_have_landed {
                self.sent.unsent.push(sending.write);
            }
        }
        charged
    }
}
