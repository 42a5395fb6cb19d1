//! What workers count.

use crate::change::footprint::Image;
use crate::control::contention::Contentions;
use crate::control::throttle::Throttles;
use crate::item::value::Item;
use crate::plan::phase::Phase;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The number of items by outcome. Every scanned item is in exactly one of the other counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Items that were read.
    pub scanned: u64,
    /// Items that the run changed. In a dry run: items that it would change.
    pub changed: u64,
    /// Items that already had the new shape.
    pub already_done: u64,
    /// Other items for which `where` is false, and items that the application deleted in the meantime.
    pub not_matched: u64,
    /// Items that the run gave up on, because the application kept changing them.
    pub conflicts: u64,
    /// Items that match but cannot be changed.
    pub invalid: u64,
    /// Items in the old shape in the verification: the run did not reach them, or old code wrote them later.
    pub late: u64,
}

impl Counts {
    /// Whether the other counts add up to `scanned`.
    pub fn balance(&self) -> bool {
        self.scanned == self.changed + self.already_done + self.not_matched + self.conflicts + self.invalid + self.late
    }

    /// The counts by their names in the report.
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

/// The number of journal entries and journaled items by outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct JournalCounts {
    /// Entries that were written to the journal.
    pub journaled: u64,
    /// Entries whose write did not take effect, because its condition failed or DynamoDB rejected it.
    pub not_written: u64,
    /// Journaled items that are still as the run left them.
    pub as_written: u64,
    /// Journaled items that the application changed since the run wrote them.
    pub changed_since: u64,
    /// Journaled items that the application deleted since the run wrote them: a consistent read found none.
    pub gone: u64,
    /// Items that are as the run left them, but fail the migration's `check`, which reads only attributes that the run
    /// touches.
    pub check_failed: u64,
    /// Items that are as the run left them and fail a `check` that also reads other attributes. The application may have
    /// changed those.
    pub check_unclear: u64,
    /// Items whose before-image was restored.
    pub restored: u64,
    /// Items that were already as in their before-image.
    pub already_restored: u64,
    /// Items that the roll-back left as they are, because the application changed them since the run.
    pub spared: u64,
    /// Items that Migrate counts as changed and that this phase did not find in the journal. Computed for each part, so that
    /// two parts cannot make up for each other. Verify and RollBack have it.
    pub unaccounted: u64,
    /// Journal objects that were stored and are no longer there.
    pub missing_objects: u64,
}

impl std::ops::AddAssign for JournalCounts {
    fn add_assign(&mut self, other: Self) {
        self.journaled += other.journaled;
        self.not_written += other.not_written;
        self.as_written += other.as_written;
        self.changed_since += other.changed_since;
        self.gone += other.gone;
        self.check_failed += other.check_failed;
        self.check_unclear += other.check_unclear;
        self.restored += other.restored;
        self.already_restored += other.already_restored;
        self.spared += other.spared;
        self.unaccounted += other.unaccounted;
        self.missing_objects += other.missing_objects;
    }
}

/// Capacity units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Units {
    /// Read units, in steps of 0.5.
    pub read: f64,
    /// Write units, including those of indexes.
    pub write: f64,
}

impl std::ops::AddAssign for Units {
    fn add_assign(&mut self, other: Self) {
        self.read += other.read;
        self.write += other.write;
    }
}

/// An item as an example of the migration's effect, for people who review a dry run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// The item's key attributes.
    pub key: Item,
    /// The touched attributes before; null where one is missing.
    pub before: Image,
    /// The touched attributes after; null where one is missing.
    pub after: Image,
}

/// A dead letter: an item that a person should look at, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The item's key attributes.
    pub key: Item,
    /// Why it is listed; does not contain attribute values.
    pub reason: String,
}

/// The most samples and findings in a partial result or a report. All findings are in `dead-letters/`.
pub const MAX_EXAMPLES: usize = 20;

/// What a worker did with one part of a phase, or a sum over several parts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tally {
    /// The items by outcome.
    pub counts: Counts,
    /// The journal entries and journaled items by outcome.
    pub journal: JournalCounts,
    /// The capacity units that requests consumed.
    pub units: Units,
    /// The write units of the changes in the table itself, computed from item sizes. A dry run has them too.
    pub change_units: u64,
    /// Writes whose condition failed and that were tried again with the new state of the item.
    pub retries: u64,
    /// The throttled requests to the table, by reason.
    pub throttles: Throttles,
    /// The writes that were rejected because someone else was writing the item, and were sent again later.
    pub contentions: Contentions,
    /// Examples of changes, at most [`MAX_EXAMPLES`].
    pub samples: Vec<Sample>,
    /// Items that a person should look at. Sums contain at most [`MAX_EXAMPLES`].
    pub findings: Vec<Finding>,
    /// The missing journal objects, by sequence within their segment. At most [`MAX_EXAMPLES`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_objects: Vec<String>,
}

impl Tally {
    /// Adds another tally. At most [`MAX_EXAMPLES`] samples and findings are kept.
    pub fn add(&mut self, other: Tally) {
        self.counts += other.counts;
        self.journal += other.journal;
        self.units += other.units;
        self.change_units += other.change_units;
        self.retries += other.retries;
        self.throttles += other.throttles;
        self.contentions += other.contentions;
        extend(&mut self.samples, other.samples);
        extend(&mut self.findings, other.findings);
        extend(&mut self.missing_objects, other.missing_objects);
    }

    /// Adds a sample unless there are [`MAX_EXAMPLES`] already.
    pub fn add_sample(&mut self, sample: impl FnOnce() -> Sample) {
        if self.samples.len() < MAX_EXAMPLES {
            self.samples.push(sample());
        }
    }

    /// Adds a finding without a limit: a page's tally contains all of its findings, for the dead letters.
    pub fn add_finding(&mut self, key: Item, reason: impl Into<String>) {
        self.findings.push(Finding { key, reason: reason.into() });
    }
}

fn extend<T>(list: &mut Vec<T>, more: Vec<T>) {
    let room = MAX_EXAMPLES.saturating_sub(list.len());
    list.extend(more.into_iter().take(room));
}

/// The partial result of one part of a phase, in `runs/<run>/<phase>/<part>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Partial {
    /// The phase that the part belongs to.
    pub phase: Phase,
    /// The name of the segment or export file.
    pub part: String,
    /// Whether the part is done. If not, the tally is incomplete.
    pub done: bool,
    /// What the worker did so far.
    pub tally: Tally,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_and_write_units_add_up_separately() {
        let mut units = Units { read: 0.5, write: 1.0 };
        units += Units { read: 2.5, write: 4.0 };
        assert_eq!(units, Units { read: 3.0, write: 5.0 });
    }
}
