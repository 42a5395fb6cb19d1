//! A short fault campaign, and checks that the oracle notices broken guarantees. `scripts/fault-campaign` runs more seeds.

mod gentle;
mod lost;

use tableshift_core::plan::phase::Phase;
use tableshift_tests::campaign::{Findings, Sabotage, run_seeds, simulate, simulate_kill};

/// The number of seeds that every change is tested with.
const SEEDS: u64 = 50;
/// A broken guarantee must be noticed within this number of seeds.
const NOTICED_WITHIN: u64 = 200;

#[test]
fn fifty_seeds_of_faults_break_no_promise() {
    let findings = run_seeds(0..SEEDS, None, |_| false, |_| {});
    assert!(findings.violations.is_empty(), "{findings}");
    assert!(findings.faults() > 10 * SEEDS, "{findings}");
}

#[test]
fn seeds_that_once_broke_a_promise_keep_it() {
    // 69: two attempts had journaled the same items, and the object of the older one arrived last.
    // 477: an attempt that stalled between reading and journaling was mistaken for the attempt that had written.
    for seed in [69, 164, 477] {
        let found = simulate(seed, None, false);
        assert!(found.violations.is_empty(), "{seed}: {:#?}", found.violations);
    }
}

#[test]
fn a_seed_always_gives_the_same_result() {
    let (once, again) = (simulate(11, None, false), simulate(11, None, false));
    assert_eq!(once.counted, again.counted);
}

#[test]
fn a_worker_killed_at_any_await_point_leaves_a_segment_that_the_next_one_can_finish() {
    for phase in [Phase::Migrate, Phase::Verify, Phase::RollBack] {
        let killed: Vec<_> = (1..).map_while(|nth| simulate_kill(phase, nth)).collect();
        assert!(killed.len() > 10, "{}: it has more await points than {}", phase.as_str(), killed.len());
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
fn workers_that_continue_without_the_lock_are_noticed() {
    assert!(noticed(Sabotage::Epoch, "an older attempt saved over a newer one"));
}

#[test]
fn roll_backs_that_begin_without_the_settling_wait_are_noticed() {
    assert!(noticed(Sabotage::Settle, "is as the run left it and was not restored"));
}

#[test]
fn attempts_that_ignore_what_earlier_ones_journaled_are_noticed() {
    assert!(noticed(Sabotage::Uncounted, "the roll-back accounts for"));
}

#[test]
fn roll_backs_that_lose_a_journal_object_are_noticed() {
    assert!(noticed(Sabotage::Cursor, "is as the run left it and was not restored"));
}

#[test]
fn voids_that_are_not_stored_are_noticed() {
    assert!(noticed(Sabotage::Void, "although the worker knew that its own had failed"));
}

fn noticed(sabotage: Sabotage, message: &str) -> bool {
    let is_noticed =
        |findings: &Findings| findings.violations.values().flatten().any(|violation| violation.contains(message));
    is_noticed(&run_seeds(0..NOTICED_WITHIN, Some(sabotage), is_noticed, |_| {}))
}
