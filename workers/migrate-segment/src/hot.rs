//! Partition keys that DynamoDB throttles by themselves: their items wait at a pace of their own, and all others go on.
//!
//! A partition gives a thousand write units a second, and the items of one partition key may all be in one. What such a
//! key takes is found by asking: its rate is halved when it is throttled and grows back a little every second.
//! Source: DynamoDB developer guide, "Designing partition keys to distribute your workload".

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tableshift_core::item::value::Value;
use tableshift_segment::paced::Pacer;

use crate::round::Write;

/// So many keys are hot by themselves at a time; if it is more, it is the key range that is hot.
const FEW: usize = 8;
/// So many writes, and so many bytes of their items, may wait while other pages are begun.
const MOST_WAITING: (usize, usize) = (4096, 4 * 1024 * 1024);

/// The partition keys that are throttled by themselves.
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
    /// None yet, for a table whose partition key has this name.
    pub(crate) fn of(name: &str) -> Self {
        Self { name: name.to_owned(), keys: BTreeMap::new(), waiting: (0, 0) }
    }

    /// Whether no write waits.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.0 == 0
    }

    /// Whether so few writes wait that others need not wait for them.
    pub(crate) fn are_few(&self) -> bool {
        self.waiting.0 <= MOST_WAITING.0 && self.waiting.1 <= MOST_WAITING.1
    }

    /// Takes up a write whose key is hot, to wait for its wave among those of its key. Gives back any other.
    pub(crate) fn hold(&mut self, write: Write) -> Option<Write> {
        let Some(hot) = write.work.key.get(&self.name).and_then(|key| self.keys.get_mut(key)) else {
            return Some(write);
        };
        self.waiting = (self.waiting.0 + 1, self.waiting.1 + write.bytes());
        match write.round {
            0 => hot.waiting.push_back(write),
            // It was just read: the longer it waits, the sooner it is stale again.
            _ => hot.waiting.push_front(write),
        }
        None
    }

    /// Takes up a write that was throttled. Gives it back if too many keys are hot already: then it is not its key.
    pub(crate) fn throttled(&mut self, write: Write) -> Option<Write> {
        let Some(key) = write.work.key.get(&self.name) else { return Some(write) };
        if !self.keys.contains_key(key) && self.keys.len() >= FEW {
            return Some(write);
        }
        let hot = self.keys.entry(key.clone()).or_insert_with(|| {
            let pacer = Pacer::new(None);
            pacer.settle(write.units());
            HotKey { pacer, waiting: VecDeque::new() }
        });
        hot.pacer.throttle();
        self.waiting = (self.waiting.0 + 1, self.waiting.1 + write.bytes());
        hot.waiting.push_front(write);
        None
    }

    /// A write whose wave among those of its key has come.
    pub(crate) fn due(&mut self) -> Option<Write> {
        let mut hot = self.keys.values_mut().filter(|hot| !hot.waiting.is_empty());
        let hot = hot.find(|hot| hot.pacer.wait().is_zero())?;
        let write = hot.waiting.pop_front()?;
        hot.pacer.settle(write.units());
        self.waiting = (self.waiting.0 - 1, self.waiting.1 - write.bytes());
        Some(write)
    }

    /// How long until a wave comes; none if no write waits.
    pub(crate) fn wait(&self) -> Option<Duration> {
        let waiting = self.keys.values().filter(|hot| !hot.waiting.is_empty());
        waiting.map(|hot| hot.pacer.wait()).min()
    }

    /// Forgets the writes that wait.
    pub(crate) fn forget_writes(&mut self) {
        self.keys.values_mut().for_each(|hot| hot.waiting.clear());
        self.waiting = (0, 0);
    }

    /// Forgets the keys that have not been throttled for long.
    pub(crate) fn forget_cold(&mut self) {
        self.keys.retain(|_, hot| !hot.waiting.is_empty() || !hot.pacer.wait().is_zero() || hot.pacer.rate().is_some());
    }
}
