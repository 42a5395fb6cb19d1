//! The keys of a run's objects in the stack's bucket, all under `runs/<run>/`.

use crate::plan::phase::Phase;

/// The document of the migration with this id.
pub fn migration(id: &str) -> String {
    format!("migrations/{id}.yaml")
}

/// The prefix of all objects of a run.
pub fn run(run: &str) -> String {
    format!("runs/{run}/")
}

/// The run's [plan](crate::plan::run_plan::RunPlan). It is written once.
pub fn plan(run: &str) -> String {
    format!("runs/{run}/plan.json")
}

/// The list of all segments, for the Maps over segments.
pub fn segments(run: &str) -> String {
    format!("runs/{run}/segments.json")
}

/// The list of the canary's segments, for the same Maps in the canary wave.
pub fn canary(run: &str) -> String {
    format!("runs/{run}/canary.json")
}

/// The list of the dry run's [parts](crate::plan::parts::Part), for the Map over them.
pub fn dry_run_parts(run: &str) -> String {
    format!("runs/{run}/dry-run.json")
}

/// The prefix under which DynamoDB writes the export.
pub fn export_prefix(run: &str) -> String {
    format!("runs/{run}/export")
}

/// The prefix under which Step Functions writes the results of Map runs.
pub fn map_runs(run: &str) -> String {
    format!("runs/{run}/map-runs")
}

/// The prefix of a phase's partial results.
pub fn partials(run: &str, phase: Phase) -> String {
    format!("runs/{run}/{}/", phase.as_str())
}

/// The partial result of one segment or export file.
pub fn partial(run: &str, phase: Phase, part: &str) -> String {
    format!("{}{part}.json", partials(run, phase))
}

/// The progress of a segment's verification: its counts, and which journaled items were read.
pub fn verification(run: &str, segment: &str) -> String {
    format!("runs/{run}/verification/{segment}.json")
}

/// The prefix of a segment's journal objects.
pub fn journal(run: &str, segment: &str) -> String {
    format!("runs/{run}/journal/{segment}/")
}

/// The prefix of a phase's dead letters.
pub fn dead_letters_of(run: &str, phase: Phase) -> String {
    format!("runs/{run}/dead-letters/{}/", phase.as_str())
}

/// An object with dead letters of one part, each with its reason.
pub fn dead_letters(run: &str, phase: Phase, part: &str, name: &str) -> String {
    format!("{}{part}/{name}", dead_letters_of(run, phase))
}

/// The report as JSON.
pub fn report(run: &str) -> String {
    format!("runs/{run}/report.json")
}

/// The report as an HTML page.
pub fn report_page(run: &str) -> String {
    format!("runs/{run}/report.html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partial_result_is_under_the_prefix_of_its_phase() {
        assert_eq!(partials("r-1", Phase::DryRun), "runs/r-1/dry-run/");
        assert_eq!(partial("r-1", Phase::Verify, "3"), "runs/r-1/verify/3.json");
    }
}
