//! Whether what happened keeps the promises about data. It knows the history and the engines, and nothing of how the
//! workers come to do what they do.

use std::collections::{BTreeMap, BTreeSet};

use tableshift_core::item::value::{Item, Value};
use tableshift_core::plan::phase::Phase;
use tableshift_core::write::counts::Tally;
use tableshift_core::write::journal::{Entry, decode};

use crate::campaign::actors::application::Manners;
use crate::campaign::actors::migrations::{Image, Meant, Subject};
use crate::campaign::engines::history::{By, Event, Invocation, What};

/// What the oracle holds of one item.
#[derive(Debug, Default)]
struct Known {
    item: Option<Item>,
    /// The touched attributes before and after the run's last write, until anybody else changes one of them.
    left: Option<(Image, Image)>,
    /// Whether the application wrote it after workers began.
    meddled: bool,
    /// Whether the run ever changed it.
    changed: bool,
}

/// Judges a history as it is told.
#[derive(Debug)]
pub struct Oracle {
    subject: Subject,
    run: String,
    known: BTreeMap<String, Known>,
    journal: BTreeMap<String, Vec<Entry>>,
    objects: BTreeMap<String, Vec<u8>>,
    held: BTreeMap<String, (u64, u64)>,
    lock: (u64, i64),
    began: bool,
    told: usize,
    writes: u64,
    /// How often others left an item in the new shape: a worker may take such an item for one that it changed.
    done_by_others: u64,
    violations: Vec<String>,
    /// Items of which nobody can tell whether the run or the application left them as they are.
    pub unclear: u64,
}

/// A worker that lost the lock notices within this time: it asks every two seconds, its calls may be retried.
const NOTICES_WITHIN: i64 = 300_000;

impl Oracle {
    /// An oracle for a run of a migration.
    pub fn new(subject: Subject, run: &str) -> Self {
        Self {
            subject,
            run: run.to_owned(),
            known: BTreeMap::new(),
            journal: BTreeMap::new(),
            objects: BTreeMap::new(),
            held: BTreeMap::new(),
            lock: (0, 0),
            began: false,
            told: 0,
            writes: 0,
            done_by_others: 0,
            violations: Vec::new(),
            unclear: 0,
        }
    }

    /// What was found.
    pub fn violations(self) -> Vec<String> {
        self.violations
    }

    /// Takes note of a promise that was not kept.
    pub fn object(&mut self, violation: impl Into<String>) {
        self.violations.push(violation.into());
    }

    /// Takes in what was added to a history since it was told last.
    pub fn hear(&mut self, history: &[Event]) {
        for event in &history[self.told..] {
            self.consider(event);
        }
        self.told = history.len();
    }

    fn consider(&mut self, event: &Event) {
        match &event.what {
            What::Item { key, before, after } => self.consider_item(event, key, before.as_ref(), after.as_ref()),
            What::Object { key, bytes } => self.consider_object(event, key, bytes),
            What::Checkpoint { part, held_by } => self.consider_checkpoint(event, part, *held_by),
            What::Lock { epoch } => {
                if *epoch <= self.lock.0 {
                    self.object(format!("{event}: the lock's epoch does not grow"));
                }
                self.lock = (*epoch, event.at);
            }
            What::Page { .. } => self.began = true,
        }
    }

    fn consider_item(&mut self, event: &Event, key: &str, before: Option<&Item>, after: Option<&Item>) {
        if self.known.entry(key.to_owned()).or_default().item.as_ref() != before {
            self.object(format!("{event}: the campaign missed a write before this one"));
        }
        match &event.by {
            By::Application | By::Harness => self.written_by_others(key, before, after),
            By::Worker(worker) if worker.phase == Phase::Migrate => self.migrated(event, worker, key, before, after),
            By::Worker(worker) if worker.phase == Phase::RollBack => self.rolled_back(event, key, before, after),
            By::Worker(_) => self.object(format!("{event}: a worker that may not write wrote")),
        }
        let began = self.began;
        let known = self.known.entry(key.to_owned()).or_default();
        known.meddled |= began && event.by == By::Application;
        known.item = after.cloned();
    }

    fn written_by_others(&mut self, key: &str, before: Option<&Item>, after: Option<&Item>) {
        let image = |item: Option<&Item>| item.map(|item| self.subject.image(item));
        if image(before) != image(after) {
            self.known.entry(key.to_owned()).or_default().left = None;
            let done = after.is_some_and(|item| self.subject.meant(item) == Meant::Left);
            self.done_by_others += u64::from(self.began && done);
        }
    }

    fn migrated(&mut self, event: &Event, worker: &Invocation, key: &str, before: Option<&Item>, after: Option<&Item>) {
        let Some(before) = before else { return self.object(format!("{event}: a deleted item was resurrected")) };
        let Some(after) = after else { return self.object(format!("{event}: an item was deleted")) };
        match self.subject.meant(before) {
            Meant::Changed(meant) if meant == *after => {}
            Meant::Changed(_) => {
                return self.object(format!(
                    "{event}: not what the migration makes of the item; an application write is lost"
                ));
            }
            _ => return self.object(format!("{event}: the item was not to be changed; an application write is lost")),
        }
        let (was, is) = (self.subject.image(before), self.subject.image(after));
        if !self.is_journaled(&worker.run, key, &was, &is) {
            self.object(format!("{event}: written before its before-image was in the journal"));
        }
        let ours = worker.run == self.run;
        self.writes += u64::from(ours);
        let known = self.known.entry(key.to_owned()).or_default();
        known.changed |= ours;
        known.left = ours.then_some((was, is));
    }

    fn is_journaled(&self, run: &str, key: &str, before: &Image, after: &Image) -> bool {
        let entries = self.journal.get(&format!("{run} {key}")).into_iter().flatten();
        entries.into_iter().any(|entry| entry.before == *before && entry.after == *after)
    }

    fn rolled_back(&mut self, event: &Event, key: &str, before: Option<&Item>, after: Option<&Item>) {
        let Some(before) = before else { return self.object(format!("{event}: a deleted item was resurrected")) };
        let Some(after) = after else { return self.object(format!("{event}: an item was deleted")) };
        if self.subject.rest(before) != self.subject.rest(after) {
            return self.object(format!("{event}: rolling back changed what the run did not touch"));
        }
        let (was, is) = (self.subject.image(before), self.subject.image(after));
        let journaled = self.is_journaled(&self.run, key, &is, &was);
        match self.known.entry(key.to_owned()).or_default().left.take() {
            Some((original, _)) if original == is => {}
            Some(_) => self.object(format!("{event}: put back to another value than it had before the run changed it")),
            // The application itself left it exactly as the run would have: the journal cannot tell the two apart.
            None if journaled => self.unclear += 1,
            None => self.object(format!("{event}: rolling back undid what the application wrote")),
        }
    }

    fn consider_object(&mut self, event: &Event, key: &str, bytes: &[u8]) {
        let Some((run, _)) = key.trim_start_matches("runs/").split_once("/journal/") else { return };
        if self.objects.get(key).is_some_and(|before| before != bytes) {
            self.object(format!("{event}: a journal object was overwritten with another"));
        }
        self.objects.insert(key.to_owned(), bytes.to_vec());
        for entry in decode(bytes).expect("a journal object that can be read") {
            self.journal.entry(format!("{run} {}", partition(&entry.key))).or_default().push(entry);
        }
    }

    fn consider_checkpoint(&mut self, event: &Event, part: &str, held_by: (u64, u64)) {
        let before = self.held.insert(part.to_owned(), held_by);
        if before.is_some_and(|before| before > held_by) {
            self.object(format!("{event}: an older attempt saved over a newer one"));
        }
        if held_by.0 < self.lock.0 && event.at - self.lock.1 > NOTICES_WITHIN {
            self.object(format!("{event}: a worker went on long after its lock was taken over"));
        }
    }

    /// The items as they are now.
    fn items(&self) -> impl Iterator<Item = (&String, &Item)> {
        self.known.iter().filter_map(|(key, known)| Some((key, known.item.as_ref()?)))
    }

    /// The items that a run would change now.
    pub fn left_over(&self) -> BTreeSet<String> {
        let matched = self.items().filter(|(_, item)| matches!(self.subject.meant(item), Meant::Changed(_)));
        matched.map(|(key, _)| key.clone()).collect()
    }

    /// Judges the table as it is after the writing, in which the application is silent.
    pub fn judge_table(&mut self, table: &[Item], seen_last: &[Event]) {
        let known: BTreeMap<&str, &Item> = self.items().map(|(key, item)| (key.as_str(), item)).collect();
        let found: BTreeMap<&str, &Item> = table.iter().map(|item| (partition(item), item)).collect();
        let differs = known != found;
        if differs {
            self.object("the table is not what its history says");
        }
        let seen: BTreeSet<&str> = seen_last.iter().flat_map(pages).map(partition).collect();
        let skipped = |key: &String| !self.known[key].meddled || seen.contains(key.as_str());
        let skipped: Vec<String> = self.left_over().into_iter().filter(skipped).collect();
        for key in skipped {
            self.object(format!("item {key} matches and was not changed, and the application is not to blame"));
        }
    }

    /// Judges what the writing counted. Where attempts overlapped (`overlapped`), what the fenced one still wrote may be
    /// counted as done already, though it is in the journal, and the proof counts it as changed.
    pub fn judge_writing(&mut self, tally: &Tally, manners: Manners, overlapped: bool) {
        let counts = tally.counts;
        if !counts.balance() {
            self.object(format!("the writing's counts do not balance: {counts:?}"));
        }
        let most = self.writes + self.done_by_others;
        if counts.changed > most {
            self.object(format!(
                "the writing counts {} changed items, and {most} were changed at the most",
                counts.changed
            ));
        }
        if manners != Manners::Rude {
            let changed = self.known.values().filter(|known| known.changed).count() as u64;
            let invalid = self.items().filter(|(_, item)| self.subject.meant(item) == Meant::Invalid).count() as u64;
            let right = (self.items().count() as u64, changed, invalid);
            let counted = if overlapped { counts.changed.max(changed) } else { counts.changed };
            if (counts.scanned, counted, counts.invalid) != right {
                self.object(format!("the writing counts {counts:?}, and (scanned, changed, invalid) are {right:?}"));
            }
        }
    }

    /// Judges what the verification found, while the application is silent.
    pub fn judge_proof(&mut self, tally: &Tally, writing: &Tally) {
        let (mut late, mut invalid, mut changed, mut other, mut as_written) = (0, 0, 0, 0, 0);
        let prefix = format!("{} ", self.run);
        for (key, item) in self.items() {
            let entries = self.journal.get(&format!("{prefix}{key}"));
            let image = self.subject.image(item);
            as_written += u64::from(entries.is_some_and(|entries| entries.iter().any(|entry| entry.after == image)));
            match (self.subject.meant(item), entries) {
                (Meant::Changed(_), _) => late += 1,
                (Meant::Invalid, _) => invalid += 1,
                (Meant::Left, Some(_)) => changed += 1,
                (Meant::Left, None) => other += 1,
            }
        }
        let (counts, journal) = (tally.counts, tally.journal);
        let told =
            [counts.late, counts.invalid, counts.changed, counts.already_done + counts.not_matched, journal.as_written];
        let right = [late, invalid, changed, other, as_written];
        if told != right {
            self.object(format!(
                "the proof counts (late, invalid, changed, other, as written) {told:?}; {right:?} is right"
            ));
        }
        let journaled = self.journal.keys().filter(|key| key.starts_with(&prefix)).count() as u64;
        let found = journal.as_written + journal.changed_since + journal.gone;
        if found != journaled || found < writing.counts.changed {
            self.object(format!(
                "the proof finds {found} of {journaled} journaled items, {} were changed",
                writing.counts.changed
            ));
        }
    }

    /// Judges the table after it was rolled back to the end.
    pub fn judge_way_back(&mut self) {
        let left = self.known.iter().filter(|(_, known)| known.item.is_some() && known.left.is_some());
        let left: Vec<String> = left.map(|(key, _)| key.clone()).collect();
        for key in left {
            self.object(format!("item {key} is as the run left it and was not put back"));
        }
    }
}

fn pages(event: &Event) -> &[Item] {
    match &event.what {
        What::Page { items } => items,
        _ => &[],
    }
}

fn partition(item: &Item) -> &str {
    match item.get("pk") {
        Some(Value::S(key)) => key,
        _ => panic!("every item has a text for a key"),
    }
}
