//! The journal: before-images in S3. Each is stored before the write that it can undo.
//!
//! A journal object is a file of JSON lines, and each line is a [`Record`]. An [`Entry`] says what a write was about to do,
//! not that the write took effect: its condition may have failed, or its worker may have died. The table shows whether it
//! did: the item's touched attributes are then as in `after`. If the worker learns that the write certainly did not take
//! effect, it adds a [`Void`] for the entry. Without it, a roll-back would take an item that the application itself brought
//! into the new shape for one that the run changed.

use crate::change::footprint::Image;
use crate::change::item_change::Change;
use crate::item::value::{Item, Value};
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

/// Takes back the entry of an item in an earlier object of the same segment: its write certainly did not take effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Void {
    /// The name of the object that has the entry, without its prefix. An object has at most one entry for an item.
    pub void: String,
    /// The item's key attributes.
    pub key: Item,
}

/// A line of a journal object.
#[derive(Debug, Clone, PartialEq)]
pub enum Record {
    /// A write that was about to be sent.
    Entry(Entry),
    /// An earlier entry whose write did not take effect.
    Void(Void),
}

/// Why a journal object cannot be read.
#[derive(Debug, Error)]
pub enum JournalError {
    /// A line is neither an entry nor a void.
    #[error(
        "line {line} of a journal object is not a record: the object was altered; restore it from an older version"
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

    /// Every touched attribute as this entry's write left it.
    pub fn guard(&self) -> impl Iterator<Item = (&String, Option<&Value>)> + Clone {
        self.after.iter().map(|(name, value)| (name, value.as_ref()))
    }

    /// The attributes that differ, with their values before this entry's write.
    pub fn delta_back(&self) -> impl Iterator<Item = (&String, Option<&Value>)> + Clone {
        let differing = self.before.iter().filter(|(name, before)| self.after.get(*name) != Some(before));
        differing.map(|(name, value)| (name, value.as_ref()))
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

/// The content of a journal object: one record a line, as JSON.
pub fn encode(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        match record {
            Record::Entry(entry) => serde_json::to_writer(&mut bytes, entry),
            Record::Void(void) => serde_json::to_writer(&mut bytes, void),
        }
        .expect("plain data serialises");
        bytes.push(b'\n');
    }
    bytes
}

/// The records of a journal object. Fails with the first line that does not parse.
pub fn decode(bytes: &[u8]) -> Result<Vec<Record>, JournalError> {
    let lines = bytes.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty());
    let records = lines.map(|(i, line)| {
        let record = match line.starts_with(VOID) {
            true => serde_json::from_slice(line).map(Record::Void),
            false => serde_json::from_slice(line).map(Record::Entry),
        };
        record.map_err(|source| JournalError::Line { line: i + 1, source })
    });
    records.collect()
}

/// How the line of a void begins. An entry's first field is its key.
const VOID: &[u8] = br#"{"void":"#;

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

    fn void(key: &str) -> Record {
        Record::Void(Void { void: "00000001-000001.jsonl".into(), key: Item::from([("pk".into(), Value::s(key))]) })
    }

    #[test]
    fn records_are_decoded_as_they_were_encoded() {
        let added = Entry { before: Image::from([("a".into(), None)]), ..entry("2", "", "z") };
        let records = vec![Record::Entry(entry("1", "x", "y")), void("1"), Record::Entry(added)];
        assert_eq!(decode(&encode(&records)).unwrap(), records);
    }

    #[test]
    fn changes_are_encoded_like_their_entries() {
        let names: BTreeSet<String> = ["a", "b"].map(String::from).into();
        let read = Item::from([("pk".into(), Value::s("1")), ("a".into(), Value::s("x"))]);
        let change =
            Change::between(&read, Item::from([("b".into(), Value::n("2"))]), &Footprint::new(names, [])).unwrap();
        let key = Item::from([("pk".into(), Value::s("1"))]);
        let entry = Record::Entry(Entry::of(key.clone(), &change, 7));
        assert_eq!(encode_changes([(&key, &change)].into_iter(), 7), encode(&[entry]));
    }

    #[test]
    fn a_truncated_object_is_refused_with_the_line() {
        let mut bytes = encode(&[Record::Entry(entry("1", "x", "y")), void("2")]);
        bytes.truncate(bytes.len() - 5);
        assert!(matches!(decode(&bytes), Err(JournalError::Line { line: 2, .. })));
    }
}
