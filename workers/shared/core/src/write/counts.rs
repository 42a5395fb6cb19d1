//! What workers count. Every item that is scanned is in exactly one of the counts that follow it.

use crate::control::throttle::Throttles;
use crate::item::value::Item;
use crate::plan::phase::Phase;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Items, by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Items read.
    pub scanned: u64,
    /// Items changed by the run (or, in a dry run, that would be).
    pub changed: u64,
    /// Items that were as the migration leaves them before the run came to them, as far as they were looked at: the
    /// writing leaves most of them to DynamoDB's filter, and counts them as not matched.
    pub already_done: u64,
    /// Items for which `where` is false, as far as they were not looked at more closely, and items that the application
    /// deleted in the meantime. The writing leaves most of them to DynamoDB's filter; only the verification tells which
    /// of them are already done.
    pub not_matched: u64,
    /// Items given up because the application kept changing them.
    pub conflicts: u64,
    /// Items that match and cannot be changed.
    pub invalid: u64,
    /// Items in the old shape that the verification found.
    pub late: u64,
}

impl Counts {
    /// Whether every scanned item is accounted for.
    pub fn balance(&self) -> bool {
        self.scanned == self.changed + self.already_done + self.not_matched + self.conflicts + self.invalid + self.late
    }

    /// The counts by name, as in the report.
    pub fn by_name(&self) -> BTreeMap<String, u64> {
        let counts = serde_json::to_value(self).unwrap_or_default();
        serde_json::from_value(counts).unwrap_or_default()
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.scanned += other.scanned;
        self.changed += other.changed;
        self.already_done += other.already_done;
        self.not_matched += other.not_matched;
        self.conflicts += other.conflicts;
        self.invalid += other.invalid;
        self.late += other.late;
    }
}

/// What a phase counts of the journal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JournalCounts {
    /// Entries written to the journal.
    pub journaled: u64,
    /// Entries whose write did not happen, because its condition failed.
    pub not_written: u64,
    /// Items that are as the run left them.
    pub as_written: u64,
    /// Journaled items that the application changed since.
    pub changed_since: u64,
    /// Journaled items that the application deleted since.
    pub gone: u64,
    /// Items as the run left them for which `check` does not hold.
    pub check_failed: u64,
    /// Items put back.
    pub restored: u64,
    /// Items that were as before already.
    pub already_restored: u64,
    /// Items that the application changed since the run, left as they are.
    pub spared: u64,
}

impl std::ops::AddAssign for JournalCounts {
    fn add_assign(&mut self, other: Self) {
        self.journaled += other.journaled;
        self.not_written += other.not_written;
        self.as_written += other.as_written;
        self.changed_since += other.changed_since;
        self.gone += other.gone;
        self.check_failed += other.check_failed;
        self.restored += other.restored;
        self.already_restored += other.already_restored;
        self.spared += other.spared;
    }
}

/// Capacity units consumed or estimated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Units {
    /// Read units.
    pub read: f64,
    /// Write units.
    pub write: f64,
}

impl std::ops::AddAssign for Units {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.write += other.write;
    }
}

/// An item as an example of what a migration does: for people who review a dry run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The item's key attributes.
    pub key: Item,
    /// The touched attributes before; null where one is missing.
    pub before: crate::change::footprint::Image,
    /// The touched attributes after.
    pub after: crate::change::footprint::Image,
}

/// An item that a person should look at, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The item's key attributes.
    pub key: Item,
    /// Why it is listed; never holds an attribute's value.
    pub reason: String,
}

/// How many samples and findings of each kind a partial result and a report hold; all findings are in `dead-letters/`.
pub const MAX_EXAMPLES: usize = 20;

/// What one worker's child did in one phase: the counts of a whole segment or export file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// Items, by what became of them.
    pub counts: Counts,
    /// What was counted of the journal.
    pub journal: JournalCounts,
    /// Units consumed.
    pub units: Units,
    /// Write units that the changes cost, by the items' sizes.
    pub change_units: u64,
    /// Conditional writes that failed and were tried again with the item as it then was.
    pub retries: u64,
    /// Requests to the table that were throttled, by reason.
    pub throttles: Throttles,
    /// Examples of changes.
    pub samples: Vec<Sample>,
    /// Items that a person should look at.
    pub findings: Vec<Finding>,
}

impl Tally {
    /// Adds another tally, keeping at most [`MAX_EXAMPLES`] examples of each kind.
    pub fn add(&mut self, other: Tally) {
        self.counts += other.counts;
        self.journal += other.journal;
        self.units += other.units;
        self.change_units += other.change_units;
        self.retries += other.retries;
        self.throttles += other.throttles;
        extend(&mut self.samples, other.samples);
        extend(&mut self.findings, other.findings);
    }

    /// Adds a sample if there is room.
    pub fn add_sample(&mut self, sample: impl FnOnce() -> Sample) {
        if self.samples.len() < MAX_EXAMPLES {
            self.samples.push(sample());
        }
    }

    /// Adds a finding. A page's tally holds all of its findings, for the dead letters; sums hold some.
    pub fn add_finding(&mut self, key: Item, reason: impl Into<String>) {
        self.findings.push(Finding { key, reason: reason.into() });
    }
}

fn extend<T>(list: &mut Vec<T>, more: Vec<T>) {
    let room = MAX_EXAMPLES.saturating_sub(list.len());
    list.extend(more.into_iter().take(room));
}

/// The result of one child of a Map, in `runs/<run>/<phase>/<part>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Partial {
    /// The phase.
    pub phase: Phase,
    /// The segment or export file.
    pub part: String,
    /// Whether the part is done; a part that is not has more to come.
    pub done: bool,
    /// What it did.
    pub tally: Tally,
}
