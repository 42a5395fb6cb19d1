//! AwaitWindow against the ledger and the bucket.

use await_window::{Input, run};
use serde_json::json;
use tableshift_aws::ledger_control::SteerRun as _;
use tableshift_aws::ledger_runs::Runs;
use tableshift_core::signals::{Closed, Signals, Watched};
use tableshift_runtime::{ErrorName, Named};
use tableshift_tests::{Calm, Engines, NOW, RUN, Scripted, plan};

fn input(epoch: u64) -> Input {
    Input { run: RUN.into(), epoch }
}

#[tokio::test]
async fn a_run_without_a_window_goes_on_at_once_and_counts_as_writing() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let found = run(&engines.bucket(), &engines.ledger(), &Calm, NOW, input(1)).await.unwrap();
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
    let found = run(&engines.bucket(), &engines.ledger(), &Calm, NOW, input(1)).await.unwrap();
    assert!(!found.open);
    // Asked again each quarter of an hour, so that an operator is heard.
    assert_eq!(found.until, "2026-11-22T10:15:01Z");
    assert_eq!(found.reason, "the window is closed until 2026-11-23T21:00:00Z");
    assert_eq!(engines.lease_until().await, NOW / 1000 + 901 + 900);
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().phase, "planned");
    let opens = NOW - 500 + 35 * 3_600_000;
    let at = async |now| run(&engines.bucket(), &engines.ledger(), &Calm, now, input(1)).await.unwrap();
    assert_eq!(at(opens - 61_000).await.until, "2026-11-23T21:00:00Z", "the last wait ends at the opening");
    assert!(at(opens).await.open);
}

#[tokio::test]
async fn a_run_that_lost_its_lock_does_not_go_on() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let error = run(&engines.bucket(), &engines.ledger(), &Calm, NOW, input(2)).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::LeaseLost);
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().phase, "planned");
}

#[tokio::test]
async fn a_run_without_a_plan_is_not_found() {
    let engines = Engines::start().await;
    let error = run(&engines.bucket(), &engines.ledger(), &Calm, NOW, input(1)).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::RunNotFound);
}

fn watched() -> Watched {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Watched { calendars: names(&["releases"]), alarms: names(&["latency"]), critical_alarms: names(&["down"]) }
}

fn ringing(name: &str) -> Signals {
    Signals { in_alarm: vec![name.into()], closed: None }
}

#[tokio::test]
async fn a_closed_calendar_and_then_an_alarm_hold_the_run_until_both_are_over() {
    let engines = Engines::start().await;
    let mut plan = plan();
    plan.watched = watched();
    engines.begin(&plan).await;
    let lookout = &Scripted::default();
    let at = async |now| run(&engines.bucket(), &engines.ledger(), &lookout, now, input(1)).await.unwrap();

    lookout
        .signals
        .replace(Signals { closed: Some(Closed { until: Some(NOW - 500 + 240_000) }), ..Signals::default() });
    let found = at(NOW).await;
    assert_eq!((found.open, found.until.as_str()), (false, "2026-11-22T10:04:01Z"));
    assert_eq!(found.reason, "a change calendar is closed until 2026-11-22T10:04:00Z");

    lookout.signals.replace(ringing("latency"));
    let found = at(NOW + 240_000).await;
    assert_eq!((found.open, found.until.as_str()), (false, "2026-11-22T10:05:01Z"));
    assert_eq!(found.reason, "alarm `latency` is, or was minutes ago, in ALARM");

    lookout.signals.replace(Signals::default());
    assert!(!at(NOW + 300_000).await.open, "quiet, but not for long enough");
    assert!(at(NOW + 540_000).await.open);
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().phase, "writing");
}

#[tokio::test]
async fn whoever_asks_within_a_minute_of_a_look_takes_what_it_saw() {
    let engines = Engines::start().await;
    let mut plan = plan();
    plan.watched = watched();
    engines.begin(&plan).await;
    let lookout = &Scripted::default();
    lookout.signals.replace(ringing("latency"));
    for seconds in [0, 1, 30, 59] {
        let now = NOW + seconds * 1000;
        assert!(!run(&engines.bucket(), &engines.ledger(), &lookout, now, input(1)).await.unwrap().open);
    }
    assert_eq!(lookout.looks.get(), 1);
    let _ = run(&engines.bucket(), &engines.ledger(), &lookout, NOW + 60_000, input(1)).await.unwrap();
    assert_eq!(lookout.looks.get(), 2);
}

#[tokio::test]
async fn a_critical_alarm_or_a_stop_ends_the_run_before_it_writes() {
    let engines = Engines::start().await;
    let mut plan = plan();
    plan.watched = watched();
    engines.begin(&plan).await;
    let lookout = &Scripted::default();
    lookout.signals.replace(ringing("down"));
    let error = run(&engines.bucket(), &engines.ledger(), &lookout, NOW, input(1)).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Aborted);
    assert!(tableshift_runtime::told(&error).contains("`down`"), "{error}");

    engines.ledger().stop(RUN, "wrong table", NOW).await.unwrap();
    lookout.signals.replace(Signals::default());
    let error = run(&engines.bucket(), &engines.ledger(), &lookout, NOW + 60_000, input(1)).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Aborted);
    assert_eq!(error.to_string(), "run `r-1` was stopped: wrong table");
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().phase, "planned");
}
