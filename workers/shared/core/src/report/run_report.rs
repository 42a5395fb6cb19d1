//! The report of a run: what each phase found, and the verdict with its reasons.

use crate::plan::estimate::{Estimate, cost_usd};
use crate::plan::phase::Phase;
use crate::plan::run_plan::RunPlan;
use crate::plan::wave::Wave;
use crate::write::counts::{Partial, Tally};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Whether a phase went as it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The run may go on, or is done.
    Good,
    /// The run must not go on; the reasons say why.
    Bad,
}

/// `runs/<run>/report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The run.
    pub run: String,
    /// The stage.
    pub stage: String,
    /// The table.
    pub table: String,
    /// The migration's id.
    pub migration: String,
    /// What the migration does, in its author's words.
    pub description: Option<String>,
    /// The migration's content hash.
    pub migration_hash: String,
    /// The plan's hash.
    pub plan_hash: String,
    /// What was expected before the dry run.
    pub estimate: Estimate,
    /// The phase that was reported last.
    pub phase: Phase,
    /// Whose turn it was, in a run with a canary.
    #[serde(default, skip_serializing_if = "Wave::is_whole")]
    pub wave: Wave,
    /// That phase's verdict.
    pub verdict: Verdict,
    /// Why the verdict is bad; empty if it is good.
    pub reasons: Vec<String>,
    /// What each phase found.
    pub phases: BTreeMap<Phase, PhaseReport>,
}

/// What one phase found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseReport {
    /// The sums over all parts.
    #[serde(flatten)]
    pub tally: Tally,
    /// How many parts there were to be.
    pub parts_expected: u64,
    /// How many left a result.
    pub parts_reported: u64,
    /// What the consumed units cost in US dollars, at on-demand prices.
    pub cost_usd: f64,
    /// The verdict.
    pub verdict: Verdict,
    /// Why it is bad.
    pub reasons: Vec<String>,
    /// What a person should know, though it is no fault.
    pub notes: Vec<String>,
}

/// A phase's partial results, summed one by one: thousands of them need not be in memory at a time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gathered {
    tally: Tally,
    parts: u64,
    parts_done: u64,
}

impl Gathered {
    /// Adds a partial result. The order decides which examples are kept.
    pub fn add(&mut self, partial: Partial) {
        self.parts += 1;
        self.parts_done += u64::from(partial.done);
        self.tally.add(partial.tally);
    }

    /// Whether no partial result was added.
    pub fn is_empty(&self) -> bool {
        self.parts == 0
    }
}

impl From<Vec<Partial>> for Gathered {
    fn from(partials: Vec<Partial>) -> Self {
        let mut gathered = Self::default();
        partials.into_iter().for_each(|partial| gathered.add(partial));
        gathered
    }
}

impl Report {
    /// The report of a run about which nothing was reported yet.
    pub fn new(plan: &RunPlan, phase: Phase) -> Self {
        Self {
            run: plan.run.clone(),
            stage: plan.stage.clone(),
            table: plan.table.name.clone(),
            migration: plan.migration.id.clone(),
            description: plan.migration.description.clone(),
            migration_hash: plan.migration_hash.clone(),
            plan_hash: plan.hash(),
            estimate: plan.estimate,
            phase,
            wave: Wave::Whole,
            verdict: Verdict::Good,
            reasons: Vec::new(),
            phases: BTreeMap::new(),
        }
    }

    /// The counts of the phase that was reported last, by name.
    pub fn last_counts(&self) -> BTreeMap<String, u64> {
        self.phases.get(&self.phase).map(|phase| phase.tally.counts.by_name()).unwrap_or_default()
    }

    /// Takes a phase's partial results in and judges it. Verify is judged against what Migrate did.
    pub fn fold(&mut self, phase: Phase, parts_expected: u64, gathered: impl Into<Gathered>, invalid_tolerated: u64) {
        let Gathered { tally, parts_done: parts_reported, .. } = gathered.into();
        let mut reasons = missing_parts(parts_expected, parts_reported);
        let migrated = self.phases.get(&Phase::Migrate).map(|migrate| &migrate.tally);
        reasons.extend(match phase {
            Phase::DryRun => dry_run_faults(&tally, invalid_tolerated),
            Phase::Migrate => writing_faults(&tally, invalid_tolerated),
            Phase::Verify => verification_faults(&tally, migrated, invalid_tolerated),
            Phase::RollBack => over(tally.counts.invalid, 0, "could not be put back").into_iter().collect(),
        });
        let verdict = Verdict::of(&reasons);
        let cost_usd = cost_usd(tally.units.write, tally.units.read);
        let mut notes = notes(phase, &tally);
        notes.extend(self.note_on_empty_canary(phase));
        let report = PhaseReport { tally, parts_expected, parts_reported, cost_usd, verdict, reasons, notes };
        self.phases.insert(phase, report);
        self.conclude(phase);
    }

    /// That a canary proves nothing, because none of its items was the migration's business: segments may be empty.
    fn note_on_empty_canary(&self, phase: Phase) -> Option<String> {
        let changed = self.phases.get(&Phase::Migrate).map_or(0, |migrate| migrate.tally.counts.changed);
        let is_empty = phase == Phase::Verify && self.wave == Wave::Canary && changed == 0;
        is_empty
            .then(|| "the canary's segments held no item that the run changes, so it says little of the rest".into())
    }

    /// The run's verdict is that of the phase that was reported last. A verification proves the writing, so a fault of
    /// the writing is one of the verification: no good proof makes up for a segment that was never written.
    fn conclude(&mut self, phase: Phase) {
        let of = |phase| self.phases.get(&phase).map(|report| report.reasons.clone()).unwrap_or_default();
        let mut reasons = of(phase);
        if phase == Phase::Verify {
            let writing = of(Phase::Migrate).into_iter().filter(|reason| !reasons.contains(reason));
            let writing: Vec<_> = writing.map(|reason| format!("{}: {reason}", Phase::Migrate.as_str())).collect();
            reasons.extend(writing);
        }
        (self.phase, self.verdict, self.reasons) = (phase, Verdict::of(&reasons), reasons);
    }
}

impl Verdict {
    /// The verdict that these reasons come to.
    fn of(reasons: &[String]) -> Self {
        if reasons.is_empty() { Self::Good } else { Self::Bad }
    }
}

fn missing_parts(expected: u64, reported: u64) -> Vec<String> {
    let missing = expected.saturating_sub(reported);
    if missing == 0 { Vec::new() } else { vec![format!("{missing} of {expected} parts left no result")] }
}

/// A reason for each count that is over what is tolerated.
fn over(count: u64, tolerated: u64, what: &str) -> Option<String> {
    (count > tolerated).then(|| {
        let tolerated = if tolerated > 0 { format!(" (tolerated: {tolerated})") } else { String::new() };
        format!("{count} items {what}{tolerated}")
    })
}

fn unbalanced(tally: &Tally) -> Option<String> {
    (!tally.counts.balance()).then(|| format!("the counts do not add up to the {} items scanned", tally.counts.scanned))
}

fn dry_run_faults(tally: &Tally, tolerated: u64) -> Vec<String> {
    let invalid = over(tally.counts.invalid, tolerated, "match and cannot be changed");
    unbalanced(tally).into_iter().chain(invalid).collect()
}

fn writing_faults(tally: &Tally, tolerated: u64) -> Vec<String> {
    let conflicts = over(tally.counts.conflicts, 0, "were given up, because the application kept changing them");
    dry_run_faults(tally, tolerated).into_iter().chain(conflicts).collect()
}

fn verification_faults(tally: &Tally, migrated: Option<&Tally>, tolerated: u64) -> Vec<String> {
    let late = over(tally.counts.late, 0, "are in the old shape: old code still writes, or the run did not reach them");
    let check = over(tally.journal.check_failed, 0, "are as the run left them and `check` does not hold for them");
    let unmatched = migrated.and_then(|migrate| unreconciled(tally, migrate));
    let faults = dry_run_faults(tally, tolerated).into_iter().chain(late).chain(check);
    faults.chain(unmatched).collect()
}

/// Every item that Migrate counts as changed is found in the journal: as written, changed since, or gone. The journal
/// may hold more, for an entry is made before its write and a worker may die between the two.
fn unreconciled(tally: &Tally, migrate: &Tally) -> Option<String> {
    let found = tally.journal.as_written + tally.journal.changed_since + tally.journal.gone;
    let changed = migrate.counts.changed;
    (found < changed).then(|| format!("the journal accounts for {found} items, but the writing changed {changed}"))
}

fn notes(phase: Phase, tally: &Tally) -> Vec<String> {
    let journal = &tally.journal;
    let changed = match phase {
        Phase::Verify => over(journal.changed_since, 0, "were changed by the application since the run wrote them"),
        Phase::RollBack => {
            over(journal.spared, 0, "were changed by the application since the run and were left as they are")
        }
        Phase::DryRun | Phase::Migrate => None,
    };
    let gone = over(journal.gone, 0, "were deleted by the application since the run and stay deleted");
    let retries = over(tally.retries, 0, "changed under the run's hands and were taken up again as they then were");
    changed.into_iter().chain(gone).chain(retries).collect()
}

#[cfg(test)]
mod tests;
