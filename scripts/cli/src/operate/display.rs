//! A snapshot of a run as text, for people. Makes no calls.

use super::progress::Progress;
use super::snapshot::Snapshot;
use super::speed::Speed;
use crate::output::{CommandOutput, ExitStatus};
use tableshift_core::control::contention::Contentions;
use tableshift_core::control::throttle::Throttles;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::number_format::{rounded, with_commas};

/// What `status` and `watch` return: the snapshot as JSON or as rows of text, and the exit code of the run's status.
pub fn output(snapshot: &Snapshot, json: bool) -> CommandOutput {
    let text = if json { serde_json::to_string_pretty(snapshot).unwrap_or_default() + "\n" } else { rows(snapshot) };
    CommandOutput { text, status: ExitStatus::Run(snapshot.status) }
}

/// Everything that is known about a run, one row for each fact.
pub fn rows(snapshot: &Snapshot) -> String {
    let progress = snapshot
        .progress
        .as_ref()
        .map(|progress| format!("{}  {}", percent(progress), figures(progress, None).join("  ")));
    let rows = [
        ("run", Some(snapshot.run.clone())),
        ("migration", snapshot.migration.clone()),
        ("table", snapshot.table.clone()),
        ("status", Some(snapshot.status.description().to_owned())),
        ("state", snapshot.state.as_ref().map(|_| state(snapshot))),
        ("bake", bake(snapshot)),
        ("on hold", snapshot.on_hold.clone()),
        ("stopping", snapshot.stopping.clone()),
        ("error", snapshot.error.clone()),
        ("cause", snapshot.cause.clone()),
        ("progress", progress),
        ("execution", Some(snapshot.execution.clone())),
    ];
    rows.into_iter().filter_map(|(name, value)| Some(format!("{name:<11}{}\n", value?))).collect()
}

/// The snapshot in one line, for logs and pipes.
pub fn line(snapshot: &Snapshot, speed: Option<Speed>) -> String {
    let mut parts = vec![snapshot.run.clone(), state(snapshot)];
    if let Some(progress) = &snapshot.progress {
        parts.push(percent(progress));
        parts.extend(figures(progress, speed));
    }
    parts.extend(bake(snapshot));
    parts.extend(hold_or_stop(snapshot));
    parts.join("  ")
}

/// The lines below the progress bar of a live display.
pub fn lines_below_bar(snapshot: &Snapshot, speed: Option<Speed>) -> String {
    let mut lines = Vec::new();
    lines.extend(snapshot.progress.as_ref().map(|progress| figures(progress, speed).join("  ")));
    lines.extend(bake(snapshot));
    lines.extend(hold_or_stop(snapshot));
    lines.join("\n")
}

/// The state that the execution is in, with the wave of a canary run; once the run has ended, its status.
pub fn state(snapshot: &Snapshot) -> String {
    match (&snapshot.state, snapshot.wave) {
        _ if !snapshot.status.is_open() => snapshot.status.description().to_owned(),
        (Some(state), Some(wave @ (Wave::Canary | Wave::Main))) => format!("{state} ({})", wave.as_str()),
        (Some(state), _) => state.clone(),
        (None, _) => "starting".to_owned(),
    }
}

fn bake(snapshot: &Snapshot) -> Option<String> {
    snapshot.bakes_until.as_ref().map(|until| format!("the canary bakes until {until}"))
}

fn hold_or_stop(snapshot: &Snapshot) -> Option<String> {
    let on_hold = snapshot.on_hold.as_ref().map(|reason| format!("on hold: {reason}"));
    on_hold.or_else(|| snapshot.stopping.as_ref().map(|reason| format!("stopping: {reason}")))
}

fn percent(progress: &Progress) -> String {
    format!("{:.0}%", progress.fraction() * 100.0)
}

/// The counts of a phase, its speed, its problems and the time left, in the order in which they are printed.
fn figures(progress: &Progress, speed: Option<Speed>) -> Vec<String> {
    let mut figures = vec![items(progress)];
    figures.extend(speed.map(|speed| format!("{} items/s", rounded(speed.items))));
    figures.extend(speed.and_then(|speed| write_units(progress, speed)));
    figures.extend(progress.slowed.map(|rate| format!("slowed by throttling to {}/s", rounded(rate))));
    figures.extend(problems(progress));
    figures.extend(throttles(&progress.tally.throttles));
    figures.extend(contentions(&progress.tally.contentions));
    figures.push(segments(progress));
    figures.extend(speed.and_then(|speed| speed.left).map(|left| format!("{} left", duration(left))));
    figures
}

fn items(progress: &Progress) -> String {
    let counts = &progress.tally.counts;
    let (changed, scanned) = (with_commas(counts.changed), with_commas(counts.scanned));
    match progress.phase {
        Phase::DryRun => format!("{changed} of {scanned} would change"),
        Phase::Migrate => format!("{changed} changed of {scanned} scanned"),
        Phase::Verify => format!("{scanned} verified"),
        Phase::RollBack => format!("{} restored", with_commas(progress.tally.journal.restored)),
    }
}

fn write_units(progress: &Progress, speed: Speed) -> Option<String> {
    let budget = progress.budget.map_or("no limit".to_owned(), rounded);
    let writes = matches!(progress.phase, Phase::Migrate | Phase::RollBack);
    writes.then(|| format!("{} of {budget} write units/s", rounded(speed.write_units)))
}

fn problems(progress: &Progress) -> impl Iterator<Item = String> {
    let counts = &progress.tally.counts;
    let problems = [
        (progress.tally.retries, "conflicts retried"),
        (counts.conflicts, "given up after conflicts"),
        (counts.invalid, "invalid"),
        (counts.late, "late"),
        (progress.tally.journal.spared, "changed since the run, not restored"),
    ];
    problems.into_iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{} {what}", with_commas(count)))
}

/// The throttled requests by reason; none if there were none.
pub fn throttles(throttles: &Throttles) -> Option<String> {
    listed("throttles", throttles.named())
}

/// The writes that met a write of someone else, by who that was; `None` if there were none.
pub fn contentions(contentions: &Contentions) -> Option<String> {
    listed("contentions", contentions.named())
}

fn listed(what: &str, counts: Vec<(u64, &str)>) -> Option<String> {
    let counts: Vec<String> = counts.iter().map(|(count, of)| format!("{} {of}", with_commas(*count))).collect();
    (!counts.is_empty()).then(|| format!("{what}: {}", counts.join(", ")))
}

/// Segments by how far they are. For an export, whose number of files is not known, only those that have started.
fn segments(progress: &Progress) -> String {
    let (done, running) = (progress.done, progress.running);
    match progress.segments.checked_sub(done + running) {
        Some(waiting) if progress.segments > 0 => {
            format!("segments: {done} done, {running} started, {waiting} waiting")
        }
        _ => format!("files: {done} done, {running} started"),
    }
}

/// A time in its two largest units: 1h 05m instead of 3900 seconds.
fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {:02}s", seconds % 60),
        (0, _, _) => format!("{hours}h {minutes:02}m"),
        _ => format!("{days}d {hours:02}h"),
    }
}

#[cfg(test)]
mod tests;
