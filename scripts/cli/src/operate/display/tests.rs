use super::*;
use crate::output::RunStatus;
use tableshift_core::control::contention::Contentions;
use tableshift_core::write::counts::{Counts, Tally, Units};

fn snapshot() -> Snapshot {
    let counts = Counts { scanned: 120_000, changed: 110_500, invalid: 1, ..Counts::default() };
    let throttles = Throttles { key_range: 1_204, table: 3, ..Throttles::default() };
    let contentions = Contentions { transaction: 2, replication: 0 };
    let units = Units { read: 0.0, write: 110_500.0 };
    let progress = Progress {
        phase: Phase::Migrate,
        segments: 64,
        done: 30,
        running: 8,
        items: 200_000,
        tally: Tally { counts, units, retries: 37, throttles, contentions, ..Tally::default() },
        budget: Some(2000.0),
        slowed: Some(950.4),
    };
    Snapshot {
        run: "20261122-split-address-1f2e3d4c".into(),
        migration: Some("20261122-split-address".into()),
        table: Some("prod-main-table".into()),
        status: RunStatus::InProgress,
        state: Some("Migrate".into()),
        wave: None,
        bakes_until: None,
        on_hold: None,
        stopping: None,
        error: None,
        cause: None,
        execution: "arn:e".into(),
        progress: Some(progress),
        at: 0,
    }
}

#[test]
fn a_line_has_the_state_percent_speed_budget_problems_segments_and_time_left() {
    let speed = Speed { items: 1423.4, write_units: 940.0, left: Some(56) };
    assert_eq!(
        line(&snapshot(), Some(speed)),
        "20261122-split-address-1f2e3d4c  Migrate  60%  110,500 changed of 120,000 scanned  1,423 items/s  \
         940 of 2,000 write units/s  slowed by throttling to 950/s  37 conflicts retried  1 invalid  \
         throttles: 1,204 of a hot key range, 3 of the table  \
         contentions: 2 with a transaction of the application  segments: 30 done, 8 started, 26 waiting  56s left"
    );
}

#[test]
fn a_line_says_why_the_run_is_on_hold() {
    let mut on_hold = snapshot();
    on_hold.progress = None;
    on_hold.on_hold = Some("the window is closed until 2026-11-22T22:00:00Z".into());
    on_hold.state = Some("WindowWait".into());
    let line = line(&on_hold, None);
    assert!(line.ends_with("WindowWait  on hold: the window is closed until 2026-11-22T22:00:00Z"), "{line}");
}

#[test]
fn a_line_says_why_the_run_is_stopping() {
    let stopping = Snapshot { progress: None, stopping: Some("enough seen".into()), ..snapshot() };
    assert!(line(&stopping, None).ends_with("Migrate  stopping: enough seen"), "{}", line(&stopping, None));
}

#[test]
fn the_canary_wave_its_bake_and_the_main_wave_are_named() {
    let mut canary = snapshot();
    canary.wave = Some(Wave::Canary);
    assert_eq!(state(&canary), "Migrate (canary)");
    (canary.progress, canary.state) = (None, Some("BakeWait".into()));
    canary.bakes_until = Some("2026-11-22T10:10:00Z".into());
    let line = line(&canary, None);
    assert!(line.ends_with("BakeWait (canary)  the canary bakes until 2026-11-22T10:10:00Z"), "{line}");
    (canary.status, canary.wave) = (RunStatus::WaitingForApproval, Some(Wave::Main));
    (canary.state, canary.bakes_until) = (Some("RequestApproval".into()), None);
    assert_eq!(state(&canary), "RequestApproval (main)");
    assert!(rows(&canary).contains("state      RequestApproval (main)\n"), "{}", rows(&canary));
}

#[test]
fn only_known_facts_have_a_row() {
    let mut failed = snapshot();
    (failed.status, failed.state, failed.progress) = (RunStatus::Refused, None, None);
    failed.error = Some("LockHeld".into());
    failed.cause = Some("table t is locked by run q".into());
    assert_eq!(
        rows(&failed),
        "run        20261122-split-address-1f2e3d4c\nmigration  20261122-split-address\n\
         table      prod-main-table\nstatus     refused; nothing was done\nerror      LockHeld\n\
         cause      table t is locked by run q\nexecution  arn:e\n"
    );
}

#[test]
fn a_duration_is_written_in_two_units() {
    let durations: Vec<_> = [5, 65, 3_900, 100_000].into_iter().map(duration).collect();
    assert_eq!(durations, ["5s", "1m 05s", "1h 05m", "1d 03h"]);
}
