//! The progress of a phase: its counts so far, and how much of it is done.

use super::{OperateError, now};
use serde::Serialize;
use tableshift_aws::run_files::load;
use tableshift_aws::session::progress::{Progressing as _, SegmentCounts};
use tableshift_aws::session::stage::DeployedStage;
use tableshift_core::control::run_control::Control;
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::run_report::Report;
use tableshift_core::write::counts::Tally;

/// The progress of a phase in one wave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    /// The phase.
    pub phase: Phase,
    /// The number of segments, or of an export's files; 0 if it is not known.
    pub segments: u64,
    /// How many of them are done.
    pub done: u64,
    /// How many of them have started and are not done, whether a worker has them now or not.
    pub running: u64,
    /// About how many items the phase has to process: what the dry run counted, or else the table's ItemCount, which
    /// DynamoDB updates about every six hours. Source: DynamoDB API reference, TableDescription, ItemCount.
    pub items: u64,
    /// The counts of all segments so far.
    pub tally: Tally,
    /// The run's budget in write units a second, from the plan or an operator; none if there is no limit.
    pub budget: Option<f64>,
    /// The write units a second to which throttling by DynamoDB currently slows the run; none if it does not.
    pub slowed: Option<f64>,
}

/// Reads the counts of a phase from the ledger, and what the dry run counted from the report.
pub async fn read(
    stage: &DeployedStage,
    plan: &RunPlan,
    control: &Control,
    phase: Phase,
    wave: Wave,
) -> Result<Progress, OperateError> {
    let counts = stage.clients.ledger().progress(&plan.run, phase, wave).await.map_err(OperateError::Ledger)?;
    let report: Option<Report> =
        load(&stage.clients.bucket(), &keys::report(&plan.run)).await.map_err(OperateError::File)?;
    Ok(progress(plan, control, phase, wave, counts, report.as_ref()))
}

fn progress(
    plan: &RunPlan,
    control: &Control,
    phase: Phase,
    wave: Wave,
    counts: SegmentCounts,
    report: Option<&Report>,
) -> Progress {
    let dry_run = report.and_then(|report| report.phases.get(&Phase::DryRun)).map(|report| report.tally.counts.scanned);
    let writes = matches!(phase, Phase::Migrate | Phase::RollBack);
    let budget = control.write_units_per_second.or(plan.write_units_per_second);
    let segments_of_wave = u64::from(plan.segments_of(wave));
    // The plan does not know how many files an export will have.
    let reads_export = phase == Phase::DryRun && plan.steps.export;
    Progress {
        phase,
        segments: if reads_export { 0 } else { segments_of_wave },
        done: counts.done,
        running: counts.begun - counts.done,
        // Segments are of similar size, so a share of the segments has about the same share of the items.
        items: dry_run.unwrap_or(plan.table.items) * segments_of_wave / u64::from(plan.segments.max(1)),
        tally: counts.tally,
        budget: budget.filter(|_| writes).map(f64::from),
        slowed: if writes { slowed_rate(control) } else { None },
    }
}

/// The rate to which throttling slows the run. Once the rate has recovered to eight times what it was cut to, the
/// workers ignore the cut.
fn slowed_rate(control: &Control) -> Option<f64> {
    let slowed = control.slowed?;
    let rate = slowed.rate(now());
    (rate < slowed.to * 8.0).then_some(rate)
}

impl Progress {
    /// How many items the phase has processed. A roll-back reads the journal and scans no items.
    pub fn processed(&self) -> u64 {
        let (counts, journal) = (&self.tally.counts, &self.tally.journal);
        match self.phase {
            Phase::RollBack => journal.restored + journal.already_restored + journal.spared + journal.gone,
            Phase::DryRun | Phase::Migrate | Phase::Verify => counts.scanned,
        }
    }

    /// How much of the phase is done, from 0 to 1: by items if their number is known, otherwise by segments. It is less
    /// than 1 until all segments are done.
    pub fn fraction(&self) -> f64 {
        let by_items = self.processed() as f64 / self.items.max(1) as f64;
        let by_segments = self.done as f64 / self.segments.max(1) as f64;
        match (self.segments > 0 && self.done == self.segments, self.items > 0) {
            (true, _) => 1.0,
            (false, true) => by_items.min(0.99),
            (false, false) => by_segments.min(0.99),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tableshift_core::write::counts::{Counts, JournalCounts};

    #[test]
    fn the_fraction_is_less_than_one_until_every_segment_is_done() {
        let counts = Counts { scanned: 5000, ..Counts::default() };
        let mut progress = Progress {
            phase: Phase::Migrate,
            segments: 10,
            done: 2,
            running: 4,
            items: 1000,
            tally: Tally { counts, ..Tally::default() },
            budget: None,
            slowed: None,
        };
        assert_eq!(progress.fraction(), 0.99);
        progress.done = 10;
        assert_eq!(progress.fraction(), 1.0);
        progress.phase = Phase::RollBack;
        progress.tally.journal = JournalCounts { restored: 3, spared: 1, ..JournalCounts::default() };
        assert_eq!(progress.processed(), 4);
    }
}
