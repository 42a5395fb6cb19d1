//! Reading the journaled items that the scan did not see, one by one: each is judged like a scanned item, or gone.
//!
//! The index has no keys, only their fingerprints. So the journal is read once more for the keys of as many items as memory
//! allows, in the order of their fingerprints, and again if there are more.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::error::CallError;
use tableshift_aws::run_files::RunFileError;
use tableshift_core::item::value::{Item, read_units};
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::write::journal_index::{Fingerprint, key_fingerprint};
use tableshift_segment::item_reader::ItemReader;
use tableshift_segment::journal::Journal;
use tableshift_segment::part::Part;

/// The most keys in memory. A key has at most 3 KB. Source: DynamoDB developer guide, "Quotas", key attributes.
pub(crate) const MOST_KEYS: usize = 4096;
/// The most items of a piece. After each, the checkpoint is saved.
const MOST_ITEMS: f64 = 256.0;
const READS_IN_FLIGHT: usize = 16;
/// A piece consumes at most the units of this many seconds: at a low rate, a large one would outlast the invocation.
const PIECE_SECONDS: f64 = 1.0;
/// How long an item is read again while every attempt is throttled.
const PATIENCE: Duration = Duration::from_secs(60);

/// The next unread items, and the reader that reads them at a pace.
pub(crate) struct Unread {
    keys: Vec<Item>,
    reader: ItemReader,
    /// The read units of an item: the average of the table, and then of the latest piece.
    item_units: f64,
}

/// An item's key, what a consistent read found, and its read units.
pub(crate) type Found = (Item, Option<Item>, f64);

impl Unread {
    pub(crate) fn of(plan: &RunPlan) -> Self {
        let bytes = plan.table.bytes / plan.table.items.max(1);
        Self { keys: Vec::new(), reader: ItemReader::new(PATIENCE), item_units: read_units(bytes as usize) as f64 }
    }

    pub(crate) fn has_keys(&self) -> bool {
        !self.keys.is_empty()
    }

    pub(crate) fn set_keys(&mut self, keys: Vec<Item>) {
        self.keys = keys;
    }

    /// Reads the next items at the part's share of the read units.
    pub(crate) async fn read(&mut self, items: &impl ReadItem, part: &Part<'_>) -> Result<Vec<Found>, CallError> {
        let share = part.read_share();
        let most = share.map_or(MOST_ITEMS, |rate| (rate * PIECE_SECONDS / self.item_units).clamp(1.0, MOST_ITEMS));
        let next = self.keys.drain(..self.keys.len().min(most as usize)).collect::<Vec<_>>();
        let reader = &self.reader;
        let reads = futures::stream::iter(next).map(|key| async move {
            let (found, units) = reader.read(items, &key, part).await?;
            Ok::<Found, CallError>((key, found, units))
        });
        let found: Vec<Found> = reads.buffer_unordered(READS_IN_FLIGHT).try_collect().await?;
        let read_units: f64 = found.iter().map(|(_, _, units)| units).sum();
        self.item_units = (read_units / found.len().max(1) as f64).max(1.0);
        Ok(found)
    }
}

/// The keys that have these fingerprints, from the journal.
pub(crate) async fn keys_of(journal: &Journal<'_>, wanted: &BTreeSet<Fingerprint>) -> Result<Vec<Item>, RunFileError> {
    let mut objects = pin!(journal.entries_of(journal.objects().iter().copied()));
    let mut keys: BTreeMap<Fingerprint, Item> = BTreeMap::new();
    while keys.len() < wanted.len()
        && let Some((_, entries)) = objects.try_next().await?
    {
        let keyed = entries.into_iter().map(|entry| (key_fingerprint(&entry.key), entry.key));
        keys.extend(keyed.filter(|(fingerprint, _)| wanted.contains(fingerprint)));
    }
    Ok(keys.into_values().collect())
}
