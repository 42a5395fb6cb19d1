//! Change calendars and alarms hold a run, or end it.

use super::{approved, input};
use await_window::run;
use tableshift_core::control::monitor_status::{Closed, MonitorReading};
use tableshift_core::plan::settings::monitors::Monitors;
use tableshift_runtime::{ErrorName, Named};
use tableshift_tests::{Engines, NOW, RUN, Recorder, ScriptedMonitors, plan};

fn monitors() -> Monitors {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Monitors { calendars: names(&["releases"]), alarms: names(&["latency"]), critical_alarms: names(&["down"]) }
}

fn ringing(name: &str) -> MonitorReading {
    MonitorReading { in_alarm: vec![name.into()], closed: None }
}

#[tokio::test]
async fn a_closed_calendar_and_then_an_alarm_hold_the_run_until_both_are_over() {
    let mut plan = plan();
    plan.monitors = monitors();
    let engines = approved(&plan).await;
    let monitor_reader = &ScriptedMonitors::default();
    let at = async |now| {
        run(&engines.bucket(), &engines.ledger(), &monitor_reader, &Recorder::default(), now, input(1)).await.unwrap()
    };

    monitor_reader.reading.replace(MonitorReading {
        closed: Some(Closed { until: Some(NOW - 500 + 240_000) }),
        ..MonitorReading::default()
    });
    let found = at(NOW).await;
    assert_eq!((found.open, found.until.as_str()), (false, "2026-11-22T10:04:01Z"));
    assert_eq!(found.reason, "a change calendar is closed until 2026-11-22T10:04:00Z");

    monitor_reader.reading.replace(ringing("latency"));
    let found = at(NOW + 240_000).await;
    assert_eq!((found.open, found.until.as_str()), (false, "2026-11-22T10:05:01Z"));
    assert_eq!(found.reason, "alarm `latency` is in ALARM, or was a few minutes ago");

    monitor_reader.reading.replace(MonitorReading::default());
    assert!(!at(NOW + 300_000).await.open, "quiet, but not for long enough");
    assert!(at(NOW + 540_000).await.open);
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().progress, "writing");
}

#[tokio::test]
async fn a_reading_of_the_monitors_is_shared_for_one_minute() {
    let engines = Engines::start().await;
    let mut plan = plan();
    plan.monitors = monitors();
    engines.begin(&plan).await;
    let monitor_reader = &ScriptedMonitors::default();
    monitor_reader.reading.replace(ringing("latency"));
    for seconds in [0, 1, 30, 59] {
        let now = NOW + seconds * 1000;
        assert!(
            !run(&engines.bucket(), &engines.ledger(), &monitor_reader, &Recorder::default(), now, input(1))
                .await
                .unwrap()
                .open
        );
    }
    assert_eq!(monitor_reader.reads.get(), 1);
    let _ = run(&engines.bucket(), &engines.ledger(), &monitor_reader, &Recorder::default(), NOW + 60_000, input(1))
        .await
        .unwrap();
    assert_eq!(monitor_reader.reads.get(), 2);
}

#[tokio::test]
async fn a_critical_alarm_or_an_abort_ends_the_run_before_it_writes() {
    let engines = Engines::start().await;
    let mut plan = plan();
    plan.monitors = monitors();
    engines.begin(&plan).await;
    let monitor_reader = &ScriptedMonitors::default();
    monitor_reader.reading.replace(ringing("down"));
    let error = run(&engines.bucket(), &engines.ledger(), &monitor_reader, &Recorder::default(), NOW, input(1))
        .await
        .unwrap_err();
    assert_eq!(error.name(), ErrorName::Aborted);
    assert!(tableshift_runtime::chain(&error).contains("`down`"), "{error}");

    engines.ledger().stop(RUN, "wrong table", NOW).await.unwrap();
    monitor_reader.reading.replace(MonitorReading::default());
    let error =
        run(&engines.bucket(), &engines.ledger(), &monitor_reader, &Recorder::default(), NOW + 60_000, input(1))
            .await
            .unwrap_err();
    assert_eq!(error.name(), ErrorName::Aborted);
    assert_eq!(error.to_string(), "run `r-1` was aborted: wrong table");
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().progress, "planned");
}
