//! An index of a segment's journal in memory, with 32 bytes for each item.

use crate::change::footprint::{Image, image};
use crate::item::value::Item;
use crate::write::journal::Entry;
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeSet, HashMap};

/// The first 128 bits of a SHA-256, for a key or an image. Two items of a table do not have the same one by chance.
pub type Fingerprint = u128;

/// The fingerprint of an item's key attributes.
pub fn key_fingerprint(key: &Item) -> Fingerprint {
    fingerprint(&serde_json::to_vec(key).expect("plain data serialises"))
}

/// The fingerprint of an item's touched attributes.
pub fn image_fingerprint(image: &Image) -> Fingerprint {
    fingerprint(&serde_json::to_vec(image).expect("plain data serialises"))
}

/// The fingerprint of an item's entry in a journal object with this name.
pub fn entry_fingerprint(object: &str, key: &Item) -> Fingerprint {
    fingerprint(&serde_json::to_vec(&(object, key)).expect("plain data serialises"))
}

fn fingerprint(bytes: &[u8]) -> Fingerprint {
    let digest = Sha256::digest(bytes);
    u128::from_be_bytes(digest[..16].try_into().expect("a SHA-256 has 32 bytes"))
}

/// The bit of an item's first after-image that says whether the item was read. A flag beside the fingerprint would take
/// another 16 bytes.
const READ: Fingerprint = 1;

/// A segment's journal: for each key, the fingerprints of the after-images that a write of the run may have left.
#[derive(Debug, Default)]
pub struct JournalIndex {
    /// By key, without the bit [`READ`] of the after-image's fingerprint, which has another meaning here.
    single: HashMap<Fingerprint, Fingerprint>,
    more: HashMap<Fingerprint, Vec<Fingerprint>>,
}

/// The state of an item compared with the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemState {
    /// The journal has no entry for the item.
    NotJournaled,
    /// The item is as a write of the run left it.
    AsWritten,
    /// The journal has an entry for the item, but the item differs from its after-image.
    ChangedSince,
}

impl JournalIndex {
    /// Adds an entry.
    pub fn add(&mut self, entry: &Entry) {
        let (key, after) = (key_fingerprint(&entry.key), image_fingerprint(&entry.after) & !READ);
        match self.single.get(&key) {
            None => drop(self.single.insert(key, after)),
            Some(first) if *first & !READ == after => {}
            Some(_) => self.more.entry(key).or_default().push(after),
        }
    }

    /// The number of journaled items.
    pub fn len(&self) -> u64 {
        self.single.len() as u64
    }

    /// Whether nothing is journaled.
    pub fn is_empty(&self) -> bool {
        self.single.is_empty()
    }

    /// Whether an item with this key is journaled.
    pub fn contains(&self, key: &Item) -> bool {
        !self.is_empty() && self.single.contains_key(&key_fingerprint(key))
    }

    /// Removes an item.
    pub fn remove(&mut self, key: &Item) {
        let key = key_fingerprint(key);
        self.single.remove(&key);
        self.more.remove(&key);
    }

    /// The state of an item, given its key and the names of the touched attributes.
    pub fn state_of(&self, key: &Item, item: &Item, touched: &BTreeSet<String>) -> ItemState {
        let key = key_fingerprint(key);
        let Some(first) = self.single.get(&key) else { return ItemState::NotJournaled };
        let now = image_fingerprint(&image(item, touched)) & !READ;
        let others = self.more.get(&key).into_iter().flatten();
        match std::iter::once(first).chain(others).any(|after| *after & !READ == now) {
            true => ItemState::AsWritten,
            false => ItemState::ChangedSince,
        }
    }
}

/// Which items were read.
impl JournalIndex {
    /// Marks an item as read.
    pub fn mark_read(&mut self, key: &Item) {
        if let Some(first) = self.single.get_mut(&key_fingerprint(key)) {
            *first |= READ;
        }
    }

    /// The number of journaled items that are not marked as read.
    pub fn unread(&self) -> u64 {
        self.single.values().filter(|first| **first & READ == 0).count() as u64
    }

    /// The keys of the unread items in order, at most this many.
    pub fn first_unread(&self, most: usize) -> BTreeSet<Fingerprint> {
        let mut unread = BTreeSet::new();
        for (key, _) in self.single.iter().filter(|(_, first)| **first & READ == 0) {
            unread.insert(*key);
            if unread.len() > most {
                unread.pop_last();
            }
        }
        unread
    }

    /// Which items are read: a bit for each item in the order of the keys, as hexadecimal digits. It means the same for
    /// another index of the same journal.
    pub fn read_marks(&self) -> String {
        let mut marks = Vec::with_capacity(self.single.len().div_ceil(4));
        for four in self.keys_in_order().chunks(4) {
            let bits = four.iter().enumerate().map(|(at, key)| u32::from(self.single[key] & READ == READ) << at);
            marks.extend(char::from_digit(bits.sum(), 16));
        }
        marks.into_iter().collect()
    }

    /// Marks the items as read that [`read_marks`](Self::read_marks) named.
    pub fn mark_read_again(&mut self, marks: &str) {
        let bits =
            marks.chars().filter_map(|digit| digit.to_digit(16)).flat_map(|four| (0..4).map(move |at| four >> at));
        for (key, bit) in self.keys_in_order().into_iter().zip(bits) {
            if let Some(first) = self.single.get_mut(&key) {
                *first = *first & !READ | Fingerprint::from(bit & 1);
            }
        }
    }

    fn keys_in_order(&self) -> Vec<Fingerprint> {
        let mut keys: Vec<Fingerprint> = self.single.keys().copied().collect();
        keys.sort_unstable();
        keys
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
            read_at: 1,
        }
    }

    #[test]
    fn the_index_distinguishes_written_items_from_items_changed_since() {
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
    fn marks_of_read_items_are_the_same_in_another_index_of_the_journal() {
        let names: Vec<String> = (0..11).map(|at| format!("key {at}")).collect();
        let index = |names: &mut dyn Iterator<Item = &String>| {
            let mut index = JournalIndex::default();
            names.for_each(|name| index.add(&entry(name, "x", "y")));
            index
        };
        let mut first = index(&mut names.iter());
        let read = ["key 2", "key 3", "key 10"].map(|name| entry(name, "", "").key);
        read.iter().for_each(|key| first.mark_read(key));
        assert_eq!((first.unread(), first.read_marks().len()), (8, 3));

        let mut second = index(&mut names.iter().rev());
        second.mark_read(&entry("key 7", "", "").key);
        second.mark_read_again(&first.read_marks());
        assert_eq!(second.first_unread(20), first.first_unread(20));
        assert!(read.iter().all(|key| !second.first_unread(20).contains(&key_fingerprint(key))));
        assert_eq!(second.first_unread(3).into_iter().collect::<Vec<_>>(), {
            let all: Vec<_> = first.first_unread(20).into_iter().collect();
            all[..3].to_vec()
        });
        let touched = BTreeSet::from(["a".to_string()]);
        let item = Item::from([("pk".into(), Value::s("key 2")), ("a".into(), Value::s("y"))]);
        assert_eq!(second.state_of(&read[0], &item, &touched), ItemState::AsWritten);
    }

    #[test]
    fn an_index_is_empty_once_its_items_are_removed() {
        let mut index = JournalIndex::default();
        index.add(&entry("1", "x", "y"));
        index.add(&entry("2", "x", "y"));
        let key = |key: &str| entry(key, "", "").key;
        assert!(index.contains(&key("1")) && !index.contains(&key("3")));
        index.remove(&key("1"));
        assert!(!index.contains(&key("1")) && !index.is_empty());
        index.remove(&key("2"));
        assert!(index.is_empty());
    }
}
