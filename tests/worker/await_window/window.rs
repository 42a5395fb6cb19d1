//! Whether the run may write now: its window, its lock and its plan.

use super::{approved, check_window, check_window_at, input};
use await_window::run;
use serde_json::json;
use tableshift_runtime::{ErrorName, Named};
use tableshift_tests::{Engines, NOW, NoMonitors, RUN, Recorder, plan};

#[tokio::test]
async fn a_run_without_a_window_continues_at_once_and_is_recorded_as_writing() {
    let engines = approved(&plan()).await;
    let found = check_window(&engines).await.unwrap();
    assert!(found.open);
    assert_eq!(found.until, "2026-11-22T10:00:00Z");
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().progress, "writing");
}

#[tokio::test]
async fn a_closed_window_says_when_it_opens_and_the_lease_lasts_until_then() {
    let mut plan = plan();
    // NOW is Sunday, 11:00 in Berlin.
    let window = json!({"days": ["mon"], "from": "22:00", "to": "04:00", "time_zone": "Europe/Berlin"});
    plan.window = serde_json::from_value(window).unwrap();
    let engines = approved(&plan).await;
    let found = check_window_at(&engines, NOW).await.unwrap();
    assert!(!found.open);
    // Called again every quarter of an hour, so that an operator's command takes effect.
    assert_eq!(found.until, "2026-11-22T10:15:01Z");
    assert_eq!(found.reason, "the window is closed until 2026-11-23T21:00:00Z");
    assert_eq!(engines.lease_until().await, NOW / 1000 + 901 + 900);
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().progress, "planned");
    let opens = NOW - 500 + 35 * 3_600_000;
    let at = async |now| {
        run(&engines.bucket(), &engines.ledger(), &NoMonitors, &Recorder::default(), now, input(1)).await.unwrap()
    };
    assert_eq!(at(opens - 61_000).await.until, "2026-11-23T21:00:00Z", "the last wait ends at the opening");
    assert!(at(opens).await.open);
}

#[tokio::test]
async fn a_run_that_lost_its_lock_does_not_continue() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let error =
        run(&engines.bucket(), &engines.ledger(), &NoMonitors, &Recorder::default(), NOW, input(2)).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::LeaseLost);
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().progress, "planned");
}

#[tokio::test]
async fn a_run_without_a_plan_is_not_found() {
    let engines = Engines::start().await;
    let error =
        run(&engines.bucket(), &engines.ledger(), &NoMonitors, &Recorder::default(), NOW, input(1)).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::RunNotFound);
}
