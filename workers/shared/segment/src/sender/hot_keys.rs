//! Partition keys that DynamoDB throttles on their own: their writes wait, each key at its own pace, while all other
//! writes continue.
//!
//! A partition serves a thousand write units a second, and all items of a partition key may be in one partition. The
//! rate that such a key can take is not known: it is halved after a throttle and grows back a little every second.
//! Source: DynamoDB developer guide, "Designing partition keys to distribute your workload".

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tableshift_core::item::value::Value;

use super::item_write::ItemWrite;
use super::round::Sending;
use crate::pacer::Pacer;

/// The most hot keys at a time. If more keys are throttled, their whole key range is hot.
const MOST_KEYS: usize = 8;
/// The most writes, and bytes of their items, that may wait while other pages are begun.
const MOST_WAITING: (usize, usize) = (4096, 4 * 1024 * 1024);

/// The hot partition keys, and the writes that wait for them.
pub(super) struct HotKeys<W> {
    /// The name of the table's partition key.
    name: String,
    keys: BTreeMap<Value, HotKey<W>>,
    /// How many writes wait, and the bytes of their items.
    waiting: (usize, usize),
}

struct HotKey<W> {
    pacer: Pacer,
    waiting: VecDeque<Sending<W>>,
}

impl<W: ItemWrite> HotKeys<W> {
    /// No hot key yet, for a table whose partition key has this name.
    pub(super) fn of(name: &str) -> Self {
        Self { name: name.to_owned(), keys: BTreeMap::new(), waiting: (0, 0) }
    }

    /// Whether no write waits.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.0 == 0
    }

    /// Whether other writes may continue although some wait.
    pub(super) fn have_room(&self) -> bool {
        self.waiting.0 <= MOST_WAITING.0 && self.waiting.1 <= MOST_WAITING.1
    }

    /// Queues a write if its key is hot, and gives it back otherwise.
    pub(super) fn queue_if_hot(&mut self, sending: Sending<W>) -> Option<Sending<W>> {
        let Some(hot) = sending.write.key().get(&self.name).and_then(|key| self.keys.get_mut(key)) else {
            return Some(sending);
        };
        self.waiting = (self.waiting.0 + 1, self.waiting.1 + sending.write.bytes());
        match sending.write.is_fresh() {
            false => hot.waiting.push_back(sending),
            true => hot.waiting.push_front(sending),
        }
        None
    }

    /// Queues a throttled write, and treats its key as hot from now on. Gives it back if too many keys are hot already:
    /// then the cause is not its key.
    pub(super) fn queue_throttled(&mut self, sending: Sending<W>) -> Option<Sending<W>> {
        let Some(key) = sending.write.key().get(&self.name) else { return Some(sending) };
        if !self.keys.contains_key(key) && self.keys.len() >= MOST_KEYS {
            return Some(sending);
        }
        let hot = self.keys.entry(key.clone()).or_insert_with(|| {
            let pacer = Pacer::unlimited();
            pacer.charge(sending.write.units());
            HotKey { pacer, waiting: VecDeque::new() }
        });
        hot.pacer.throttle();
        self.waiting = (self.waiting.0 + 1, self.waiting.1 + sending.write.bytes());
        hot.waiting.push_front(sending);
        None
    }

    /// The next write that its key's pace permits now.
    pub(super) fn take_due(&mut self) -> Option<Sending<W>> {
        let mut hot = self.keys.values_mut().filter(|hot| !hot.waiting.is_empty());
        let hot = hot.find(|hot| hot.pacer.wait().is_zero())?;
        let sending = hot.waiting.pop_front()?;
        hot.pacer.charge(sending.write.units());
        self.waiting = (self.waiting.0 - 1, self.waiting.1 - sending.write.bytes());
        Some(sending)
    }

    /// How long until a write is due; `None` if no write waits.
    pub(super) fn wait(&self) -> Option<Duration> {
        let waiting = self.keys.values().filter(|hot| !hot.waiting.is_empty());
        waiting.map(|hot| hot.pacer.wait()).min()
    }

    /// Takes the waiting writes away.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Sending<W>> {
        self.waiting = (0, 0);
        self.keys.values_mut().flat_map(|hot| hot.waiting.drain(..))
    }

    /// Forgets the keys that have not been throttled for long, so that their writes are sent like all others.
    pub(super) fn forget_cold(&mut self) {
        self.keys.retain(|_, hot| !hot.waiting.is_empty() || !hot.pacer.wait().is_zero() || hot.pacer.rate().is_some());
    }
}
