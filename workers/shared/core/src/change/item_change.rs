//! The change of one item: touched attributes before and after, and everything that was read to decide it.

use crate::change::footprint::{Footprint, Image};
use crate::item::value::{Item, Value, item_bytes, value_bytes, write_units};
use std::sync::Arc;

/// A change of one item: the touched top-level attributes before and after, and what else was read to decide it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    footprint: Arc<Footprint>,
    /// The guarded attributes as they were read, in the order of their names.
    read: Vec<Option<Value>>,
    /// The touched attributes after, in the order of their names; `None` where one stays as it was read.
    after: Vec<Option<After>>,
    /// The item's size before and after the change, in bytes.
    pub bytes: (usize, usize),
}

/// What a change does to a touched attribute.
#[derive(Debug, Clone, PartialEq)]
enum After {
    Removed,
    Set(Value),
}

impl After {
    fn value(&self) -> Option<&Value> {
        match self {
            Self::Removed => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl Change {
    /// The change from an item as it was read to `changed`, or `None` if no touched attribute differs. `changed` must hold
    /// the touched attributes; it may leave out all others.
    pub fn between(read: &Item, mut changed: Item, footprint: &Arc<Footprint>) -> Option<Self> {
        let read_only = footprint.guarded.difference(&footprint.touched);
        changed.extend(read_only.filter_map(|name| read.get_key_value(name)).map(|(n, v)| (n.clone(), v.clone())));
        Self::of(footprint.before(read), changed, item_bytes(read), footprint)
    }

    /// The change from an item with these touched attributes [before](Footprint::before) and this size in bytes to
    /// `changed`, or `None` if no touched attribute differs. `changed` must hold the guarded attributes; it may leave out
    /// all others.
    pub fn of(before: Vec<Option<Value>>, mut changed: Item, bytes: usize, footprint: &Arc<Footprint>) -> Option<Self> {
        let now = footprint.touched.iter().map(|name| changed.get(name));
        if before.iter().map(Option::as_ref).eq(now) {
            return None;
        }
        let (mut less, mut more) = (0, 0);
        let mut after = Vec::with_capacity(before.len());
        for (name, was) in footprint.touched.iter().zip(&before) {
            let is = changed.remove(name);
            let size = |value: &Option<Value>| value.as_ref().map_or(0, |value| name.len() + value_bytes(value));
            (less, more) = (less + size(was), more + size(&is));
            after.push(match is {
                is if is == *was => None,
                Some(value) => Some(After::Set(value)),
                None => Some(After::Removed),
            });
        }
        let mut touched = footprint.places.iter().zip(before).peekable();
        let read = footprint.guarded.iter().enumerate().map(|(at, name)| {
            let before = touched.next_if(|(place, _)| **place == at);
            before.map_or_else(|| changed.remove(name), |(_, before)| before)
        });
        Some(Self {
            read: read.collect(),
            footprint: Arc::clone(footprint),
            after,
            bytes: (bytes, bytes - less + more),
        })
    }

    /// Every guarded attribute as it was read. A write's condition requires that these values are still the same.
    pub fn guard(&self) -> impl Iterator<Item = (&String, Option<&Value>)> + Clone {
        self.footprint.guarded.iter().zip(self.read.iter().map(Option::as_ref))
    }

    /// Every touched attribute before the change.
    pub fn before(&self) -> impl ExactSizeIterator<Item = (&String, Option<&Value>)> {
        let before = self.footprint.places.iter().map(|place| self.read[*place].as_ref());
        self.footprint.touched.iter().zip(before)
    }

    /// Every touched attribute after the change.
    pub fn after(&self) -> impl ExactSizeIterator<Item = (&String, Option<&Value>)> {
        let after = self.after.iter().zip(&self.footprint.places).map(|(after, place)| match after {
            Some(after) => after.value(),
            None => self.read[*place].as_ref(),
        });
        self.footprint.touched.iter().zip(after)
    }

    /// The after-image: every touched attribute after the change, by name.
    pub fn image_after(&self) -> Image {
        self.after().map(|(name, value)| (name.clone(), value.cloned())).collect()
    }

    /// The attributes that the update sets (`Some`) or removes (`None`).
    pub fn delta(&self) -> impl Iterator<Item = (&String, Option<&Value>)> + Clone {
        let differing = self.footprint.touched.iter().zip(&self.after);
        differing.filter_map(|(name, after)| Some((name, after.as_ref()?.value())))
    }

    /// A copy of the item as the update leaves it. Only the [`delta`](Self::delta) is applied.
    pub fn applied_to(&self, item: &Item) -> Item {
        let mut item = item.clone();
        for (name, value) in self.delta() {
            match value {
                Some(value) => drop(item.insert(name.clone(), value.clone())),
                None => drop(item.remove(name)),
            }
        }
        item
    }

    /// Whether the item's touched attributes already are as this change leaves them.
    pub fn is_applied(&self, item: &Item) -> bool {
        self.after().all(|(name, value)| item.get(name) == value)
    }

    /// The write units that the update costs in the table itself, without indexes and replicas.
    pub fn write_units(&self) -> u64 {
        write_units(self.bytes.0, self.bytes.1)
    }
}
