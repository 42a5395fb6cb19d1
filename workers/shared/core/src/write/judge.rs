//! Decides for the items of a page what to write and what to count, and what to do after a conflict.

use crate::change::invalid::Invalid;
use crate::change::item_change::Change;
use crate::change::migration::{Migration, Outcome};
use crate::change::table_rules::TableRules;
use crate::item::table::Table;
use crate::item::value::Item;
use crate::write::counts::{Sample, Tally};
use crate::write::journal::Entry;
use crate::write::journal_index::{ItemState, JournalIndex};

/// One write to send.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// The item's key attributes.
    pub key: Item,
    /// The change to write.
    pub change: Change,
}

/// Migration, rules and table by which items are judged. Its methods count every item in a [`Tally`].
#[derive(Debug)]
pub struct Judge<'m, M> {
    /// The migration to apply.
    pub migration: &'m M,
    /// The table's rules for changed items.
    pub rules: &'m TableRules,
    /// The table, for its key attributes.
    pub table: &'m Table,
}

impl<M: Migration> Judge<'_, M> {
    /// The writes for a page's items; all other items are counted. `uncounted` has the entries whose writes may have taken
    /// effect without being counted: an item that is as one of them left it was changed by this run, and counts as changed.
    pub fn sort_out(&self, items: Vec<Item>, uncounted: &JournalIndex, tally: &mut Tally) -> Vec<Work> {
        tally.counts.scanned += items.len() as u64;
        items.into_iter().filter_map(|item| self.sort_out_one(item, uncounted, tally)).collect()
    }

    fn sort_out_one(&self, item: Item, uncounted: &JournalIndex, tally: &mut Tally) -> Option<Work> {
        let (key, state) = (self.table.key_of(&item), self.state(&item, uncounted));
        self.work_or_count(key, self.check_rules(self.migration.consume(item)), state, tally)
    }

    /// What to write for an item that was read again (`None`: it was deleted) after its write did not take effect, or may
    /// not have. If nothing is left to write, the item is counted and the result is `None`.
    pub fn rejudge(&self, key: Item, now: Option<&Item>, uncounted: &JournalIndex, tally: &mut Tally) -> Option<Work> {
        let Some(item) = now else {
            tally.counts.not_matched += 1;
            return None;
        };
        self.work_or_count(key, self.outcome(item), self.state(item, uncounted), tally)
    }

    fn state(&self, item: &Item, uncounted: &JournalIndex) -> ItemState {
        match uncounted.is_empty() {
            true => ItemState::NotJournaled,
            false => uncounted.state_of(&self.table.key_of(item), item, self.migration.footprint().touched()),
        }
    }

    fn work_or_count(&self, key: Item, outcome: Outcome, state: ItemState, tally: &mut Tally) -> Option<Work> {
        match outcome {
            Outcome::Changed(change) => return Some(Work { key, change }),
            Outcome::AlreadyDone | Outcome::NotMatched if state == ItemState::AsWritten => tally.counts.changed += 1,
            outcome => self.count(&outcome, || key, tally),
        }
        None
    }

    /// Counts a write that took effect.
    pub fn count_written(&self, work: &Work, tally: &mut Tally) {
        tally.counts.changed += 1;
        tally.change_units += work.change.write_units();
    }

    /// Counts a write that DynamoDB rejected with a validation error, which a retry cannot fix.
    pub fn count_refused(&self, work: &Work, message: String, tally: &mut Tally) {
        tally.counts.invalid += 1;
        tally.add_finding(work.key.clone(), Invalid::Refused(message).to_string());
    }

    /// Counts an item that the run gives up on, because the application kept changing it.
    pub fn count_given_up(&self, key: Item, tally: &mut Tally) {
        tally.counts.conflicts += 1;
        tally.add_finding(key, "the application kept changing it, so it was left as it is");
    }

    /// Counts an item as Migrate would, and checks that applying the migration twice equals applying it once.
    pub fn dry_run(&self, item: &Item, tally: &mut Tally) {
        tally.counts.scanned += 1;
        let outcome = match self.outcome(item) {
            Outcome::Changed(change) if self.changes_again(item, &change) => Outcome::Invalid(Invalid::NotIdempotent),
            outcome => outcome,
        };
        let Outcome::Changed(change) = outcome else { return self.count(&outcome, || self.table.key_of(item), tally) };
        tally.counts.changed += 1;
        tally.change_units += change.write_units();
        tally.add_sample(|| {
            let Entry { key, before, after, .. } = Entry::of(self.table.key_of(item), &change, 0);
            Sample { key, before, after }
        });
    }

    /// The outcome of the migration for an item; a change that breaks the table's rules is invalid.
    pub fn outcome(&self, item: &Item) -> Outcome {
        self.check_rules(self.migration.apply(item))
    }

    fn check_rules(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::Changed(change) => match self.rules.broken_by(&change) {
                Some(reason) => Outcome::Invalid(reason),
                None => Outcome::Changed(change),
            },
            outcome => outcome,
        }
    }

    fn changes_again(&self, item: &Item, change: &Change) -> bool {
        matches!(self.migration.apply(&change.applied_to(item)), Outcome::Changed(_) | Outcome::Invalid(_))
    }

    fn count(&self, outcome: &Outcome, key: impl FnOnce() -> Item, tally: &mut Tally) {
        match outcome {
            Outcome::NotMatched => tally.counts.not_matched += 1,
            Outcome::AlreadyDone => tally.counts.already_done += 1,
            Outcome::Changed(_) => tally.counts.changed += 1,
            Outcome::Invalid(reason) => {
                tally.counts.invalid += 1;
                tally.add_finding(key(), reason.to_string());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::item::value::Value;
    use crate::language::compile::compiled::Compiled;
    use crate::language::document::Document;
    use crate::write::counts::Counts;
    use crate::write::journal::Entry;

    fn compiled(yaml: &str) -> Compiled {
        Compiled::of(&Document::from_yaml(yaml).unwrap()).unwrap()
    }

    fn table() -> Table {
        serde_json::from_value(serde_json::json!({
        "name": "t", "arn": "", "status": "ACTIVE", "keys": ["pk"], "index_keys": {"gsi": "S"}, "items": 0, "bytes": 0,
        "time_to_live": null, "point_in_time_recovery": false, "replicas": 0, "indexes": 0, "stream": false
    }))
    .unwrap()
    }

    fn item(json: &str) -> Item {
        serde_json::from_str(json).unwrap()
    }

    const RENAME: &str = "id: m\nwhere: has(item.a)\nchange: [{rename: {from: a, to: b}}]\ncheck: has(item.b)";

    fn with_judge(yaml: &str, test: impl FnOnce(Judge<'_, Compiled>)) {
        let (migration, table) = (compiled(yaml), table());
        let rules = TableRules::of(&table, 0);
        test(Judge { migration: &migration, rules: &rules, table: &table });
    }

    #[test]
    fn every_item_of_a_page_becomes_a_write_or_a_count() {
        with_judge(RENAME, |judge| {
            let mut tally = Tally::default();
            let items = [
                item(r#"{"pk":{"S":"1"},"a":{"S":"x"}}"#),
                item(r#"{"pk":{"S":"2"},"b":{"S":"x"}}"#),
                item(r#"{"pk":{"S":"3"}}"#),
            ];
            let work = judge.sort_out(items.to_vec(), &JournalIndex::default(), &mut tally);
            assert_eq!(work.len(), 1);
            assert_eq!((tally.counts.scanned, tally.counts.already_done, tally.counts.not_matched), (3, 1, 1));
            judge.count_written(&work[0], &mut tally);
            assert!(tally.counts.balance());
        });
    }

    #[test]
    fn an_item_that_an_earlier_attempt_changed_counts_as_changed() {
        with_judge(RENAME, |judge| {
            let old = item(r#"{"pk":{"S":"1"},"a":{"S":"x"}}"#);
            let Outcome::Changed(change) = judge.outcome(&old) else { panic!() };
            let mut prior = JournalIndex::default();
            prior.add(&Entry::of(item(r#"{"pk":{"S":"1"}}"#), &change, 0));
            let mut tally = Tally::default();
            assert!(judge.sort_out(vec![item(r#"{"pk":{"S":"1"},"b":{"S":"x"}}"#)], &prior, &mut tally).is_empty());
            assert_eq!((tally.counts.changed, tally.counts.already_done), (1, 0));
        });
    }

    #[test]
    fn after_a_conflict_the_current_item_is_judged() {
        with_judge(RENAME, |judge| {
            let (key, none) = (item(r#"{"pk":{"S":"1"}}"#), JournalIndex::default());
            let mut tally = Tally { counts: Counts { scanned: 3, ..Counts::default() }, ..Tally::default() };
            let changed_by_app = item(r#"{"pk":{"S":"1"},"a":{"S":"y"}}"#);
            let again = judge.rejudge(key.clone(), Some(&changed_by_app), &none, &mut tally).unwrap();
            assert_eq!(again.change.image_after()["b"], Some(Value::s("y")));
            judge.count_written(&again, &mut tally);
            assert_eq!(judge.rejudge(key.clone(), None, &none, &mut tally), None);
            let in_new_shape = item(r#"{"pk":{"S":"1"},"b":{"S":"x"}}"#);
            assert_eq!(judge.rejudge(key, Some(&in_new_shape), &none, &mut tally), None);
            let counts = tally.counts;
            assert_eq!((counts.changed, counts.not_matched, counts.already_done), (1, 1, 1));
            assert!(counts.balance());
        });
    }

    #[test]
    fn an_item_in_the_new_shape_is_ours_only_if_a_write_of_ours_may_have_landed() {
        with_judge(RENAME, |judge| {
            let old = item(r#"{"pk":{"S":"1"},"a":{"S":"x"}}"#);
            let Outcome::Changed(change) = judge.outcome(&old) else { panic!() };
            let key = item(r#"{"pk":{"S":"1"}}"#);
            let mut uncounted = JournalIndex::default();
            uncounted.add(&Entry::of(key.clone(), &change, 0));
            let written = item(r#"{"pk":{"S":"1"},"b":{"S":"x"},"other":{"N":"1"}}"#);
            for (index, changed) in [(&uncounted, 1), (&JournalIndex::default(), 0)] {
                let mut tally = Tally::default();
                assert_eq!(judge.rejudge(key.clone(), Some(&written), index, &mut tally), None);
                assert_eq!((tally.counts.changed, tally.counts.already_done), (changed, 1 - changed));
            }
        });
    }

    #[test]
    fn a_dry_run_finds_items_that_would_change_again() {
        with_judge("id: m\nchange: [{set: n, to: item.n + 1}]", |judge| {
            let mut tally = Tally::default();
            judge.dry_run(&item(r#"{"pk":{"S":"1"},"n":{"N":"1"}}"#), &mut tally);
            assert_eq!(tally.counts.invalid, 1);
            assert!(tally.findings[0].reason.contains("change the item again"));
        });
    }

    #[test]
    fn a_value_of_the_wrong_type_for_an_index_is_invalid() {
        with_judge("id: m\nwhere: '!has(item.gsi)'\nchange: [{set: gsi, to: 1}]", |judge| {
            let mut tally = Tally::default();
            judge.dry_run(&item(r#"{"pk":{"S":"1"}}"#), &mut tally);
            assert_eq!(tally.findings[0].reason, "`gsi` would be of type N, but it is an index key of type S");
        });
    }

    #[test]
    fn a_write_that_dynamodb_rejects_is_an_invalid_item_that_was_not_written() {
        with_judge(RENAME, |judge| {
            let mut tally = Tally::default();
            let old = item(r#"{"pk":{"S":"1"},"a":{"S":"x"}}"#);
            let work = judge.sort_out(vec![old], &JournalIndex::default(), &mut tally).remove(0);
            judge.count_refused(&work, "too large".into(), &mut tally);
            assert_eq!(tally.counts.invalid, 1);
            assert!(tally.counts.balance());
        });
    }

    #[test]
    fn a_dry_run_counts_an_item_that_changes_once_as_changed() {
        with_judge(RENAME, |judge| {
            let mut tally = Tally::default();
            judge.dry_run(&item(r#"{"pk":{"S":"1"},"a":{"S":"x"}}"#), &mut tally);
            assert_eq!((tally.counts.changed, tally.counts.invalid), (1, 0));
        });
    }
}
