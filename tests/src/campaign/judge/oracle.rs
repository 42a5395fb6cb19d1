//! Checks each effect in the history against the promises about data. The oracle knows the history and the engines, and
//! nothing of how the workers work.

use std::collections::{BTreeMap, BTreeSet};

use tableshift_core::item::value::{Item, Value};
use tableshift_core::plan::phase::Phase;
use tableshift_core::write::journal::{Entry, Record, decode};

use crate::campaign::actors::migrations::{Expected, Image, MigrationUnderTest};
use crate::campaign::engines::history::{Actor, Effect, Event, Invocation};

/// What the oracle knows about one item.
#[derive(Debug, Default)]
pub(super) struct ItemState {
    pub(super) item: Option<Item>,
    /// The touched attributes before and after the run's last write, until someone else changes one of them.
    pub(super) last_write: Option<(Image, Image)>,
    /// Whether the application wrote it after the workers started.
    pub(super) written_by_application: bool,
    /// Whether the run ever changed it.
    pub(super) changed: bool,
}

/// A journal entry.
#[derive(Debug)]
pub(super) struct Journaled {
    /// The key of its object.
    object: String,
    /// Whether it was taken back.
    is_void: bool,
    entry: Entry,
}

/// Checks a history event by event, and the tables and counts at the end of each phase.
#[derive(Debug)]
pub struct Oracle {
    pub(super) migration: MigrationUnderTest,
    pub(super) run: String,
    /// The table's items, by partition key.
    pub(super) items: BTreeMap<String, ItemState>,
    /// The journal entries, by run and partition key.
    pub(super) journal: BTreeMap<String, Vec<Journaled>>,
    /// The content of each journal object.
    objects: BTreeMap<String, Vec<u8>>,
    /// The fencing token and the attempt of each checkpoint.
    checkpoints: BTreeMap<String, (u64, u64)>,
    /// The lock's fencing token, and when it was taken.
    lock: (u64, i64),
    /// Whether a worker has read a page.
    started: bool,
    /// How many events of the history were checked.
    observed: usize,
    /// How many writes the run made.
    pub(super) writes: u64,
    /// How often others left an item in the new shape: a worker may take such an item for one that it changed.
    pub(super) migrated_by_others: u64,
    violations: Vec<String>,
    /// The number of rolled-back writes that may have been the run's or the application's: the two cannot be told apart.
    pub unclear: u64,
}

/// A worker that lost the lock must notice within this time, in milliseconds. It reads the lock every two seconds, and its
/// calls may be retried.
const LOST_LOCK_NOTICED_WITHIN: i64 = 300_000;

impl Oracle {
    /// An oracle for a run of a migration.
    pub fn new(migration: MigrationUnderTest, run: &str) -> Self {
        Self {
            migration,
            run: run.to_owned(),
            items: BTreeMap::new(),
            journal: BTreeMap::new(),
            objects: BTreeMap::new(),
            checkpoints: BTreeMap::new(),
            lock: (0, 0),
            started: false,
            observed: 0,
            writes: 0,
            migrated_by_others: 0,
            violations: Vec::new(),
            unclear: 0,
        }
    }

    /// The promises that were not kept.
    pub fn violations(self) -> Vec<String> {
        self.violations
    }

    /// Records a promise that was not kept.
    pub fn report_violation(&mut self, violation: impl Into<String>) {
        self.violations.push(violation.into());
    }

    /// Checks the events that were added to a history since the last call.
    pub fn observe(&mut self, history: &[Event]) {
        for event in &history[self.observed..] {
            self.check(event);
        }
        self.observed = history.len();
    }

    fn check(&mut self, event: &Event) {
        match &event.effect {
            Effect::Item { key, before, after } => self.check_item(event, key, before.as_ref(), after.as_ref()),
            Effect::Object { key, bytes } => self.check_object(event, key, bytes),
            Effect::Checkpoint { part, held_by } => self.check_checkpoint(event, part, *held_by),
            Effect::Lock { epoch } => {
                if *epoch <= self.lock.0 {
                    self.report_violation(format!("{event}: the lock's epoch does not grow"));
                }
                self.lock = (*epoch, event.at);
            }
            Effect::Page { .. } => self.started = true,
        }
    }

    fn check_item(&mut self, event: &Event, key: &str, before: Option<&Item>, after: Option<&Item>) {
        if self.items.entry(key.to_owned()).or_default().item.as_ref() != before {
            self.report_violation(format!("{event}: the history misses a write before this one"));
        }
        match &event.actor {
            Actor::Application | Actor::Harness => self.written_by_others(key, before, after),
            Actor::Worker(worker) if worker.phase == Phase::Migrate => self.migrated(event, worker, key, before, after),
            Actor::Worker(worker) if worker.phase == Phase::RollBack => self.rolled_back(event, key, before, after),
            Actor::Worker(_) => self.report_violation(format!("{event}: a worker wrote that must not write")),
        }
        let started = self.started;
        let state = self.items.entry(key.to_owned()).or_default();
        state.written_by_application |= started && event.actor == Actor::Application;
        state.item = after.cloned();
    }

    fn written_by_others(&mut self, key: &str, before: Option<&Item>, after: Option<&Item>) {
        let image = |item: Option<&Item>| item.map(|item| self.migration.image(item));
        if image(before) != image(after) {
            self.items.entry(key.to_owned()).or_default().last_write = None;
            let done = after.is_some_and(|item| self.migration.expected(item) == Expected::NotMatched);
            self.migrated_by_others += u64::from(self.started && done);
        }
    }

    fn migrated(&mut self, event: &Event, worker: &Invocation, key: &str, before: Option<&Item>, after: Option<&Item>) {
        let Some(before) = before else {
            return self.report_violation(format!("{event}: a deleted item was created again"));
        };
        let Some(after) = after else { return self.report_violation(format!("{event}: an item was deleted")) };
        match self.migration.expected(before) {
            Expected::Changed(expected) if expected == *after => {}
            Expected::Changed(_) => {
                return self.report_violation(format!(
                    "{event}: the item did not become what the migration makes of it; an application write is lost"
                ));
            }
            _ => {
                return self.report_violation(format!(
                    "{event}: the item should not have been changed; an application write is lost"
                ));
            }
        }
        let (was, is) = (self.migration.image(before), self.migration.image(after));
        if !self.is_journaled(&worker.run, key, &was, &is) {
            self.report_violation(format!("{event}: written before its before-image was in the journal"));
        }
        let ours = worker.run == self.run;
        self.writes += u64::from(ours);
        let state = self.items.entry(key.to_owned()).or_default();
        state.changed |= ours;
        state.last_write = ours.then_some((was, is));
    }

    fn rolled_back(&mut self, event: &Event, key: &str, before: Option<&Item>, after: Option<&Item>) {
        let Some(before) = before else {
            return self.report_violation(format!("{event}: a deleted item was created again"));
        };
        let Some(after) = after else { return self.report_violation(format!("{event}: an item was deleted")) };
        if self.migration.untouched_attributes(before) != self.migration.untouched_attributes(after) {
            return self
                .report_violation(format!("{event}: rolling back changed an attribute that the run did not touch"));
        }
        let (was, is) = (self.migration.image(before), self.migration.image(after));
        let journaled = self.is_journaled(&self.run, key, &is, &was);
        match self.items.entry(key.to_owned()).or_default().last_write.take() {
            Some((original, _)) if original == is => {}
            Some(_) => self.report_violation(format!(
                "{event}: restored to another value than the item had before the run changed it"
            )),
            // The application itself left the item exactly as the run would have: the journal cannot tell the two apart.
            None if journaled => self.unclear += 1,
            None => self.report_violation(format!("{event}: rolling back undid a write of the application")),
        }
    }

    fn check_object(&mut self, event: &Event, key: &str, bytes: &[u8]) {
        let Some((run, _)) = key.trim_start_matches("runs/").split_once("/journal/") else { return };
        match self.objects.insert(key.to_owned(), bytes.to_vec()) {
            None => {}
            // The client sent it again, because the answer was lost.
            Some(before) if before == bytes => return,
            Some(_) => {
                return self
                    .report_violation(format!("{event}: a journal object was overwritten with different content"));
            }
        }
        let prefix = key.rsplit_once('/').map_or("", |(prefix, _)| prefix);
        for record in decode(bytes).expect("a readable journal object") {
            match record {
                Record::Entry(entry) => {
                    let journaled = Journaled { object: key.to_owned(), is_void: false, entry };
                    let of_item = format!("{run} {}", partition(&journaled.entry.key));
                    self.journal.entry(of_item).or_default().push(journaled);
                }
                Record::Void(void) => self.check_void(event, run, &format!("{prefix}/{}", void.void), &void.key),
            }
        }
    }

    /// A void takes back an entry whose write did not take effect. The item's last write must not be that of the entry.
    fn check_void(&mut self, event: &Event, run: &str, object: &str, key: &Item) {
        let key = partition(key);
        let entries = self.journal.get_mut(&format!("{run} {key}")).into_iter().flatten();
        let Some(voided) = entries.into_iter().find(|journaled| journaled.object == object) else {
            return self.report_violation(format!("{event}: a void of an entry that is not in the journal"));
        };
        voided.is_void = true;
        let Journaled { entry, .. } = voided;
        let image = (entry.before.clone(), entry.after.clone());
        let others = self.journal.get(&format!("{run} {key}")).into_iter().flatten();
        let left =
            others.filter(|other| !other.is_void && (&other.entry.before, &other.entry.after) == (&image.0, &image.1));
        let last = self.items.get(key).and_then(|state| state.last_write.as_ref());
        if run == self.run && last == Some(&image) && left.count() == 0 {
            self.report_violation(format!("{event}: the entry of a write that took effect was voided"));
        }
    }

    /// Whether an entry with this change, which was not voided, is in the journal.
    fn is_journaled(&self, run: &str, key: &str, before: &Image, after: &Image) -> bool {
        let mut entries = self.valid_entries(&format!("{run} {key}")).into_iter();
        entries.any(|entry| entry.before == *before && entry.after == *after)
    }

    /// The entries of an item, by run and partition key, that were not voided.
    pub(super) fn valid_entries(&self, of_item: &str) -> Vec<&Entry> {
        let entries = self.journal.get(of_item).into_iter().flatten().filter(|journaled| !journaled.is_void);
        entries.map(|journaled| &journaled.entry).collect()
    }

    fn check_checkpoint(&mut self, event: &Event, part: &str, held_by: (u64, u64)) {
        let before = self.checkpoints.insert(part.to_owned(), held_by);
        if before.is_some_and(|before| before > held_by) {
            self.report_violation(format!("{event}: an older attempt saved over a newer one"));
        }
        if held_by.0 < self.lock.0 && event.at - self.lock.1 > LOST_LOCK_NOTICED_WITHIN {
            self.report_violation(format!("{event}: a worker continued long after its lock was taken over"));
        }
    }

    /// The items that exist.
    pub(super) fn existing_items(&self) -> impl Iterator<Item = (&String, &Item)> {
        self.items.iter().filter_map(|(key, state)| Some((key, state.item.as_ref()?)))
    }

    /// The partition keys of the items that a run would change now.
    pub fn left_over(&self) -> BTreeSet<String> {
        let matched =
            self.existing_items().filter(|(_, item)| matches!(self.migration.expected(item), Expected::Changed(_)));
        matched.map(|(key, _)| key.clone()).collect()
    }
}

/// An item's partition key.
pub(super) fn partition(item: &Item) -> &str {
    match item.get("pk") {
        Some(Value::S(key)) => key,
        _ => panic!("every item has a string as its key"),
    }
}
