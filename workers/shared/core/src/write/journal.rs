//! The journal: before-images in S3, written before the write that they undo.
//!
//! An object holds one entry a line for one page of one attempt at one segment. An entry says what a write was about to
//! do, not that it happened: the write may have failed its condition, or its worker may have died. Whether it happened
//! shows in the table: the item's touched attributes are as `after` says.

use crate::change::migration::{Change, Image, image};
use crate::item::value::Item;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeSet, HashMap, HashSet};
use thiserror::Error;

/// One write that was about to happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The item's key attributes.
    pub key: Item,
    /// The touched attributes before; null where one was missing.
    pub before: Image,
    /// The touched attributes after.
    pub after: Image,
    /// When the item was read, in epoch milliseconds. Of several entries of one item, the one that was read last undoes
    /// first: an attempt that stood still after it read would otherwise be taken for the one that wrote.
    pub at: i64,
}

/// Why a journal object cannot be read.
#[derive(Debug, Error)]
pub enum JournalError {
    /// A line is no entry.
    #[error("line {line} of a journal object is no entry: the object was altered")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
}

impl Entry {
    /// The entry for a change that is about to be written.
    pub fn of(key: Item, change: &Change, at: i64) -> Self {
        let before = change.before().map(|(name, value)| (name.clone(), value.cloned())).collect();
        Self { key, before, after: change.image_after(), at }
    }

    /// Whether an item's touched attributes are as this entry's write left them.
    pub fn is_as_written(&self, item: &Item) -> bool {
        self.after.iter().all(|(name, value)| item.get(name) == value.as_ref())
    }

    /// Whether an item's touched attributes are as before this entry's write.
    pub fn is_as_before(&self, item: &Item) -> bool {
        self.before.iter().all(|(name, value)| item.get(name) == value.as_ref())
    }
}

/// The content of a journal object for writes to items that were read `at`, in epoch milliseconds: the same as
/// [`encode`] of their [entries](Entry::of), without copying them.
pub fn encode_changes<'c>(changes: impl Iterator<Item = (&'c Item, &'c Change)>, at: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (key, change) in changes {
        let line = Line { key, before: Before(change), after: After(change), at };
        serde_json::to_writer(&mut bytes, &line).expect("plain data serialises");
        bytes.push(b'\n');
    }
    bytes
}

/// An entry that borrows.
#[derive(Serialize)]
struct Line<'c> {
    key: &'c Item,
    before: Before<'c>,
    after: After<'c>,
    at: i64,
}

/// The touched attributes before a change.
struct Before<'c>(&'c Change);

impl Serialize for Before<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.before())
    }
}

/// The touched attributes after a change.
struct After<'c>(&'c Change);

impl Serialize for After<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.after())
    }
}

/// The content of a journal object.
pub fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut bytes, entry).expect("plain data serialises");
        bytes.push(b'\n');
    }
    bytes
}

/// The entries of a journal object.
pub fn decode(bytes: &[u8]) -> Result<Vec<Entry>, JournalError> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    lines
        .map(|(i, line)| serde_json::from_slice(line).map_err(|source| JournalError::Line { line: i + 1, source }))
        .collect()
}

/// The name of a journal object within its segment: names sort by page, then attempt, then round.
pub fn object_name(page: u64, attempt: u64, round: u32) -> String {
    format!("{page:08}-{attempt:06}-{round:03}.jsonl")
}

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
pub struct Index {
    single: HashMap<Fingerprint, Fingerprint>,
    more: HashMap<Fingerprint, Vec<Fingerprint>>,
}

/// What an item is, compared with the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No write of the run concerns it.
    NotJournaled,
    /// It is as a write of the run left it.
    AsWritten,
    /// A write of the run was journaled, and the item is otherwise now.
    ChangedSince,
}

impl Index {
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
    pub fn is_within<'k>(&self, keys: impl Iterator<Item = &'k Item>) -> bool {
        let held: HashSet<Fingerprint> =
            keys.map(key_fingerprint).filter(|key| self.single.contains_key(key)).collect();
        held.len() == self.single.len()
    }

    /// Takes an item out.
    pub fn forget(&mut self, key: &Item) {
        let key = key_fingerprint(key);
        self.single.remove(&key);
        self.more.remove(&key);
    }

    /// What an item is, given its key and the migration's touched attributes.
    pub fn standing(&self, key: &Item, item: &Item, touched: &BTreeSet<String>) -> Standing {
        let key = key_fingerprint(key);
        let Some(first) = self.single.get(&key) else { return Standing::NotJournaled };
        let now = image_fingerprint(&image(item, touched));
        let others = self.more.get(&key).into_iter().flatten();
        match std::iter::once(first).chain(others).any(|after| *after == now) {
            true => Standing::AsWritten,
            false => Standing::ChangedSince,
        }
    }
}

/// The keys that have more than one entry in a segment's journal: they are undone together, latest entry first.
#[derive(Debug, Default)]
pub struct Repeats {
    seen: HashSet<Fingerprint>,
    repeated: HashSet<Fingerprint>,
}

impl Repeats {
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
    use crate::change::migration::Footprint;
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
    fn entries_come_back_as_they_were_written() {
        let entries =
            vec![entry("1", "x", "y"), Entry { before: Image::from([("a".into(), None)]), ..entry("2", "", "z") }];
        assert_eq!(decode(&encode(&entries)).unwrap(), entries);
    }

    #[test]
    fn changes_are_encoded_as_their_entries_are() {
        let names: BTreeSet<String> = ["a", "b"].map(String::from).into();
        let read = Item::from([("pk".into(), Value::s("1")), ("a".into(), Value::s("x"))]);
        let change =
            Change::between(&read, Item::from([("b".into(), Value::n("2"))]), &Footprint::new(names, [])).unwrap();
        let key = Item::from([("pk".into(), Value::s("1"))]);
        assert_eq!(encode_changes([(&key, &change)].into_iter(), 7), encode(&[Entry::of(key.clone(), &change, 7)]));
    }

    #[test]
    fn a_torn_object_is_refused_by_line() {
        let mut bytes = encode(&[entry("1", "x", "y"), entry("2", "x", "y")]);
        bytes.truncate(bytes.len() - 5);
        assert!(matches!(decode(&bytes), Err(JournalError::Line { line: 2, .. })));
    }

    #[test]
    fn the_index_tells_what_was_written_from_what_changed_since() {
        let mut index = Index::default();
        index.add(&entry("1", "x", "y"));
        index.add(&entry("1", "w", "z"));
        let touched = BTreeSet::from(["a".to_string()]);
        let item = |a: &str| Item::from([("pk".into(), Value::s("1")), ("a".into(), Value::s(a))]);
        let key = Item::from([("pk".into(), Value::s("1"))]);
        assert_eq!(index.len(), 1);
        assert_eq!(index.standing(&key, &item("y"), &touched), Standing::AsWritten);
        assert_eq!(index.standing(&key, &item("z"), &touched), Standing::AsWritten);
        assert_eq!(index.standing(&key, &item("x"), &touched), Standing::ChangedSince);
        assert_eq!(index.standing(&Item::new(), &item("x"), &touched), Standing::NotJournaled);
    }

    #[test]
    fn an_index_empties_as_its_items_are_seen() {
        let mut index = Index::default();
        index.add(&entry("1", "x", "y"));
        index.add(&entry("2", "x", "y"));
        let key = |key: &str| entry(key, "", "").key;
        assert!(!index.is_within([key("1"), key("3")].iter()));
        index.forget(&key("1"));
        assert!(index.is_within([key("2")].iter()) && !index.is_empty());
    }

    #[test]
    fn keys_with_several_entries_are_found() {
        let mut repeats = Repeats::default();
        for key in ["1", "2", "1"] {
            repeats.add(&entry(key, "", "").key);
        }
        assert!(repeats.contains(&entry("1", "", "").key) && !repeats.contains(&entry("2", "", "").key));
        assert_eq!(repeats.keys(), 2);
    }
}
