//! The journal: before-images in S3, written before the write that they undo.
//!
//! An object holds one entry a line for one page of one attempt at one segment. An entry says what a write was about to
//! do, not that it happened: the write may have failed its condition, or its worker may have died. Whether it happened
//! shows in the table: the item's touched attributes are as `after` says.

use crate::change::footprint::Image;
use crate::change::item_change::Change;
use crate::item::value::Item;
use serde::{Deserialize, Serialize};
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::footprint::Footprint;
    use crate::item::value::Value;
    use std::collections::BTreeSet;

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
}
