//! The journal: before-images in S3. Each is stored before the write that it can undo.
//!
//! A journal object contains the entries of one page in one attempt at one segment, one a line. An entry says what a write
//! was about to do, not that the write took effect: its condition may have failed, or its worker may have died. The table
//! shows whether it did: the item's touched attributes are then as in `after`.

use crate::change::footprint::Image;
use crate::change::item_change::Change;
use crate::item::value::Item;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// One write that was about to be sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The item's key attributes.
    pub key: Item,
    /// The touched attributes before; null where one was missing.
    pub before: Image,
    /// The touched attributes after; null where one was removed.
    pub after: Image,
    /// When the item was read, in epoch milliseconds. If an item has several entries, a roll-back starts with the one that was
    /// read last. The order of journal objects would be wrong: an attempt may have stalled between reading and writing.
    pub read_at: i64,
}

/// Why a journal object cannot be read.
#[derive(Debug, Error)]
pub enum JournalError {
    /// A line is not an entry.
    #[error(
        "line {line} of a journal object is not an entry: the object was altered; restore it from an older version"
    )]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// Why the line does not parse.
        #[source]
        source: serde_json::Error,
    },
}

impl Entry {
    /// The entry for a change that is about to be written; `read_at` is in epoch milliseconds.
    pub fn of(key: Item, change: &Change, read_at: i64) -> Self {
        let before = change.before().map(|(name, value)| (name.clone(), value.cloned())).collect();
        Self { key, before, after: change.image_after(), read_at }
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

/// The content of a journal object for these changes to items that were read at `read_at`, in epoch milliseconds. The same as
/// [`encode`] of their [entries](Entry::of), but without copying values.
pub fn encode_changes<'c>(changes: impl Iterator<Item = (&'c Item, &'c Change)>, read_at: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (key, change) in changes {
        let line = Line { key, before: Before(change), after: After(change), read_at };
        serde_json::to_writer(&mut bytes, &line).expect("plain data serialises");
        bytes.push(b'\n');
    }
    bytes
}

/// An [`Entry`] with borrowed values, for serialization.
#[derive(Serialize)]
struct Line<'c> {
    key: &'c Item,
    before: Before<'c>,
    after: After<'c>,
    read_at: i64,
}

/// Serializes the touched attributes before a change.
struct Before<'c>(&'c Change);

impl Serialize for Before<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.before())
    }
}

/// Serializes the touched attributes after a change.
struct After<'c>(&'c Change);

impl Serialize for After<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.after())
    }
}

/// The content of a journal object: one entry a line, as JSON.
pub fn encode(entries: &[Entry]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for entry in entries {
        serde_json::to_writer(&mut bytes, entry).expect("plain data serialises");
        bytes.push(b'\n');
    }
    bytes
}

/// The entries of a journal object. Fails with the first line that does not parse.
pub fn decode(bytes: &[u8]) -> Result<Vec<Entry>, JournalError> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    lines
        .map(|(i, line)| serde_json::from_slice(line).map_err(|source| JournalError::Line { line: i + 1, source }))
        .collect()
}

/// The name of a journal object within its segment. Names sort by page, then attempt, then round of retries.
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
            read_at: 1,
        }
    }

    #[test]
    fn entries_are_decoded_as_they_were_encoded() {
        let entries =
            vec![entry("1", "x", "y"), Entry { before: Image::from([("a".into(), None)]), ..entry("2", "", "z") }];
        assert_eq!(decode(&encode(&entries)).unwrap(), entries);
    }

    #[test]
    fn changes_are_encoded_like_their_entries() {
        let names: BTreeSet<String> = ["a", "b"].map(String::from).into();
        let read = Item::from([("pk".into(), Value::s("1")), ("a".into(), Value::s("x"))]);
        let change =
            Change::between(&read, Item::from([("b".into(), Value::n("2"))]), &Footprint::new(names, [])).unwrap();
        let key = Item::from([("pk".into(), Value::s("1"))]);
        assert_eq!(encode_changes([(&key, &change)].into_iter(), 7), encode(&[Entry::of(key.clone(), &change, 7)]));
    }

    #[test]
    fn a_truncated_object_is_refused_with_the_line() {
        let mut bytes = encode(&[entry("1", "x", "y"), entry("2", "x", "y")]);
        bytes.truncate(bytes.len() - 5);
        assert!(matches!(decode(&bytes), Err(JournalError::Line { line: 2, .. })));
    }

    #[test]
    fn the_names_of_journal_objects_sort_by_page_then_attempt_then_round() {
        assert_eq!(object_name(7, 2, 1), "00000007-000002-001.jsonl");
        let names = [object_name(9, 10, 0), object_name(10, 2, 9), object_name(10, 2, 10), object_name(10, 10, 0)];
        assert!(names.is_sorted(), "{names:?}");
    }
}
