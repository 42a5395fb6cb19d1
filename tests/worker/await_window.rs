//! AwaitWindow against the ledger and the bucket.

use await_window::{Input, run};
use serde_json::json;
use tableshift_aws::ledger_runs::Runs;
use tableshift_runtime::{ErrorName, Named};
use tableshift_tests::{Engines, NOW, RUN, plan};

fn input(epoch: u64) -> Input {
    Input { run: RUN.into(), epoch }
}

#[tokio::test]
async fn a_run_without_a_window_goes_on_at_once_and_counts_as_writing() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let found = run(&engines.bucket(), &engines.ledger(), NOW, input(1)).await.unwrap();
    assert!(found.open);
    assert_eq!(found.until, "2026-11-22T10:00:00Z");
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().phase, "writing");
}

#[tokio::test]
async fn a_closed_window_says_when_it_opens_and_the_lease_lasts_until_then() {
    let engines = Engines::start().await;
    let mut plan = plan();
    // NOW is Sunday, 11:00 in Berlin.
    let window = json!({"days": ["mon"], "from": "22:00", "to": "04:00", "time_zone": "Europe/Berlin"});
    plan.window = serde_json::from_value(window).unwrap();
    engines.begin(&plan).await;
    let found = run(&engines.bucket(), &engines.ledger(), NOW, input(1)).await.unwrap();
    assert!(!found.open);
    assert_eq!(found.until, "2026-11-23T21:00:00Z");
    let opens: i64 = NOW / 1000 + 35 * 3600;
    assert_eq!(engines.lease_until().await, opens + 900);
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().phase, "planned");
    // Looked at again when it said.
    assert!(run(&engines.bucket(), &engines.ledger(), opens * 1000, input(1)).await.unwrap().open);
}

#[tokio::test]
async fn a_run_that_lost_its_lock_does_not_go_on() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let error = run(&engines.bucket(), &engines.ledger(), NOW, input(2)).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::LeaseLost);
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().phase, "planned");
}

#[tokio::test]
async fn a_run_without_a_plan_is_not_found() {
    let engines = Engines::start().await;
    let error = run(&engines.bucket(), &engines.ledger(), NOW, input(1)).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::RunNotFound);
}
