//! The keys of what a run leaves in the stack's bucket, all under `runs/<run>/`.

use crate::plan::phase::Phase;

/// The migration with this id.
pub fn migration(id: &str) -> String {
    format!("migrations/{id}.yaml")
}

/// The run's plan.
pub fn plan(run: &str) -> String {
    format!("runs/{run}/plan.json")
}

/// The segments, for the Maps over segments.
pub fn segments(run: &str) -> String {
    format!("runs/{run}/segments.json")
}

/// The segments that go first, for the same Maps in the canary's wave.
pub fn canary(run: &str) -> String {
    format!("runs/{run}/canary.json")
}

/// The parts of the dry run, for the Map over them.
pub fn dry_run_parts(run: &str) -> String {
    format!("runs/{run}/dry-run.json")
}

/// Where the export goes.
pub fn export_prefix(run: &str) -> String {
    format!("runs/{run}/export")
}

/// Where the Maps' own results go.
pub fn map_runs(run: &str) -> String {
    format!("runs/{run}/map-runs")
}

/// Where a phase's partial results are.
pub fn partials(run: &str, phase: Phase) -> String {
    format!("runs/{run}/{}/", phase.as_str())
}

/// One partial result.
pub fn partial(run: &str, phase: Phase, part: &str) -> String {
    format!("{}{part}.json", partials(run, phase))
}

/// Where a segment's journal is.
pub fn journal(run: &str, segment: &str) -> String {
    format!("runs/{run}/journal/{segment}/")
}

/// Where a phase's items that a person should look at are.
pub fn dead_letters_of(run: &str, phase: Phase) -> String {
    format!("runs/{run}/dead-letters/{}/", phase.as_str())
}

/// An object of items that a person should look at, with reasons.
pub fn dead_letters(run: &str, phase: Phase, part: &str, name: &str) -> String {
    format!("{}{part}/{name}", dead_letters_of(run, phase))
}

/// The report for programs.
pub fn report(run: &str) -> String {
    format!("runs/{run}/report.json")
}

/// The report for people.
pub fn report_page(run: &str) -> String {
    format!("runs/{run}/report.html")
}
