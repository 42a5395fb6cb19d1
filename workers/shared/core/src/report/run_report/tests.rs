use super::*;
use crate::write::counts::{Counts, JournalCounts};

fn report() -> Report {
    Report {
        wave: Wave::Whole,
        run: "r".into(),
        stage: "dev".into(),
        table: "t".into(),
        migration: "m".into(),
        description: None,
        migration_hash: String::new(),
        plan_hash: String::new(),
        estimate: Estimate::default(),
        phase: Phase::DryRun,
        verdict: Verdict::Good,
        reasons: vec![],
        phases: BTreeMap::new(),
    }
}

fn partial(phase: Phase, counts: Counts, journal: JournalCounts) -> Partial {
    Partial { phase, part: "0".into(), done: true, tally: Tally { counts, journal, ..Tally::default() } }
}

fn reasons(phase: Phase, counts: Counts) -> Vec<String> {
    let mut report = report();
    report.fold(phase, 1, vec![partial(phase, counts, JournalCounts::default())], 0);
    report.reasons
}

#[test]
fn a_dry_run_without_invalid_items_is_good() {
    let counts = Counts { scanned: 3, changed: 2, not_matched: 1, ..Counts::default() };
    assert!(reasons(Phase::DryRun, counts).is_empty());
}

#[test]
fn invalid_items_over_the_tolerance_make_a_dry_run_bad() {
    let counts = Counts { scanned: 3, changed: 2, invalid: 1, ..Counts::default() };
    assert_eq!(reasons(Phase::DryRun, counts), ["1 items match but cannot be changed"]);
}

#[test]
fn a_part_without_a_result_makes_any_phase_bad() {
    for phase in [Phase::DryRun, Phase::Migrate, Phase::Verify, Phase::RollBack] {
        let mut report = report();
        report.fold(phase, 2, vec![partial(phase, Counts::default(), JournalCounts::default())], 0);
        assert_eq!(report.reasons, ["1 of 2 parts have no complete result"]);
    }
}

#[test]
fn a_part_that_is_not_done_counts_as_missing() {
    let mut report = report();
    let undone = Partial { done: false, ..partial(Phase::Verify, Counts::default(), JournalCounts::default()) };
    report.fold(Phase::Verify, 1, vec![undone], 0);
    assert_eq!(report.reasons, ["1 of 1 parts have no complete result"]);
}

#[test]
fn counts_that_do_not_add_up_make_the_verdict_bad() {
    let counts = Counts { scanned: 3, changed: 2, ..Counts::default() };
    assert_eq!(reasons(Phase::Migrate, counts), ["the counts do not add up to the 3 items scanned"]);
}

#[test]
fn late_items_make_the_verification_bad() {
    let counts = Counts { scanned: 2, already_done: 1, late: 1, ..Counts::default() };
    assert_eq!(reasons(Phase::Verify, counts).len(), 1);
}

#[test]
fn a_verification_is_bad_if_one_segment_misses_a_changed_item_and_another_has_one_too_many() {
    let segment = |found: u64, unaccounted: u64| {
        let journal = JournalCounts { as_written: found, unaccounted, ..JournalCounts::default() };
        partial(Phase::Verify, Counts { scanned: found, changed: found, ..Counts::default() }, journal)
    };
    for (segments, reasons) in [
        (vec![segment(3, 0), segment(4, 0)], vec![]),
        (vec![segment(2, 1), segment(4, 0)], vec!["1 items that Migrate changed are not in the journal"]),
    ] {
        let mut report = report();
        let changed = Counts { scanned: 6, changed: 6, ..Counts::default() };
        report.fold(Phase::Migrate, 1, vec![partial(Phase::Migrate, changed, JournalCounts::default())], 0);
        report.fold(Phase::Verify, 2, segments, 0);
        assert_eq!(report.reasons, reasons);
    }
}

#[test]
fn the_items_that_verify_read_are_compared_with_those_that_migrate_read_without_a_bad_verdict() {
    let migrated = Counts { scanned: 10, changed: 10, ..Counts::default() };
    let note = |scanned: u64, gone: u64| {
        let mut report = report();
        report.fold(Phase::Migrate, 1, vec![partial(Phase::Migrate, migrated, JournalCounts::default())], 0);
        let counts = Counts { scanned, already_done: scanned, ..Counts::default() };
        let journal = JournalCounts { gone, ..JournalCounts::default() };
        report.fold(Phase::Verify, 1, vec![partial(Phase::Verify, counts, journal)], 0);
        assert_eq!(report.verdict, Verdict::Good);
        let notes = report.phases[&Phase::Verify].notes.clone();
        notes.into_iter().find(|note| note.starts_with("Migrate read"))
    };
    let said = |rest: &str| Some(format!("Migrate read 10 items and Verify {rest}"));
    assert_eq!(note(10, 0), None);
    let equal = "10: since Migrate read them, the application inserted as many as were deleted";
    assert_eq!(note(10, 2), said(equal));
    let more = "13: since Migrate read them, the application inserted 3 more than were deleted";
    assert_eq!(note(13, 2), said(more));
    let mut canary = report();
    canary.fold(Phase::Migrate, 1, vec![partial(Phase::Migrate, migrated, JournalCounts::default())], 0);
    let whole = || partial(Phase::Verify, Counts { scanned: 50, ..Counts::default() }, JournalCounts::default());
    canary.fold(Phase::Verify, 2, vec![whole(), whole()], 0);
    assert!(canary.phases[&Phase::Verify].notes.is_empty(), "Migrate has read the canary's segments only");
    let fewer = "8: since Migrate read them, 2 more were deleted than the application inserted";
    assert_eq!(note(8, 2), said(fewer));
}

#[test]
fn a_check_that_the_application_may_have_broken_is_a_note_and_no_reason_to_roll_back() {
    let counts = Counts { scanned: 1, changed: 1, ..Counts::default() };
    let verified = |journal| {
        let mut report = report();
        report.fold(Phase::Verify, 1, vec![partial(Phase::Verify, counts, journal)], 0);
        (report.verdict, report.phases[&Phase::Verify].notes.len())
    };
    assert_eq!(
        verified(JournalCounts { as_written: 1, check_unclear: 1, ..JournalCounts::default() }),
        (Verdict::Good, 1)
    );
    assert_eq!(
        verified(JournalCounts { as_written: 1, check_failed: 1, ..JournalCounts::default() }),
        (Verdict::Bad, 0)
    );
}

#[test]
fn a_fault_in_migrate_makes_the_verification_bad_and_is_listed_once() {
    let mut report = report();
    let given_up = Counts { scanned: 3, changed: 2, conflicts: 1, ..Counts::default() };
    report.fold(Phase::Migrate, 2, vec![partial(Phase::Migrate, given_up, JournalCounts::default())], 0);
    let proof = JournalCounts { as_written: 2, ..JournalCounts::default() };
    let counts = Counts { scanned: 3, already_done: 3, ..Counts::default() };
    report.fold(Phase::Verify, 2, vec![partial(Phase::Verify, counts, proof)], 0);
    assert_eq!(report.verdict, Verdict::Bad);
    assert_eq!(
        report.reasons,
        [
            "1 of 2 parts have no complete result",
            "migrate: 1 items were given up because the application kept changing them"
        ]
    );
    report.fold(Phase::Verify, 1, vec![partial(Phase::Verify, counts, proof)], 0);
    assert_eq!(report.phases[&Phase::Verify].verdict, Verdict::Good);
    assert_eq!(report.verdict, Verdict::Bad);
    assert_eq!(report.reasons[0], "migrate: 1 of 2 parts have no complete result");
}

#[test]
fn a_fault_in_migrate_does_not_make_a_roll_back_bad() {
    let mut report = report();
    report.fold(Phase::Migrate, 1, vec![], 0);
    report.fold(Phase::RollBack, 1, vec![partial(Phase::RollBack, Counts::default(), JournalCounts::default())], 0);
    assert_eq!((report.phase, report.verdict), (Phase::RollBack, Verdict::Good));
}

#[test]
fn a_roll_back_is_only_good_if_the_journal_holds_every_changed_item() {
    let lost = JournalCounts { restored: 3, unaccounted: 2, missing_objects: 1, ..JournalCounts::default() };
    let mut partial = partial(Phase::RollBack, Counts { scanned: 3, ..Counts::default() }, lost);
    partial.tally.missing_objects = vec!["runs/r/journal/000000/00000004-*".into()];
    let mut report = report();
    report.fold(Phase::RollBack, 1, vec![partial], 0);
    assert_eq!(report.verdict, Verdict::Bad);
    assert_eq!(
        report.reasons,
        [
            "2 items that Migrate changed are not in the journal",
            "1 journal objects are missing: runs/r/journal/000000/00000004-*; restore them from an older version, and roll \
             back again"
        ]
    );
}

#[test]
fn a_report_is_read_as_it_was_written() {
    let mut report = report();
    report.fold(Phase::DryRun, 1, vec![partial(Phase::DryRun, Counts::default(), JournalCounts::default())], 0);
    let json = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&json).unwrap(), report);
    assert!(json.contains(r#""dry-run":{"counts":{"scanned":0"#), "{json}");
}

#[test]
fn a_canary_that_changed_nothing_gets_a_note_and_stays_good() {
    let mut canary = Report { wave: Wave::Canary, ..report() };
    canary.fold(Phase::Migrate, 0, Vec::new(), 0);
    canary.fold(Phase::Verify, 0, Vec::new(), 0);
    assert_eq!(canary.verdict, Verdict::Good);
    assert_eq!(canary.phases[&Phase::Verify].notes.len(), 1);
    let mut whole = report();
    whole.fold(Phase::Migrate, 0, Vec::new(), 0);
    whole.fold(Phase::Verify, 0, Vec::new(), 0);
    assert!(whole.phases[&Phase::Verify].notes.is_empty());
}

#[test]
fn parts_that_are_done_add_up() {
    let done = || partial(Phase::Verify, Counts::default(), JournalCounts::default());
    let mut report = report();
    report.fold(Phase::Verify, 3, vec![done(), done()], 0);
    assert_eq!(report.reasons, ["1 of 3 parts have no complete result"]);
    assert_eq!(report.phases[&Phase::Verify].parts_reported, 2);
}
