//! Undoing journaled writes, one item at a time.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt as _;
use tableshift_aws::CallError;
use tableshift_aws::Cause;
use tableshift_aws::dynamodb::update::{UpdateItem, Written};
use tableshift_core::control::throttle::Throttles;
use tableshift_core::item::value::Item;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::write::counts::Tally;
use tableshift_core::write::journal::Entry;
use tableshift_core::write::update::Update;
use tableshift_runtime::Deadline;
use tableshift_segment::paced::Pacer;
use tokio::time::Instant;

use crate::Error;

/// Writes in flight at a time.
const IN_FLIGHT: usize = 32;
/// Before the deadline, in time to save: no write begins after this.
const STOP_WRITING: Duration = Duration::from_secs(10);
/// How long an item is tried to be put back while every attempt is throttled.
const PATIENCE: Duration = Duration::from_secs(60);
/// The least wait after a throttled write.
const AFTER_THROTTLE: Duration = Duration::from_millis(200);
/// Write units that an undo is expected to consume before it is known: the size of the item is not in the journal.
const EXPECTED_UNITS: f64 = 1.0;

/// Undoes the writes of one segment.
pub(crate) struct Undo<'u, T> {
    items: &'u T,
    pacer: Pacer,
    keys: Vec<String>,
    segment: u32,
    deadline: Deadline,
    /// Throttles since they were counted last.
    throttles: Cell<Throttles>,
}

/// What became of an item.
enum Undone {
    Restored { units: f64 },
    AlreadyBack,
    Spared,
    Gone,
    Refused(String),
    OutOfTime,
}

impl<'u, T: UpdateItem> Undo<'u, T> {
    pub(crate) fn new(items: &'u T, plan: &RunPlan, segment: u32, deadline: Deadline) -> Self {
        Self {
            items,
            pacer: Pacer::new(None),
            keys: plan.table.keys.clone(),
            segment,
            deadline,
            throttles: Cell::default(),
        }
    }

    /// Keeps to so many write units a second from now on.
    pub(crate) fn set_rate(&self, units_per_second: Option<f64>) {
        self.pacer.set_rate(units_per_second);
    }

    /// Undoes items that have one entry each. False: time ran out, and they are to be gone through again.
    pub(crate) async fn single(&self, entries: impl Iterator<Item = Entry>, tally: &mut Tally) -> Result<bool, Error> {
        self.all(entries.map(|entry| vec![entry]), tally).await
    }

    /// Undoes items that have several entries each, the latest first.
    pub(crate) async fn repeated(&self, entries: &[Entry], tally: &mut Tally) -> Result<bool, Error> {
        let mut by_key: BTreeMap<&Item, Vec<Entry>> = BTreeMap::new();
        for entry in entries {
            by_key.entry(&entry.key).or_default().push(entry.clone());
        }
        let latest_first = by_key.into_values().map(|mut entries| {
            entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
            entries
        });
        self.all(latest_first, tally).await
    }

    async fn all(&self, items: impl Iterator<Item = Vec<Entry>>, tally: &mut Tally) -> Result<bool, Error> {
        let undone = futures::stream::iter(items).map(|entries| self.one(entries));
        let mut undone = undone.buffer_unordered(IN_FLIGHT);
        let mut in_time = true;
        while let Some(result) = undone.next().await {
            let (key, undone) = result?;
            in_time &= count(key, undone, tally);
        }
        tally.throttles += self.throttles.take();
        Ok(in_time)
    }

    /// Tries an item's entries, the latest first, until one is what the item still is.
    async fn one(&self, entries: Vec<Entry>) -> Result<(Item, Undone), Error> {
        let key = entries[0].key.clone();
        let mut undone = Undone::Spared;
        for entry in &entries {
            let written = self.update(&key, &Update::that_restores(entry, &self.keys)).await;
            undone = match written.map_err(|source| Error::Table { segment: self.segment, source })? {
                None => return Ok((key, Undone::OutOfTime)),
                Some(Written::Done { units }) => return Ok((key, Undone::Restored { units })),
                Some(Written::Refused { message }) => return Ok((key, Undone::Refused(message))),
                Some(Written::Conflict { item: None }) => return Ok((key, Undone::Gone)),
                Some(Written::Conflict { item: Some(item) }) => {
                    if entries.iter().any(|entry| entry.is_as_before(&item)) {
                        Undone::AlreadyBack
                    } else {
                        Undone::Spared
                    }
                }
            };
        }
        Ok((key, undone))
    }

    /// Sends an update when its wave has come, again after a throttle. `None`: time ran out first.
    async fn update(&self, key: &Item, update: &Update) -> Result<Option<Written>, CallError> {
        let begun = Instant::now();
        loop {
            let time_left = self.deadline.remaining().saturating_sub(STOP_WRITING);
            if !self.pacer.wave(EXPECTED_UNITS, time_left).await {
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
                        self.pacer.settle(units - EXPECTED_UNITS);
                    }
                    return Ok(Some(written));
                }
            }
        }
    }
}

/// Counts what became of an item; false if nothing did, for want of time.
fn count(key: Item, undone: Undone, tally: &mut Tally) -> bool {
    tally.counts.scanned += 1;
    match undone {
        Undone::Restored { units } => {
            tally.journal.restored += 1;
            tally.units.write += units;
        }
        Undone::AlreadyBack => tally.journal.already_restored += 1,
        Undone::Gone => tally.journal.gone += 1,
        Undone::Spared => {
            tally.journal.spared += 1;
            tally.add_finding(key, "the application changed it since the run; it is left as it is");
        }
        Undone::Refused(message) => {
            tally.counts.invalid += 1;
            tally.add_finding(key, format!("DynamoDB refused to put it back: {message}"));
        }
        Undone::OutOfTime => return false,
    }
    true
}
