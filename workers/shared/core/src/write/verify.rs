//! Verification: compares an item with the migration and with the journal.

use crate::change::migration::{Migration, Outcome};
use crate::item::value::Item;
use crate::write::counts::Tally;
use crate::write::journal_index::{ItemState, JournalIndex};
use crate::write::judge::Judge;

impl<M: Migration> Judge<'_, M> {
    /// Counts an item by its current state, and marks it in the journal as read. An item that the migration would still
    /// change is late.
    pub fn verify(&self, item: &Item, journal: &mut JournalIndex, tally: &mut Tally) {
        let key = self.table.key_of(item);
        let state = match journal.is_empty() {
            true => ItemState::NotJournaled,
            false => journal.state_of(&key, item, self.migration.footprint().touched()),
        };
        if state != ItemState::NotJournaled {
            journal.mark_read(&key);
        }
        self.count_state(state, &key, item, tally);
        tally.counts.scanned += 1;
        match (self.outcome(item), state) {
            (Outcome::Changed(_), _) => {
                tally.counts.late += 1;
                tally.add_finding(key, "it is in the old shape");
            }
            (Outcome::Invalid(reason), _) => {
                tally.counts.invalid += 1;
                tally.add_finding(key, reason.to_string());
            }
            (_, ItemState::AsWritten | ItemState::ChangedSince) => tally.counts.changed += 1,
            (Outcome::AlreadyDone, ItemState::NotJournaled) => tally.counts.already_done += 1,
            (Outcome::NotMatched, ItemState::NotJournaled) => tally.counts.not_matched += 1,
        }
    }

    fn count_state(&self, state: ItemState, key: &Item, item: &Item, tally: &mut Tally) {
        match state {
            ItemState::NotJournaled => {}
            ItemState::ChangedSince => tally.journal.changed_since += 1,
            ItemState::AsWritten => {
                tally.journal.as_written += 1;
                if !self.migration.check(item) {
                    self.count_failed_check(key, tally);
                }
            }
        }
    }

    /// Counts an item that is as the run left it and fails `check`. The check held when the run wrote the item, so an
    /// attribute that it reads and that the run does not touch may have changed.
    fn count_failed_check(&self, key: &Item, tally: &mut Tally) {
        let touched = self.migration.footprint().touched();
        let is_fixed = |name: &String| touched.contains(name) || self.table.keys.contains(name);
        let (count, reason) = match self.migration.check_reads().iter().all(is_fixed) {
            true => (&mut tally.journal.check_failed, "it is as the run left it, but `check` does not hold"),
            false => (
                &mut tally.journal.check_unclear,
                "`check` does not hold, but it also reads attributes that the run does not touch: the application may have \
                 changed one",
            ),
        };
        *count += 1;
        tally.add_finding(key.clone(), reason);
    }
}

/// Counts a journaled item that a consistent read did not find: the application, or its time to live, deleted it.
pub fn count_gone(key: &Item, journal: &mut JournalIndex, tally: &mut Tally) {
    journal.mark_read(key);
    tally.journal.gone += 1;
}

/// Counts the items that Migrate changed in a part and that its journal does not have. Every journaled item is counted when
/// this is called: as written, changed since, or gone. The journal may have more of them, because an entry is stored before
/// its write and a worker may die in between.
pub fn count_unaccounted(changed: u64, tally: &mut Tally) {
    let found = tally.journal.as_written + tally.journal.changed_since + tally.journal.gone;
    tally.journal.unaccounted = changed.saturating_sub(found);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::table_rules::TableRules;
    use crate::item::table::Table;
    use crate::language::compile::compiled::Compiled;
    use crate::language::document::Document;
    use crate::write::journal::Entry;

    fn item(json: &str) -> Item {
        serde_json::from_str(json).unwrap()
    }

    /// Verifies these items with this migration after it changed the items `old`.
    fn verified(yaml: &str, old: &[&str], now: &[&str]) -> (Tally, JournalIndex) {
        let migration = Compiled::of(&Document::from_yaml(yaml).unwrap()).unwrap();
        let table: Table = serde_json::from_value(serde_json::json!({
            "name": "t", "arn": "", "status": "ACTIVE", "keys": ["pk"], "index_keys": {}, "items": 0, "bytes": 0,
            "time_to_live": null, "point_in_time_recovery": false, "replicas": 0, "indexes": 0, "stream": false
        }))
        .unwrap();
        let rules = TableRules::of(&table, 0);
        let judge = Judge { migration: &migration, rules: &rules, table: &table };
        let mut journal = JournalIndex::default();
        for old in old.iter().map(|json| item(json)) {
            let Outcome::Changed(change) = judge.outcome(&old) else { panic!() };
            journal.add(&Entry::of(table.key_of(&old), &change, 0));
        }
        let mut tally = Tally::default();
        now.iter().for_each(|json| judge.verify(&item(json), &mut journal, &mut tally));
        assert!(tally.counts.balance());
        (tally, journal)
    }

    #[test]
    fn written_changed_late_untouched_and_gone_items_are_counted_separately() {
        let yaml = "id: m\nwhere: has(item.a)\nchange: [{rename: {from: a, to: b}}]\ncheck: has(item.b)";
        let old = ["1", "2", "3"].map(|key| format!(r#"{{"pk":{{"S":"{key}"}},"a":{{"S":"x"}}}}"#));
        let now = [
            r#"{"pk":{"S":"1"},"b":{"S":"x"}}"#,
            r#"{"pk":{"S":"2"},"b":{"S":"changed"}}"#,
            r#"{"pk":{"S":"4"},"a":{"S":"late"}}"#,
            r#"{"pk":{"S":"5"},"b":{"S":"new shape"}}"#,
            r#"{"pk":{"S":"6"}}"#,
        ];
        let (mut tally, mut journal) = verified(yaml, &old.each_ref().map(String::as_str), &now);
        assert_eq!(journal.unread(), 1);
        count_gone(&item(r#"{"pk":{"S":"3"}}"#), &mut journal, &mut tally);
        assert_eq!(journal.unread(), 0);
        let c = tally.counts;
        assert_eq!((c.scanned, c.changed, c.late, c.already_done, c.not_matched), (5, 2, 1, 1, 1));
        assert_eq!((tally.journal.as_written, tally.journal.changed_since, tally.journal.gone), (1, 1, 1));
        for (changed, unaccounted) in [(2, 0), (3, 0), (5, 2)] {
            count_unaccounted(changed, &mut tally);
            assert_eq!(tally.journal.unaccounted, unaccounted);
        }
    }

    #[test]
    fn a_check_that_fails_is_only_the_runs_fault_if_it_reads_nothing_but_what_the_run_touches() {
        let old = [r#"{"pk":{"S":"1"},"a":{"S":"x"},"zip":{"S":"1"}}"#];
        let now = [r#"{"pk":{"S":"1"},"a":{"S":"x"},"n":{"N":"0"}}"#];
        let counted = |check: &str| {
            let yaml = format!("id: m\nwhere: has(item.a)\nchange: [{{set: n, to: 0}}]\ncheck: {check}");
            let journal = verified(&yaml, &old, &now).0.journal;
            (journal.as_written, journal.check_failed, journal.check_unclear)
        };
        assert_eq!(counted("item.n == 0"), (1, 0, 0));
        assert_eq!(counted("item.n == 0 && has(item.zip)"), (1, 0, 1), "the application removed the zip");
    }
}
