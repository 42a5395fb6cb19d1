//! A page's items sorted into work: what to write, what to count, what to make of a write that failed its condition.

use crate::counts::{Sample, Tally};
use crate::journal::{Entry, Index, Standing};
use crate::migration::{Change, Invalid, Migration, Outcome, TableRules};
use crate::table::Table;
use crate::value::Item;

/// One write to be made.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    /// The item's key attributes.
    pub key: Item,
    /// The change.
    pub change: Change,
}

/// What a page, or an item, is judged by.
#[derive(Debug)]
pub struct Judge<'m, M> {
    /// The migration.
    pub migration: &'m M,
    /// What the table demands of a change.
    pub rules: &'m TableRules,
    /// The table.
    pub table: &'m Table,
}

impl<M: Migration> Judge<'_, M> {
    /// Sorts a page's items into writes and counts. `prior` is what earlier attempts journaled for this very page: an
    /// item that is as they would have left it was changed by this run, whatever became of the worker.
    pub fn sort_out(&self, items: Vec<Item>, prior: &Index, tally: &mut Tally) -> Vec<Work> {
        tally.counts.scanned += items.len() as u64;
        items.into_iter().filter_map(|item| self.sort_out_one(item, prior, tally)).collect()
    }

    fn sort_out_one(&self, item: Item, prior: &Index, tally: &mut Tally) -> Option<Work> {
        let key = self.table.key_of(&item);
        let standing = match prior.is_empty() {
            true => Standing::NotJournaled,
            false => prior.standing(&key, &item, self.migration.footprint().touched()),
        };
        match self.ruled(self.migration.consume(item)) {
            Outcome::Changed(change) => return Some(Work { key, change }),
            Outcome::AlreadyDone | Outcome::NotMatched if standing == Standing::AsWritten => tally.counts.changed += 1,
            outcome => self.count(&outcome, || key, tally),
        }
        None
    }

    /// Counts items that DynamoDB's filter left out: `where` is false for them, whether they were changed before or never
    /// were the migration's business.
    pub fn count_left_out(&self, items: u64, tally: &mut Tally) {
        tally.counts.scanned += items;
        tally.counts.not_matched += items;
    }

    /// Counts a write that took effect.
    pub fn count_written(&self, work: &Work, tally: &mut Tally) {
        tally.counts.changed += 1;
        tally.change_units += work.change.write_units();
    }

    /// Counts a write that DynamoDB refused for good.
    pub fn count_refused(&self, work: &Work, message: String, tally: &mut Tally) {
        tally.counts.invalid += 1;
        tally.journal.unwritten += 1;
        tally.find(work.key.clone(), Invalid::Refused(message).to_string());
    }

    /// Counts an item that is given up because it kept changing.
    pub fn count_given_up(&self, work: &Work, tally: &mut Tally) {
        tally.counts.conflicts += 1;
        tally.find(work.key.clone(), "the application kept changing it; it is as the application left it");
    }

    /// What is to be journaled and written again after a write failed its condition, given the item as it now is (none: it
    /// was deleted); nothing if nothing is left to do for it: then it was counted.
    pub fn after_conflict(&self, work: Work, now: Option<&Item>, tally: &mut Tally) -> Option<Work> {
        // If it is made, the write did take effect and its answer was lost; the SDK's retry then failed its condition.
        if !now.is_some_and(|item| work.change.is_made(item)) {
            tally.journal.unwritten += 1;
        }
        let again = self.renew(work, now, tally);
        tally.retries += u64::from(again.is_some());
        again
    }

    /// A write brought up to date with the item as it now is (none: it was deleted); nothing if nothing is left to do.
    pub fn renew(&self, work: Work, now: Option<&Item>, tally: &mut Tally) -> Option<Work> {
        let Some(item) = now else {
            tally.counts.not_matched += 1;
            return None;
        };
        if work.change.is_made(item) {
            self.count_written(&work, tally);
            return None;
        }
        match self.outcome(item) {
            Outcome::Changed(change) => Some(Work { key: work.key, change }),
            outcome => {
                self.count(&outcome, || self.table.key_of(item), tally);
                None
            }
        }
    }

    /// Counts an item of a rehearsal as a run would, and proves that applying twice equals applying once.
    pub fn rehearse(&self, item: &Item, tally: &mut Tally) {
        tally.counts.scanned += 1;
        let outcome = match self.outcome(item) {
            Outcome::Changed(change) if self.changes_again(item, &change) => Outcome::Invalid(Invalid::NotIdempotent),
            outcome => outcome,
        };
        let Outcome::Changed(change) = outcome else { return self.count(&outcome, || self.table.key_of(item), tally) };
        tally.counts.changed += 1;
        tally.change_units += change.write_units();
        tally.sample(|| {
            let Entry { key, before, after, .. } = Entry::of(self.table.key_of(item), &change, 0);
            Sample { key, before, after }
        });
    }

    /// What the migration makes of an item, with the table's rules applied.
    pub fn outcome(&self, item: &Item) -> Outcome {
        self.ruled(self.migration.apply(item))
    }

    fn ruled(&self, outcome: Outcome) -> Outcome {
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
                tally.find(key(), reason.to_string());
            }
        }
    }
}

#[cfg(test)]
#[path = "worklist_tests.rs"]
mod tests;
