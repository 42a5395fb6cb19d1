//! What must hold at the end of a phase: the table, the counts that the workers report, and what is left to do.

use std::collections::{BTreeMap, BTreeSet};

use tableshift_core::item::value::Item;
use tableshift_core::write::counts::Tally;

use crate::campaign::actors::application::ApplicationMode;
use crate::campaign::actors::migrations::Expected;
use crate::campaign::engines::history::{Effect, Event};
use crate::campaign::judge::oracle::{ItemState, Oracle, partition};

impl Oracle {
    /// Checks the table after the last execution of the migrate phase, during which the application was silent.
    /// `seen_last` is the history of that execution.
    pub fn check_table(&mut self, table: &[Item], seen_last: &[Event]) {
        let known: BTreeMap<&str, &Item> = self.existing_items().map(|(key, item)| (key.as_str(), item)).collect();
        let found: BTreeMap<&str, &Item> = table.iter().map(|item| (partition(item), item)).collect();
        let differs = known != found;
        if differs {
            self.report_violation("the table differs from its history");
        }
        let seen: BTreeSet<&str> = seen_last.iter().flat_map(page_items).map(partition).collect();
        let skipped = |key: &String| !self.items[key].written_by_application || seen.contains(key.as_str());
        let skipped: Vec<String> = self.left_over().into_iter().filter(skipped).collect();
        for key in skipped {
            self.report_violation(format!(
                "item {key} matches and was not changed, although the application did not write it"
            ));
        }
    }

    /// Checks the counts of the migrate phase. If attempts overlapped, the writes of the fenced attempt may be counted as
    /// already done, although they are in the journal and the verification counts them as changed.
    pub fn check_migrate_counts(&mut self, tally: &Tally, mode: ApplicationMode, overlapped: bool) {
        let counts = tally.counts;
        if !counts.balance() {
            self.report_violation(format!("the migrate phase's counts do not balance: {counts:?}"));
        }
        let possible = self.writes + self.migrated_by_others;
        if counts.changed > possible {
            self.report_violation(format!(
                "the migrate phase counts {} changed items, but at most {possible} were changed",
                counts.changed
            ));
        }
        if mode != ApplicationMode::Unrestricted {
            let changed = self.items.values().filter(|state| state.changed).count() as u64;
            let invalid =
                self.existing_items().filter(|(_, item)| self.migration.expected(item) == Expected::Invalid).count()
                    as u64;
            let correct = (self.existing_items().count() as u64, changed, invalid);
            let counted = if overlapped { counts.changed.max(changed) } else { counts.changed };
            if (counts.scanned, counted, counts.invalid) != correct {
                self.report_violation(format!(
                    "the migrate phase counts {counts:?}; (scanned, changed, invalid) are {correct:?}"
                ));
            }
        }
    }

    /// Checks the counts of the verify phase, during which the application was silent. `migrate` has the counts of the
    /// migrate phase.
    pub fn check_verification(&mut self, tally: &Tally, migrate: &Tally) {
        let (mut late, mut invalid, mut changed, mut other, mut as_written) = (0, 0, 0, 0, 0);
        let prefix = format!("{} ", self.run);
        for (key, item) in self.existing_items() {
            let entries = self.valid_entries(&format!("{prefix}{key}"));
            let image = self.image(item);
            as_written += u64::from(entries.iter().any(|entry| entry.after == image));
            match (self.migration.expected(item), entries.is_empty()) {
                (Expected::Changed(_), _) => late += 1,
                (Expected::Invalid, _) => invalid += 1,
                (Expected::NotMatched, false) => changed += 1,
                (Expected::NotMatched, true) => other += 1,
            }
        }
        let (counts, journal) = (tally.counts, tally.journal);
        let counted =
            [counts.late, counts.invalid, counts.changed, counts.already_done + counts.not_matched, journal.as_written];
        let correct = [late, invalid, changed, other, as_written];
        if counted != correct {
            self.report_violation(format!(
                "the verification counts (late, invalid, changed, other, as written) {counted:?}; {correct:?} is correct"
            ));
        }
        let keys = self.journal.keys().filter(|key| key.starts_with(&prefix));
        let journaled = keys.filter(|key| !self.valid_entries(key).is_empty()).count() as u64;
        let found = journal.as_written + journal.changed_since + journal.gone;
        if found != journaled || found < migrate.counts.changed {
            self.report_violation(format!(
                "the verification finds {found} of {journaled} journaled items; {} were changed",
                migrate.counts.changed
            ));
        }
    }

    /// Checks that the completed roll-back restored every item that it could restore.
    /// Both tallies are those of the run: of the roll-back and of the migrate phase.
    pub fn check_roll_back(&mut self, run: &str, tally: &Tally, migrate: &Tally) {
        let is_left =
            |state: &ItemState| state.item.is_some() && state.last_write.as_ref().is_some_and(|last| last.run == run);
        let left = self.items.iter().filter(|(_, state)| is_left(state));
        let left: Vec<String> = left.map(|(key, _)| key.clone()).collect();
        for key in left {
            self.report_violation(format!("item {key} is as the run left it and was not restored"));
        }
        self.check_roll_back_counts(run, tally, migrate);
    }

    /// Every journaled item has one outcome, and those that the application did not write are restored.
    fn check_roll_back_counts(&mut self, run: &str, tally: &Tally, migrate: &Tally) {
        let (journal, invalid) = (tally.journal, tally.counts.invalid);
        let prefix = format!("{run} ");
        let keys = self.journal.keys().filter(|key| !self.valid_entries(key).is_empty());
        let keys: Vec<&str> = keys.filter_map(|key| key.strip_prefix(&prefix)).collect();
        let untouched = keys.iter().filter(|key| !self.items[**key].written_by_application).count() as u64;
        let (journaled, restored) = (keys.len() as u64, journal.restored + journal.already_restored);
        let all = restored + journal.spared + journal.gone + invalid;
        if all != journaled || all < migrate.counts.changed || journal.unaccounted + journal.missing_objects > 0 {
            self.report_violation(format!(
                "the roll-back accounts for {all} of {journaled} journaled items, {} of them changed: {journal:?}",
                migrate.counts.changed
            ));
        }
        if restored + invalid < untouched {
            self.report_violation(format!(
                "the roll-back counts {restored} items as restored, but {untouched} were not written by the application"
            ));
        }
    }
}

/// The items of a page that was read; none for other events.
fn page_items(event: &Event) -> &[Item] {
    match &event.effect {
        Effect::Page { items } => items,
        _ => &[],
    }
}
