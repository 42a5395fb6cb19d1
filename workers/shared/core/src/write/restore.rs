//! Rolling an item back: which of its journal entries to restore, and what became of it.

use crate::change::table_rules::FIVE_YEARS;
use crate::item::value::{Item, Value, value_bytes};
use crate::write::counts::Tally;
use crate::write::journal::Entry;

/// An item to roll back, with its journal entries.
#[derive(Debug, Clone, PartialEq)]
pub struct Restoration {
    /// Its entries whose writes may have taken effect, the one that was read last first. There is at least one.
    entries: Vec<Entry>,
    /// The entry to restore now.
    current: usize,
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// Its before-image was restored.
    Written,
    /// It was as in a before-image already.
    Already,
    /// The application changed it since the run: it is left as it is.
    Spared,
    /// The application deleted it: it is not created again.
    Gone,
    /// Its before-image has a time to live that has passed: restored, DynamoDB would delete the item.
    Expired,
    /// DynamoDB refuses its before-image, with this message.
    Refused(String),
    /// The application's transactions kept it busy.
    Busy,
}

/// What to do with an item after its state is known.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Write it.
    Write(Restoration),
    /// Nothing.
    Settled(Restored),
}

impl Restoration {
    /// The restoration of an item with these entries, of which there is at least one.
    ///
    /// The entries are in the order in which they were journaled.
    pub fn of(mut entries: Vec<Entry>) -> Self {
        entries.reverse();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.read_at));
        Self { entries, current: 0 }
    }

    /// The entry to restore now.
    pub fn entry(&self) -> &Entry {
        &self.entries[self.current]
    }

    /// The item's key attributes.
    pub fn key(&self) -> &Item {
        &self.entry().key
    }

    /// The bytes of the attributes that it writes. The journal does not hold the size of the item.
    pub fn bytes(&self) -> usize {
        let values = self.entry().before.iter();
        values.map(|(name, value)| name.len() + value.as_ref().map_or(0, value_bytes)).sum()
    }

    /// Whether it would restore a time to live that has passed. `attribute` is the table's, `now` is in epoch seconds.
    pub fn is_expired(&self, attribute: Option<&str>, now: i64) -> bool {
        let expiry = attribute.and_then(|attribute| self.entry().before.get(attribute)?.as_ref());
        let after = attribute.and_then(|attribute| self.entry().after.get(attribute)?.as_ref());
        let Some(Value::N(seconds)) = expiry.filter(|expiry| after != Some(expiry)) else { return false };
        let now = now as f64;
        seconds.parse::<f64>().is_ok_and(|seconds| (now - FIVE_YEARS..=now).contains(&seconds))
    }

    /// What to do if the item is like this now (`None`: it was deleted). The first entry that explains it decides. If the
    /// current one `is_tried`, its condition failed.
    pub fn judge(self, now: Option<&Item>, is_tried: bool) -> Next {
        let Some(item) = now else { return Next::Settled(Restored::Gone) };
        for current in self.current..self.entries.len() {
            let (entry, is_tried) = (&self.entries[current], is_tried && current == self.current);
            if entry.is_as_written(item) && !is_tried {
                return Next::Write(Self { current, ..self });
            }
            if entry.is_as_before(item) {
                return Next::Settled(Restored::Already);
            }
        }
        Next::Settled(Restored::Spared)
    }
}

impl Restored {
    /// Counts an item with what became of it, and lists it if a person should look at it.
    pub fn count(self, key: impl FnOnce() -> Item, tally: &mut Tally) {
        tally.counts.scanned += 1;
        let (count, finding) = match self {
            Self::Written => (&mut tally.journal.restored, None),
            Self::Already => (&mut tally.journal.already_restored, None),
            Self::Gone => (&mut tally.journal.gone, None),
            Self::Spared => (
                &mut tally.journal.spared,
                Some("the application changed it since the run; it is left as it is".to_owned()),
            ),
            Self::Expired => (
                &mut tally.journal.spared,
                Some(
                    "its time to live before the run has passed, so that DynamoDB would delete it; it is left as it is"
                        .into(),
                ),
            ),
            Self::Refused(message) => {
                (&mut tally.counts.invalid, Some(format!("DynamoDB refused to restore it: {message}")))
            }
            Self::Busy => (
                &mut tally.counts.invalid,
                Some("transactions of the application kept it busy; start `roll-back` again".into()),
            ),
        };
        *count += 1;
        if let Some(reason) = finding {
            tally.add_finding(key(), reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(before: &str, after: &str, read_at: i64) -> Entry {
        let image = |value: &str| [("a".to_owned(), (!value.is_empty()).then(|| Value::s(value)))].into();
        Entry { key: Item::from([("pk".into(), Value::s("1"))]), before: image(before), after: image(after), read_at }
    }

    fn item(value: &str) -> Item {
        Item::from([("pk".into(), Value::s("1")), ("a".into(), Value::s(value)), ("b".into(), Value::s("other"))])
    }

    fn settled(next: Next) -> Restored {
        match next {
            Next::Settled(restored) => restored,
            Next::Write(restoration) => panic!("{restoration:?}"),
        }
    }

    #[test]
    fn the_entry_that_was_read_last_is_tried_first() {
        let restoration = Restoration::of(vec![entry("a", "x", 1), entry("b", "y", 2)]);
        assert_eq!(restoration.entry().read_at, 2);
        let Next::Write(restoration) = restoration.judge(Some(&item("x")), true) else { panic!() };
        assert_eq!(restoration.entry().read_at, 1);
    }

    #[test]
    fn an_item_that_no_entry_matches_is_left_as_it_is() {
        let restoration = Restoration::of(vec![entry("a", "x", 1), entry("b", "y", 2)]);
        assert_eq!(settled(restoration.clone().judge(Some(&item("new")), true)), Restored::Spared);
        assert_eq!(settled(restoration.clone().judge(Some(&item("a")), true)), Restored::Already);
        assert_eq!(settled(restoration.clone().judge(Some(&item("b")), true)), Restored::Already);
        assert_eq!(settled(restoration.clone().judge(None, true)), Restored::Gone);
        assert_eq!(settled(restoration.judge(Some(&item("y")), true)), Restored::Spared, "tried, and it failed");
    }

    #[test]
    fn an_item_that_was_restored_to_what_an_earlier_write_left_stays_so() {
        let restoration = Restoration::of(vec![entry("1", "2", 1), entry("2", "3", 2)]);
        assert_eq!(settled(restoration.judge(Some(&item("2")), false)), Restored::Already);
    }

    #[test]
    fn of_entries_that_were_read_at_the_same_time_the_one_journaled_last_comes_first() {
        let restoration = Restoration::of(vec![entry("a", "x", 1), entry("b", "x", 1)]);
        assert_eq!(restoration.entry().before, entry("b", "x", 1).before);
    }

    #[test]
    fn an_item_that_was_read_before_is_only_written_if_it_is_as_the_run_left_it() {
        let restoration = Restoration::of(vec![entry("a", "x", 1)]);
        assert_eq!(restoration.clone().judge(Some(&item("x")), false), Next::Write(restoration.clone()));
        assert_eq!(settled(restoration.judge(Some(&item("a")), false)), Restored::Already);
    }

    #[test]
    fn a_time_to_live_that_has_passed_is_not_restored() {
        let number = |seconds: &str| Some(Value::n(seconds));
        let mut entry = entry("a", "x", 1);
        entry.before.insert("expires".into(), number("100"));
        entry.after.insert("expires".into(), number("900"));
        let restoration = Restoration::of(vec![entry.clone()]);
        assert!(restoration.is_expired(Some("expires"), 100));
        assert!(!restoration.is_expired(Some("expires"), 99));
        assert!(!restoration.is_expired(Some("other"), 100) && !restoration.is_expired(None, 100));
        entry.after.insert("expires".into(), number("100"));
        assert!(!Restoration::of(vec![entry]).is_expired(Some("expires"), 100), "the run did not change it");
    }

    #[test]
    fn every_outcome_is_counted_once() {
        let all = [
            Restored::Written,
            Restored::Already,
            Restored::Spared,
            Restored::Gone,
            Restored::Expired,
            Restored::Refused("no".into()),
            Restored::Busy,
        ];
        let mut tally = Tally::default();
        all.into_iter().for_each(|restored| restored.count(|| item("a"), &mut tally));
        let journal = tally.journal;
        assert_eq!((journal.restored, journal.already_restored, journal.spared, journal.gone), (1, 1, 2, 1));
        assert_eq!((tally.counts.scanned, tally.counts.invalid, tally.findings.len()), (7, 2, 4));
    }
}
