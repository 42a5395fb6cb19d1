//! Partition keys that DynamoDB throttles by themselves: their items wait at a pace of their own, and all others go on.
//!
//! A partition gives a thousand write units a second, and the items of one partition key may all be in one. What such a
//! key takes is found by asking: its rate is halved when it is throttled and grows back a little every second.
//! Source: DynamoDB developer guide, "Designing partition keys to distribute your workload".

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tableshift_aws::paced::Pacer;
use tableshift_core::value::Value;

use crate::sender::Waiting;

/// So many keys are hot by themselves at a time; if it is more, it is the key range that is hot.
const FEW: usize = 8;

/// The partition keys that are throttled by themselves.
#[derive(Default)]
pub(crate) struct HotKeys(BTreeMap<Value, HotKey>);

struct HotKey {
    pacer: Pacer,
    waiting: VecDeque<Waiting>,
}

impl HotKeys {
    /// Takes up a write whose key is hot, to wait for its turn among those of its key. Gives back any other.
    pub(crate) fn hold(&mut self, write: Waiting) -> Option<Waiting> {
        let Some(hot) = write.partition().and_then(|key| self.0.get_mut(key)) else { return Some(write) };
        hot.waiting.push_back(write);
        None
    }

    /// Takes up a write that was throttled. Gives it back if too many keys are hot already: then it is not its key.
    pub(crate) fn throttled(&mut self, write: Waiting) -> Option<Waiting> {
        let Some(key) = write.partition() else { return Some(write) };
        if !self.0.contains_key(key) && self.0.len() >= FEW {
            return Some(write);
        }
        let hot = self.0.entry(key.clone()).or_insert_with(|| {
            let pacer = Pacer::new(None);
            pacer.settle(write.units());
            HotKey { pacer, waiting: VecDeque::new() }
        });
        hot.pacer.throttle();
        hot.waiting.push_front(write);
        None
    }

    /// A write whose turn among those of its key has come.
    pub(crate) fn due(&mut self) -> Option<Waiting> {
        let mut hot = self.0.values_mut().filter(|hot| !hot.waiting.is_empty());
        let hot = hot.find(|hot| hot.pacer.wait().is_zero())?;
        let write = hot.waiting.pop_front()?;
        hot.pacer.settle(write.units());
        Some(write)
    }

    /// How long until a turn comes; none if no write waits.
    pub(crate) fn wait(&self) -> Option<Duration> {
        let waiting = self.0.values().filter(|hot| !hot.waiting.is_empty());
        waiting.map(|hot| hot.pacer.wait()).min()
    }

    /// Forgets the writes that wait.
    pub(crate) fn forget_writes(&mut self) {
        self.0.values_mut().for_each(|hot| hot.waiting.clear());
    }

    /// Forgets the keys that have not been throttled for long.
    pub(crate) fn forget_cold(&mut self) {
        self.0.retain(|_, hot| !hot.waiting.is_empty() || !hot.pacer.wait().is_zero() || hot.pacer.rate().is_some());
    }
}
