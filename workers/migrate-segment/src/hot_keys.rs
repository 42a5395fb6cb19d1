//! Partition keys that DynamoDB throttles on their own: their writes wait, each key at its own pace, while all other
//! writes continue.
//!
//! A partition serves a thousand write units a second, and all items of a partition key may be in one partition. The
//! rate that such a key can take is not known: it is halved after a throttle and grows back a little every second.
//! Source: DynamoDB developer guide, "Designing partition keys to distribute your workload".

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tableshift_core::item::value::Value;
use tableshift_segment::pacer::Pacer;

use crate::round::Write;

/// The most hot keys at a time. If more keys are throttled, their whole key range is hot.
const MOST_KEYS: usize = 8;
/// The most writes, and bytes of their items, that may wait while other pages are begun.
const MOST_WAITING: (usize, usize) = (4096, 4 * 1024 * 1024);

/// The hot partition keys, and the writes that wait for them.
pub(crate) struct HotKeys {
    /// The name of the table's partition key.
    name: String,
    keys: BTreeMap<Value, HotKey>,
    /// How many writes wait, and the bytes of their items.
    waiting: (usize, usize),
}

struct HotKey {
    pacer: Pacer,
    waiting: VecDeque<Write>,
}

impl HotKeys {
    /// No hot key yet, for a table whose partition key has this name.
    pub(crate) fn of(name: &str) -> Self {
        Self { name: name.to_owned(), keys: BTreeMap::new(), waiting: (0, 0) }
    }

    /// Whether no write waits.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.0 == 0
    }

    /// Whether other writes may continue although some wait.
    pub(crate) fn have_room(&self) -> bool {
        self.waiting.0 <= MOST_WAITING.0 && self.waiting.1 <= MOST_WAITING.1
    }

    /// Queues a write if its key is hot, and gives it back otherwise.
    pub(crate) fn queue_if_hot(&mut self, write: Write) -> Option<Write> {
        let Some(hot) = write.work.key.get(&self.name).and_then(|key| self.keys.get_mut(key)) else {
            return Some(write);
        };
        self.waiting = (self.waiting.0 + 1, self.waiting.1 + write.bytes());
        match write.round {
            0 => hot.waiting.push_back(write),
            // It was just read, and gets stale while it waits.
            _ => hot.waiting.push_front(write),
        }
        None
    }

    /// Queues a throttled write, and treats its key as hot from now on. Gives it back if too many keys are hot already:
    /// then the cause is not its key.
    pub(crate) fn queue_throttled(&mut self, write: Write) -> Option<Write> {
        let Some(key) = write.work.key.get(&self.name) else { return Some(write) };
        if !self.keys.contains_key(key) && self.keys.len() >= MOST_KEYS {
            return Some(write);
        }
        let hot = self.keys.entry(key.clone()).or_insert_with(|| {
            let pacer = Pacer::unlimited();
            pacer.charge(write.units());
            HotKey { pacer, waiting: VecDeque::new() }
        });
        hot.pacer.throttle();
        self.waiting = (self.waiting.0 + 1, self.waiting.1 + write.bytes());
        hot.waiting.push_front(write);
        None
    }

    /// The next write that its key's pace permits now.
    pub(crate) fn take_due(&mut self) -> Option<Write> {
        let mut hot = self.keys.values_mut().filter(|hot| !hot.waiting.is_empty());
        let hot = hot.find(|hot| hot.pacer.wait().is_zero())?;
        let write = hot.waiting.pop_front()?;
        hot.pacer.charge(write.units());
        self.waiting = (self.waiting.0 - 1, self.waiting.1 - write.bytes());
        Some(write)
    }

    /// How long until a write is due; `None` if no write waits.
    pub(crate) fn wait(&self) -> Option<Duration> {
        let waiting = self.keys.values().filter(|hot| !hot.waiting.is_empty());
        waiting.map(|hot| hot.pacer.wait()).min()
    }

    /// Drops the waiting writes.
    pub(crate) fn drop_writes(&mut self) {
        self.keys.values_mut().for_each(|hot| hot.waiting.clear());
        self.waiting = (0, 0);
    }

    /// Forgets the keys that have not been throttled for long, so that their writes are sent like all others.
    pub(crate) fn forget_cold(&mut self) {
        self.keys.retain(|_, hot| !hot.waiting.is_empty() || !hot.pacer.wait().is_zero() || hot.pacer.rate().is_some());
    }
}
