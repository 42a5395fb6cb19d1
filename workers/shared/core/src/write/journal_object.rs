//! The names of journal objects, and what a checkpoint says about the objects of its segment.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The name of a journal object within its segment. Names sort by sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ObjectName {
    /// How many objects the segment had before. An attempt continues the sequence at its checkpoint, so that several attempts
    /// may have an object with the same number.
    pub sequence: u64,
    /// The attempt that stored it, from 1.
    pub attempt: u64,
    /// Whether it has records for items that may have an earlier entry. All voids are in such objects.
    pub again: bool,
}

impl ObjectName {
    /// Parses a name; `None` if it is not the name of a journal object.
    pub fn parse(name: &str) -> Option<Self> {
        let name = name.strip_suffix(".jsonl")?;
        let (name, again) = name.strip_suffix("-again").map_or((name, false), |name| (name, true));
        let (sequence, attempt) = name.split_once('-')?;
        Some(Self { sequence: sequence.parse().ok()?, attempt: attempt.parse().ok()?, again })
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again = if self.again { "-again" } else { "" };
        write!(f, "{:08}-{:06}{again}.jsonl", self.sequence, self.attempt)
    }
}

/// What a checkpoint says about the journal of its segment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stored {
    /// The sequence at which the next attempt continues: an object of each lower number was stored.
    pub next: u64,
    /// The objects that may have entries of items that are not counted: for each attempt its number, and the first sequence.
    /// All objects of attempts that are later than the last one here belong to them too, from `next` on.
    pub uncounted: Vec<(u64, u64)>,
}

impl Stored {
    /// Whether an object may have entries of items that are not counted.
    pub fn may_be_uncounted(&self, object: ObjectName) -> bool {
        let ObjectName { sequence, attempt, .. } = object;
        match self.uncounted.iter().find(|(listed, _)| *listed == attempt) {
            Some((_, from)) => sequence >= *from,
            None => sequence >= self.next && self.uncounted.last().is_none_or(|(last, _)| attempt > *last),
        }
    }

    /// The sequences of which no object is left among these.
    pub fn missing(&self, objects: &[ObjectName]) -> Vec<u64> {
        let present: BTreeSet<u64> = objects.iter().map(|object| object.sequence).collect();
        (0..self.next).filter(|sequence| !present.contains(sequence)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_names_are_read_as_they_are_written_and_sort_by_sequence() {
        let name = |sequence, attempt, again| ObjectName { sequence, attempt, again };
        let names = [name(2, 9, true), name(3, 1, false), name(12, 1, false)];
        for object in names {
            assert_eq!(ObjectName::parse(&object.to_string()), Some(object));
        }
        let texts = names.map(|object| object.to_string());
        assert!(names.is_sorted() && texts.is_sorted());
        assert_eq!(texts[0], "00000002-000009-again.jsonl");
        for other in ["x", "1-2", "1-2-3.jsonl", "a-1.jsonl"] {
            assert_eq!(ObjectName::parse(other), None, "{other}");
        }
    }

    #[test]
    fn objects_are_uncounted_from_where_their_attempt_says() {
        let object = |sequence, attempt| ObjectName { sequence, attempt, again: false };
        let stored = Stored { next: 7, uncounted: vec![(2, 3), (4, 6)] };
        for counted in [object(9, 1), object(2, 2), object(9, 3), object(5, 4), object(6, 5)] {
            assert!(!stored.may_be_uncounted(counted), "{counted:?}");
        }
        for uncounted in [object(3, 2), object(6, 4), object(7, 5), object(8, 9)] {
            assert!(stored.may_be_uncounted(uncounted), "{uncounted:?}");
        }
        assert!(Stored::default().may_be_uncounted(object(0, 1)), "nothing was saved yet");
        assert_eq!(stored.missing(&[object(0, 1), object(1, 1), object(3, 2), object(3, 4), object(4, 4)]), [2, 5, 6]);
    }
}
