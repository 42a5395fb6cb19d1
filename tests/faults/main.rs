//! The fault campaign in small, and the proof that it can fail. `scripts/fault-campaign` runs it at length.

mod gentle;
mod lost;

use tableshift_core::plan::phase::Phase;
use tableshift_tests::campaign::{Findings, Sabotage, run_seeds, simulate, simulate_kill};

/// Seeds that every change is tested with.
const SEEDS: u64 = 50;
/// Within so many seeds a broken promise is noticed.
const NOTICED_WITHIN: u64 = 100;

#[test]
fn fifty_seeds_of_faults_break_no_promise() {
    let findings = run_seeds(0..SEEDS, None, |_| false, |_| {});
    assert!(findings.violations.is_empty(), "{findings}");
    assert!(findings.faults() > 10 * SEEDS, "{findings}");
}

#[test]
fn seeds_that_once_broke_a_promise_keep_it() {
    // 477: an attempt that stood still between reading and journaling was taken for the one that had written.
    for seed in [164, 477] {
        let found = simulate(seed, None, false);
        assert!(found.violations.is_empty(), "{seed}: {:#?}", found.violations);
    }
}

#[test]
fn a_seed_always_does_the_same() {
    let (once, again) = (simulate(11, None, false), simulate(11, None, false));
    assert_eq!(once.counted, again.counted);
}

#[test]
fn a_worker_killed_wherever_it_waits_leaves_nothing_that_the_next_one_cannot_finish() {
    for phase in [Phase::Migrate, Phase::Verify, Phase::RollBack] {
        let killed: Vec<_> = (1..).map_while(|nth| simulate_kill(phase, nth)).collect();
        assert!(killed.len() > 10, "{}: it waits in more places than {}", phase.as_str(), killed.len());
        for found in killed {
            assert!(
                found.violations.is_empty(),
                "{} killed at {}: {:#?}",
                phase.as_str(),
                found.seed,
                found.violations
            );
        }
    }
}

#[test]
fn writes_without_their_conditions_are_noticed() {
    assert!(noticed(Sabotage::Condition, "an application write is lost"));
}

#[test]
fn writes_before_their_journal_are_noticed() {
    assert!(noticed(Sabotage::Journal, "written before its before-image was in the journal"));
}

#[test]
fn workers_that_go_on_without_the_lock_are_noticed() {
    assert!(noticed(Sabotage::Epoch, "an older attempt saved over a newer one"));
}

fn noticed(sabotage: Sabotage, as_what: &str) -> bool {
    let said =
        |findings: &Findings| findings.violations.values().flatten().any(|violation| violation.contains(as_what));
    said(&run_seeds(0..NOTICED_WITHIN, Some(sabotage), said, |_| {}))
}
