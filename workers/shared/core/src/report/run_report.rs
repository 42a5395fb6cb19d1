//! The report of a run: the counts of each phase, and the verdict with its reasons.

use crate::plan::estimate::{Estimate, cost_usd};
use crate::plan::phase::Phase;
use crate::plan::run_plan::RunPlan;
use crate::plan::wave::Wave;
use crate::write::counts::{Partial, Tally};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Whether a phase went well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The run may continue, or is done.
    Good,
    /// The run must not continue; the reasons say why.
    Bad,
}

/// The report of a run, stored in `runs/<run>/report.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The run's id.
    pub run: String,
    /// The stage's name.
    pub stage: String,
    /// The table's name.
    pub table: String,
    /// The migration's id.
    pub migration: String,
    /// The migration's description, written by its author.
    pub description: Option<String>,
    /// The SHA-256 of the migration's content.
    pub migration_hash: String,
    /// The SHA-256 of the plan.
    pub plan_hash: String,
    /// What the run was expected to consume when it was planned.
    pub estimate: Estimate,
    /// The last reported phase.
    pub phase: Phase,
    /// The wave of the last reported phase.
    #[serde(default, skip_serializing_if = "Wave::is_whole")]
    pub wave: Wave,
    /// The verdict of the last reported phase.
    pub verdict: Verdict,
    /// Why the verdict is bad; empty if it is good.
    pub reasons: Vec<String>,
    /// The section of each phase.
    pub phases: BTreeMap<Phase, PhaseReport>,
}

/// The section of one phase in the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhaseReport {
    /// The sum over all parts.
    #[serde(flatten)]
    pub tally: Tally,
    /// The number of parts of the phase.
    pub parts_expected: u64,
    /// The number of parts with a complete result.
    pub parts_reported: u64,
    /// The cost of the consumed units in US dollars at on-demand prices.
    pub cost_usd: f64,
    /// The verdict of this phase.
    pub verdict: Verdict,
    /// Why the verdict is bad; empty if it is good.
    pub reasons: Vec<String>,
    /// What people should know, although it does not make the verdict bad.
    pub notes: Vec<String>,
}

/// The sum of a phase's partial results. They are added one by one, so that thousands of them are not in memory at once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Gathered {
    tally: Tally,
    parts: u64,
    parts_done: u64,
}

impl Gathered {
    /// Adds a partial result. If there are too many examples, those of the first results are kept.
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
    /// The report of a run before any phase is reported.
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

    /// The counts of the last reported phase by name.
    pub fn last_counts(&self) -> BTreeMap<String, u64> {
        self.phases.get(&self.phase).map(|phase| phase.tally.counts.by_name()).unwrap_or_default()
    }

    /// Adds the section of a phase, with its verdict.
    pub fn fold(&mut self, phase: Phase, parts_expected: u64, gathered: impl Into<Gathered>, invalid_tolerated: u64) {
        let Gathered { tally, parts_done: parts_reported, .. } = gathered.into();
        let mut reasons = missing_parts(parts_expected, parts_reported);
        reasons.extend(match phase {
            Phase::DryRun => dry_run_faults(&tally, invalid_tolerated),
            Phase::Migrate => migrate_faults(&tally, invalid_tolerated),
            Phase::Verify => verification_faults(&tally, invalid_tolerated),
            Phase::RollBack => roll_back_faults(&tally),
        });
        let verdict = Verdict::of(&reasons);
        let cost_usd = cost_usd(tally.units.write, tally.units.read);
        let mut notes = notes(phase, &tally);
        notes.extend(self.note_on_scanned_items(phase, &tally, (parts_expected, parts_reported)));
        notes.extend(self.note_on_empty_canary(phase));
        let report = PhaseReport { tally, parts_expected, parts_reported, cost_usd, verdict, reasons, notes };
        self.phases.insert(phase, report);
        self.conclude(phase);
    }

    /// A note if Verify read another number of items than Migrate, or the same although the application deleted some. Which
    /// items are new cannot be known, because Migrate keeps the keys of changed items only. `parts` are the expected and the
    /// reported ones: after a canary alone, Migrate has read fewer segments.
    fn note_on_scanned_items(&self, phase: Phase, tally: &Tally, parts: (u64, u64)) -> Option<String> {
        let migrate = self.phases.get(&Phase::Migrate).filter(|_| phase == Phase::Verify)?;
        if parts != (migrate.parts_expected, migrate.parts_reported) {
            return None;
        }
        let migrated = migrate.tally.counts.scanned;
        let (now, gone) = (tally.counts.scanned, tally.journal.gone);
        let difference = match now.cmp(&migrated) {
            Ordering::Equal if gone == 0 => return None,
            Ordering::Equal => "the application inserted as many as were deleted".to_owned(),
            Ordering::Greater => format!("the application inserted {} more than were deleted", now - migrated),
            Ordering::Less => format!("{} more were deleted than the application inserted", migrated - now),
        };
        Some(format!("Migrate read {migrated} items and Verify {now}: since Migrate read them, {difference}"))
    }

    /// A note if the run changed no item of the canary, so that the canary proves nothing. Segments may be empty.
    fn note_on_empty_canary(&self, phase: Phase) -> Option<String> {
        let changed = self.phases.get(&Phase::Migrate).map_or(0, |migrate| migrate.tally.counts.changed);
        let is_empty = phase == Phase::Verify && self.wave == Wave::Canary && changed == 0;
        is_empty.then(|| {
            "the run changed no item in the canary's segments, so the canary says little about the others".into()
        })
    }

    /// The run's verdict is that of the last reported phase. A verification confirms what Migrate did, so a fault in Migrate
    /// also makes the verification's verdict bad: a good verification does not make up for a segment that was not written.
    fn conclude(&mut self, phase: Phase) {
        let of = |phase| self.phases.get(&phase).map(|report| report.reasons.clone()).unwrap_or_default();
        let mut reasons = of(phase);
        if phase == Phase::Verify {
            let faults = of(Phase::Migrate).into_iter().filter(|reason| !reasons.contains(reason));
            let faults: Vec<_> = faults.map(|reason| format!("{}: {reason}", Phase::Migrate.as_str())).collect();
            reasons.extend(faults);
        }
        (self.phase, self.verdict, self.reasons) = (phase, Verdict::of(&reasons), reasons);
    }
}

impl Verdict {
    /// Bad if there is any reason.
    fn of(reasons: &[String]) -> Self {
        if reasons.is_empty() { Self::Good } else { Self::Bad }
    }
}

fn missing_parts(expected: u64, reported: u64) -> Vec<String> {
    let missing = expected.saturating_sub(reported);
    if missing == 0 { Vec::new() } else { vec![format!("{missing} of {expected} parts have no complete result")] }
}

/// A reason if a count is over the tolerated number.
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
    let invalid = over(tally.counts.invalid, tolerated, "match but cannot be changed");
    unbalanced(tally).into_iter().chain(invalid).collect()
}

fn migrate_faults(tally: &Tally, tolerated: u64) -> Vec<String> {
    let conflicts = over(tally.counts.conflicts, 0, "were given up because the application kept changing them");
    dry_run_faults(tally, tolerated).into_iter().chain(conflicts).collect()
}

fn verification_faults(tally: &Tally, tolerated: u64) -> Vec<String> {
    let late = over(tally.counts.late, 0, "are in the old shape: old code still writes, or the run did not reach them");
    let check = over(tally.journal.check_failed, 0, "are as the run left them, but `check` does not hold for them");
    let faults = dry_run_faults(tally, tolerated).into_iter().chain(late).chain(check);
    faults.chain(unaccounted(tally)).collect()
}

/// Every item that Migrate counts as changed must be in the journal of its segment.
fn unaccounted(tally: &Tally) -> Option<String> {
    over(tally.journal.unaccounted, 0, "that Migrate changed are not in the journal")
}

/// Every journal object must be there too.
fn roll_back_faults(tally: &Tally) -> Vec<String> {
    let invalid = over(tally.counts.invalid, 0, "could not be restored");
    let missing = (tally.journal.missing_objects > 0).then(|| {
        let (count, named) = (tally.journal.missing_objects, tally.missing_objects.join(", "));
        format!("{count} journal objects are missing: {named}; restore them from an older version, and roll back again")
    });
    invalid.into_iter().chain(unaccounted(tally)).chain(missing).collect()
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
    let unclear = over(
        journal.check_unclear,
        0,
        "are as the run left them, but `check` does not hold for them: it also reads attributes that the run does not \
         touch, so the application may have changed those",
    );
    let gone = over(journal.gone, 0, "were deleted by the application since the run and stay deleted");
    let retries = over(tally.retries, 0, "changed while the run wrote them and were tried again with their new values");
    changed.into_iter().chain(unclear).chain(gone).chain(retries).collect()
}

#[cfg(test)]
mod tests;
