//! Restoring before-images, many items at a time, each by a conditional write.
//!
//! Which entries belong together and in which order is not decided here.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt as _;
use tableshift_aws::dynamodb::update::{UpdateItem, Written};
use tableshift_aws::{CallError, Cause};
use tableshift_core::control::throttle::Throttles;
use tableshift_core::item::value::Item;
use tableshift_core::write::counts::Tally;
use tableshift_core::write::journal::Entry;
use tableshift_core::write::update::Update;
use tableshift_runtime::Deadline;
use tableshift_segment::pacer::Pacer;
use tableshift_segment::work::TIME_TO_SAVE;
use tokio::time::Instant;

use crate::Error;

const WRITES_IN_FLIGHT: usize = 32;
/// How long an item's write is repeated while every attempt is throttled.
const PATIENCE: Duration = Duration::from_secs(60);
/// The shortest wait after a throttled write.
const AFTER_THROTTLE: Duration = Duration::from_millis(200);
/// Write units that a restoring write is expected to consume: the journal does not hold the size of the item.
const EXPECTED_UNITS: f64 = 1.0;

/// Restores items of one table, at one pace.
pub(crate) struct Restorer<T> {
    items: T,
    pacer: Pacer,
    /// The names of the table's key attributes.
    keys: Vec<String>,
    deadline: Deadline,
    /// Throttles since they were last counted.
    throttles: Cell<Throttles>,
}

/// What became of an item.
enum Restored {
    Written {
        units: f64,
    },
    Already,
    /// The application changed it since: it is left as it is.
    Spared,
    Gone,
    Refused(String),
    OutOfTime,
}

impl<T: UpdateItem> Restorer<T> {
    pub(crate) fn new(items: T, keys: Vec<String>, deadline: Deadline) -> Self {
        Self { items, pacer: Pacer::unlimited(), keys, deadline, throttles: Cell::default() }
    }

    /// Changes the rate, in write units a second; `None` for no limit.
    pub(crate) fn set_rate(&self, units_per_second: Option<f64>) {
        self.pacer.set_rate(units_per_second);
    }

    /// Restores items that have one entry each. False: time ran out, and all of them have to be gone through again.
    pub(crate) async fn restore_single(
        &self,
        entries: impl Iterator<Item = Entry>,
        tally: &mut Tally,
    ) -> Result<bool, Error> {
        self.restore_all(entries.map(|entry| vec![entry]), tally).await
    }

    /// Restores items that have several entries each. False: time ran out.
    pub(crate) async fn restore_repeated(&self, entries: &[Entry], tally: &mut Tally) -> Result<bool, Error> {
        let mut by_key: BTreeMap<&Item, Vec<Entry>> = BTreeMap::new();
        for entry in entries {
            by_key.entry(&entry.key).or_default().push(entry.clone());
        }
        let latest_first = by_key.into_values().map(|mut entries| {
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.read_at));
            entries
        });
        self.restore_all(latest_first, tally).await
    }

    async fn restore_all(&self, items: impl Iterator<Item = Vec<Entry>>, tally: &mut Tally) -> Result<bool, Error> {
        let restored = futures::stream::iter(items).map(|entries| self.restore(entries));
        let mut restored = restored.buffer_unordered(WRITES_IN_FLIGHT);
        let mut in_time = true;
        while let Some(result) = restored.next().await {
            let (key, restored) = result?;
            in_time &= count(key, restored, tally);
        }
        tally.throttles += self.throttles.take();
        Ok(in_time)
    }

    /// Tries an item's entries, the latest first, until one of them is what the item still is.
    async fn restore(&self, entries: Vec<Entry>) -> Result<(Item, Restored), Error> {
        let key = entries[0].key.clone();
        let mut restored = Restored::Spared;
        for entry in &entries {
            restored = match self.write(&key, &Update::that_restores(entry, &self.keys)).await? {
                None => return Ok((key, Restored::OutOfTime)),
                Some(Written::Done { units }) => return Ok((key, Restored::Written { units })),
                Some(Written::Refused { message }) => return Ok((key, Restored::Refused(message))),
                Some(Written::Conflict { item: None }) => return Ok((key, Restored::Gone)),
                Some(Written::Conflict { item: Some(item) }) => {
                    match entries.iter().any(|entry| entry.is_as_before(&item)) {
                        true => Restored::Already,
                        false => Restored::Spared,
                    }
                }
            };
        }
        Ok((key, restored))
    }

    /// Sends an update once its expected units are paid, and again after a throttle. `None`: time ran out first.
    async fn write(&self, key: &Item, update: &Update) -> Result<Option<Written>, CallError> {
        let begun = Instant::now();
        loop {
            let time_left = self.deadline.remaining().saturating_sub(TIME_TO_SAVE);
            if !self.pacer.pay(EXPECTED_UNITS, time_left).await {
                return Ok(None);
            }
            match self.items.update(key, update).await {
                Err(error) if error.cause == Cause::Throttled && begun.elapsed() < PATIENCE => {
                    self.pacer.throttle();
                    let mut throttles = self.throttles.get();
                    throttles.count(error.reason);
                    self.throttles.set(throttles);
                    tokio::time::sleep(AFTER_THROTTLE).await;
                }
                Err(error) => return Err(error),
                Ok(written) => {
                    if let Written::Done { units } = &written {
                        self.pacer.charge(units - EXPECTED_UNITS);
                    }
                    return Ok(Some(written));
                }
            }
        }
    }
}

/// Counts what became of an item. False: nothing did, because time ran out.
fn count(key: Item, restored: Restored, tally: &mut Tally) -> bool {
    tally.counts.scanned += 1;
    match restored {
        Restored::Written { units } => {
            tally.journal.restored += 1;
            tally.units.write += units;
        }
        Restored::Already => tally.journal.already_restored += 1,
        Restored::Gone => tally.journal.gone += 1,
        Restored::Spared => {
            tally.journal.spared += 1;
            tally.add_finding(key, "the application changed it since the run; it is left as it is");
        }
        Restored::Refused(message) => {
            tally.counts.invalid += 1;
            tally.add_finding(key, format!("DynamoDB refused to restore it: {message}"));
        }
        Restored::OutOfTime => return false,
    }
    true
}
