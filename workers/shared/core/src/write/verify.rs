//! Verification: compares an item with the migration and with the journal.

use crate::change::migration::{Migration, Outcome};
use crate::item::value::Item;
use crate::write::counts::Tally;
use crate::write::journal_index::{ItemState, JournalIndex};
use crate::write::judge::Judge;

impl<M: Migration> Judge<'_, M> {
    /// Counts an item by its current state. An item that the migration would still change is late.
    pub fn verify(&self, item: &Item, journal: &JournalIndex, tally: &mut Tally) {
        let key = self.table.key_of(item);
        let state = match journal.is_empty() {
            true => ItemState::NotJournaled,
            false => journal.state_of(&key, item, self.migration.footprint().touched()),
        };
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
                    tally.journal.check_failed += 1;
                    tally.add_finding(key.clone(), "it is as the run left it, but `check` does not hold");
                }
            }
        }
    }
}

/// Counts the journaled items that the verification did not read: the application deleted them.
pub fn count_gone(journal: &JournalIndex, tally: &mut Tally) {
    tally.journal.gone = journal.len().saturating_sub(tally.journal.as_written + tally.journal.changed_since);
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

    #[test]
    fn written_changed_late_untouched_and_gone_items_are_counted_separately() {
        let yaml = "id: m\nwhere: has(item.a)\nchange: [{rename: {from: a, to: b}}]\ncheck: has(item.b)";
        let migration = Compiled::of(&Document::from_yaml(yaml).unwrap()).unwrap();
        let table: Table = serde_json::from_value(serde_json::json!({
            "name": "t", "arn": "", "status": "ACTIVE", "keys": ["pk"], "index_keys": {}, "items": 0, "bytes": 0,
            "time_to_live": null, "point_in_time_recovery": false, "replicas": 0, "indexes": 0, "stream": false
        }))
        .unwrap();
        let rules = TableRules::of(&table, 0);
        let judge = Judge { migration: &migration, rules: &rules, table: &table };
        let mut journal = JournalIndex::default();
        for key in ["1", "2", "3"] {
            let old = item(&format!(r#"{{"pk":{{"S":"{key}"}},"a":{{"S":"x"}}}}"#));
            let Outcome::Changed(change) = judge.outcome(&old) else { panic!() };
            journal.add(&Entry::of(table.key_of(&old), &change, 0));
        }
        let mut tally = Tally::default();
        for json in [
            r#"{"pk":{"S":"1"},"b":{"S":"x"}}"#,
            r#"{"pk":{"S":"2"},"b":{"S":"changed"}}"#,
            r#"{"pk":{"S":"4"},"a":{"S":"late"}}"#,
            r#"{"pk":{"S":"5"},"b":{"S":"new shape"}}"#,
            r#"{"pk":{"S":"6"}}"#,
        ] {
            judge.verify(&item(json), &journal, &mut tally);
        }
        count_gone(&journal, &mut tally);
        assert!(tally.counts.balance());
        let c = tally.counts;
        assert_eq!((c.scanned, c.changed, c.late, c.already_done, c.not_matched), (5, 2, 1, 1, 1));
        assert_eq!((tally.journal.as_written, tally.journal.changed_since, tally.journal.gone), (1, 1, 1));
    }
}
