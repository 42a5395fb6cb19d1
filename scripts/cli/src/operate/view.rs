//! A run in words and figures, for people. Pure.

use super::ended::Standing;
use super::look::{Progress, Seen};
use super::progress::Speed;
use tableshift_core::control::throttle::Throttles;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::number_format::{rounded, with_commas};

/// One line that tells all, for logs and pipes.
pub fn line(seen: &Seen, speed: Option<Speed>) -> String {
    let mut parts = vec![seen.run.clone(), place(seen)];
    if let Some(progress) = &seen.progress {
        parts.push(format!("{:.0}%", progress.fraction() * 100.0));
        parts.extend(figures(progress, speed));
    }
    parts.extend(baking(seen));
    parts.extend(seen.held.as_ref().map(|held| format!("held: {held}")));
    parts.join("  ")
}

/// The lines below the bar of a live display.
pub fn lines(seen: &Seen, speed: Option<Speed>) -> String {
    let mut lines = Vec::new();
    if let Some(progress) = &seen.progress {
        lines.push(figures(progress, speed).join("  "));
    }
    lines.extend(baking(seen));
    lines.extend(seen.held.as_ref().map(|held| format!("held: {held}")));
    lines.join("\n")
}

/// Where the run is.
pub fn place(seen: &Seen) -> String {
    match (&seen.standing, &seen.state) {
        (Standing::UnderWay | Standing::WaitsForApproval, Some(state)) => match seen.wave {
            Some(wave @ (Wave::Canary | Wave::Main)) => format!("{state} ({})", wave.as_str()),
            _ => state.clone(),
        },
        (Standing::UnderWay | Standing::WaitsForApproval, None) => "starting".into(),
        (standing, _) => told(*standing).to_owned(),
    }
}

fn baking(seen: &Seen) -> Option<String> {
    seen.bakes_until.as_ref().map(|until| format!("the canary bakes until {until}"))
}

fn figures(progress: &Progress, speed: Option<Speed>) -> Vec<String> {
    let (counts, journal) = (&progress.tally.counts, &progress.tally.journal);
    let mut figures = vec![match progress.phase {
        Phase::RollBack => format!("{} put back", with_commas(journal.restored)),
        Phase::DryRun => format!("{} of {} would change", with_commas(counts.changed), with_commas(counts.scanned)),
        Phase::Migrate => format!("{} changed of {} scanned", with_commas(counts.changed), with_commas(counts.scanned)),
        Phase::Verify => format!("{} verified", with_commas(counts.scanned)),
    }];
    if let Some(speed) = speed {
        figures.push(format!("{} items/s", rounded(speed.items)));
        if matches!(progress.phase, Phase::Migrate | Phase::RollBack) {
            let budget = progress.budget.map_or("no limit".to_owned(), |budget| rounded(budget));
            figures.push(format!("{} of {budget} write units/s", rounded(speed.write_units)));
        }
    }
    figures.extend(progress.slowed.map(|rate| format!("slowed by throttles to {}/s", rounded(rate))));
    let troubles = [
        (counts.conflicts, "given up"),
        (progress.tally.retries, "conflicts taken up again"),
        (counts.invalid, "invalid"),
        (counts.late, "late"),
        (journal.spared, "spared"),
    ];
    figures.extend(troubles.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", with_commas(n))));
    figures.extend(throttles(&progress.tally.throttles));
    figures.push(segments(progress));
    figures.extend(speed.and_then(|speed| speed.left).map(|left| format!("{} left", duration(left))));
    figures
}

/// Throttles so far, by reason; nothing while there are none.
pub fn throttles(throttles: &Throttles) -> Option<String> {
    let named: Vec<String> =
        throttles.named().into_iter().map(|(count, reason)| format!("{} {reason}", with_commas(count))).collect();
    (!named.is_empty()).then(|| format!("throttles: {}", named.join(", ")))
}

fn segments(progress: &Progress) -> String {
    let (done, running) = (progress.done, progress.running);
    match progress.segments.checked_sub(done + running) {
        Some(waiting) if progress.segments > 0 => {
            format!("segments: {done} done, {running} begun, {waiting} waiting")
        }
        _ => format!("parts: {done} done, {running} begun"),
    }
}

/// How it stands, in one sentence for people.
pub fn told(standing: Standing) -> &'static str {
    match standing {
        Standing::Done => "done",
        Standing::UnderWay => "under way",
        Standing::WaitsForApproval => "waits for approval",
        Standing::Rejected => "not approved",
        Standing::VerificationFailed => "the verification failed",
        Standing::DryRunFailed => "the dry run failed; nothing was written",
        Standing::Refused => "refused; nothing was done",
        Standing::Stopped => "stopped",
        Standing::Failed => "failed",
    }
}

/// Everything about a run that was looked at once.
pub fn page(seen: &Seen) -> String {
    let mut rows = vec![("run", Some(seen.run.clone())), ("migration", seen.migration.clone())];
    rows.extend([("table", seen.table.clone()), ("stands", Some(told(seen.standing).to_owned()))]);
    rows.extend([("state", seen.state.as_ref().map(|_| place(seen))), ("baking", baking(seen))]);
    rows.push(("held", seen.held.clone()));
    rows.extend([("error", seen.error.clone()), ("cause", seen.cause.clone())]);
    if let Some(progress) = &seen.progress {
        rows.push((
            "progress",
            Some(format!("{:.0}%  {}", progress.fraction() * 100.0, figures(progress, None).join("  "))),
        ));
    }
    rows.push(("execution", Some(seen.execution.clone())));
    rows.into_iter().filter_map(|(name, value)| Some(format!("{name:<11}{}\n", value?))).collect()
}

/// 1h 05m instead of 3900 seconds.
pub fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {:02}s", seconds % 60),
        (0, _, _) => format!("{hours}h {minutes:02}m"),
        _ => format!("{days}d {hours:02}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tableshift_core::write::counts::{Counts, Tally, Units};

    fn seen() -> Seen {
        let counts = Counts { scanned: 120_000, changed: 110_500, invalid: 1, ..Counts::default() };
        let throttles = Throttles { key_range: 1_204, table: 3, ..Throttles::default() };
        let units = Units { read: 0.0, write: 110_500.0 };
        let tally = Tally { counts, units, retries: 37, throttles, ..Tally::default() };
        let progress = Progress {
            phase: Phase::Migrate,
            segments: 64,
            done: 30,
            running: 8,
            items: 200_000,
            tally,
            budget: Some(2000.0),
            slowed: Some(950.4),
        };
        Seen {
            run: "20261122-split-address-1f2e3d4c".into(),
            migration: Some("20261122-split-address".into()),
            table: Some("prod-main-table".into()),
            standing: Standing::UnderWay,
            state: Some("Migrate".into()),
            wave: None,
            bakes_until: None,
            held: None,
            error: None,
            cause: None,
            execution: "arn:e".into(),
            progress: Some(progress),
            at: 0,
        }
    }

    #[test]
    fn a_line_tells_phase_percent_speed_budget_troubles_segments_and_what_is_left() {
        let speed = Speed { items: 1423.4, write_units: 940.0, left: Some(56) };
        assert_eq!(
            line(&seen(), Some(speed)),
            "20261122-split-address-1f2e3d4c  Migrate  60%  110,500 changed of 120,000 scanned  1,423 items/s  \
             940 of 2,000 write units/s  slowed by throttles to 950/s  37 conflicts taken up again  1 invalid  \
             throttles: 1,204 of a hot key range, 3 of the table  segments: 30 done, 8 begun, 26 waiting  56s left"
        );
    }

    #[test]
    fn a_run_that_is_held_says_by_what() {
        let mut held = seen();
        held.progress = None;
        held.held = Some("the window is closed until 2026-11-22T22:00:00Z".into());
        held.state = Some("WindowWait".into());
        let told = line(&held, None);
        assert!(told.ends_with("WindowWait  held: the window is closed until 2026-11-22T22:00:00Z"), "{told}");
    }

    #[test]
    fn a_canary_s_turn_its_bake_and_the_rest_are_told_apart() {
        let mut canary = seen();
        canary.wave = Some(Wave::Canary);
        assert_eq!(place(&canary), "Migrate (canary)");
        (canary.progress, canary.state) = (None, Some("BakeWait".into()));
        canary.bakes_until = Some("2026-11-22T10:10:00Z".into());
        let told = line(&canary, None);
        assert!(told.ends_with("BakeWait (canary)  the canary bakes until 2026-11-22T10:10:00Z"), "{told}");
        (canary.standing, canary.wave) = (Standing::WaitsForApproval, Some(Wave::Main));
        (canary.state, canary.bakes_until) = (Some("RequestApproval".into()), None);
        assert_eq!(place(&canary), "RequestApproval (main)");
        assert!(page(&canary).contains("state      RequestApproval (main)\n"), "{}", page(&canary));
    }

    #[test]
    fn a_page_has_a_row_for_all_that_is_known_and_none_for_the_rest() {
        let mut failed = seen();
        (failed.standing, failed.state, failed.progress) = (Standing::Refused, None, None);
        failed.error = Some("LockHeld".into());
        failed.cause = Some("table t is locked by run q".into());
        assert_eq!(
            page(&failed),
            "run        20261122-split-address-1f2e3d4c\nmigration  20261122-split-address\n\
             table      prod-main-table\nstands     refused; nothing was done\nerror      LockHeld\n\
             cause      table t is locked by run q\nexecution  arn:e\n"
        );
    }

    #[test]
    fn times_are_told_in_two_units() {
        let told: Vec<_> = [5, 65, 3_900, 100_000].into_iter().map(duration).collect();
        assert_eq!(told, ["5s", "1m 05s", "1h 05m", "1d 03h"]);
    }
}
