//! What a segment's journal says about an item, in 32 bytes an item.

use crate::change::footprint::{Image, image};
use crate::item::value::Item;
use crate::write::journal::Entry;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeSet, HashMap, HashSet};

/// 128 bits that stand for a key or an image: enough that no two items of a table share them.
pub type Fingerprint = u128;

/// The fingerprint of a key.
pub fn key_fingerprint(key: &Item) -> Fingerprint {
    fingerprint(&serde_json::to_vec(key).expect("plain data serialises"))
}

/// The fingerprint of an image.
pub fn image_fingerprint(image: &Image) -> Fingerprint {
    fingerprint(&serde_json::to_vec(image).expect("plain data serialises"))
}

fn fingerprint(bytes: &[u8]) -> Fingerprint {
    let digest = Sha256::digest(bytes);
    u128::from_be_bytes(digest[..16].try_into().expect("a SHA-256 has 32 bytes"))
}

/// What a segment's journal says, held in 32 bytes an item: for each key, the images that a write may have left.
#[derive(Debug, Default)]
pub struct JournalIndex {
    single: HashMap<Fingerprint, Fingerprint>,
    more: HashMap<Fingerprint, Vec<Fingerprint>>,
}

/// What an item is, compared with the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemState {
    /// No write of the run concerns it.
    NotJournaled,
    /// It is as a write of the run left it.
    AsWritten,
    /// A write of the run was journaled, and the item is otherwise now.
    ChangedSince,
}

impl JournalIndex {
    /// Takes an entry in.
    pub fn add(&mut self, entry: &Entry) {
        let (key, after) = (key_fingerprint(&entry.key), image_fingerprint(&entry.after));
        match self.single.get(&key) {
            None => drop(self.single.insert(key, after)),
            Some(first) if *first == after => {}
            Some(_) => self.more.entry(key).or_default().push(after),
        }
    }

    /// How many items are journaled.
    pub fn len(&self) -> u64 {
        self.single.len() as u64
    }

    /// Whether nothing is journaled.
    pub fn is_empty(&self) -> bool {
        self.single.is_empty()
    }

    /// Whether no items but these are journaled.
    pub fn holds_only<'k>(&self, keys: impl Iterator<Item = &'k Item>) -> bool {
        let held: HashSet<Fingerprint> =
            keys.map(key_fingerprint).filter(|key| self.single.contains_key(key)).collect();
        held.len() == self.single.len()
    }

    /// Takes an item out.
    pub fn remove(&mut self, key: &Item) {
        let key = key_fingerprint(key);
        self.single.remove(&key);
        self.more.remove(&key);
    }

    /// What an item is, given its key and the migration's touched attributes.
    pub fn state_of(&self, key: &Item, item: &Item, touched: &BTreeSet<String>) -> ItemState {
        let key = key_fingerprint(key);
        let Some(first) = self.single.get(&key) else { return ItemState::NotJournaled };
        let now = image_fingerprint(&image(item, touched));
        let others = self.more.get(&key).into_iter().flatten();
        match std::iter::once(first).chain(others).any(|after| *after == now) {
            true => ItemState::AsWritten,
            false => ItemState::ChangedSince,
        }
    }
}

/// The keys that have more than one entry in a segment's journal: they are undone together, latest entry first.
#[derive(Debug, Default)]
pub struct RepeatedKeys {
    seen: HashSet<Fingerprint>,
    repeated: HashSet<Fingerprint>,
}

impl RepeatedKeys {
    /// Takes an entry's key in.
    pub fn add(&mut self, key: &Item) {
        let key = key_fingerprint(key);
        if !self.seen.insert(key) {
            self.repeated.insert(key);
        }
    }

    /// Whether this key has several entries.
    pub fn contains(&self, key: &Item) -> bool {
        !self.repeated.is_empty() && self.repeated.contains(&key_fingerprint(key))
    }

    /// Whether any key has several entries.
    pub fn any(&self) -> bool {
        !self.repeated.is_empty()
    }

    /// How many items are journaled.
    pub fn keys(&self) -> u64 {
        self.seen.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::value::Value;

    fn entry(key: &str, before: &str, after: &str) -> Entry {
        Entry {
            key: Item::from([("pk".into(), Value::s(key))]),
            before: Image::from([("a".into(), Some(Value::s(before)))]),
            after: Image::from([("a".into(), Some(Value::s(after)))]),
            at: 1,
        }
    }

    #[test]
    fn the_index_tells_what_was_written_from_what_changed_since() {
        let mut index = JournalIndex::default();
        index.add(&entry("1", "x", "y"));
        index.add(&entry("1", "w", "z"));
        let touched = BTreeSet::from(["a".to_string()]);
        let item = |a: &str| Item::from([("pk".into(), Value::s("1")), ("a".into(), Value::s(a))]);
        let key = Item::from([("pk".into(), Value::s("1"))]);
        assert_eq!(index.len(), 1);
        assert_eq!(index.state_of(&key, &item("y"), &touched), ItemState::AsWritten);
        assert_eq!(index.state_of(&key, &item("z"), &touched), ItemState::AsWritten);
        assert_eq!(index.state_of(&key, &item("x"), &touched), ItemState::ChangedSince);
        assert_eq!(index.state_of(&Item::new(), &item("x"), &touched), ItemState::NotJournaled);
    }

    #[test]
    fn an_index_empties_as_its_items_are_seen() {
        let mut index = JournalIndex::default();
        index.add(&entry("1", "x", "y"));
        index.add(&entry("2", "x", "y"));
        let key = |key: &str| entry(key, "", "").key;
        assert!(!index.holds_only([key("1"), key("3")].iter()));
        index.remove(&key("1"));
        assert!(index.holds_only([key("2")].iter()) && !index.is_empty());
    }

    #[test]
    fn keys_with_several_entries_are_found() {
        let mut repeats = RepeatedKeys::default();
        for key in ["1", "2", "1"] {
            repeats.add(&entry(key, "", "").key);
        }
        assert!(repeats.contains(&entry("1", "", "").key) && !repeats.contains(&entry("2", "", "").key));
        assert_eq!(repeats.keys(), 2);
    }
}
