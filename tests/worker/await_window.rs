//! AwaitWindow against the ledger and the bucket.

use await_window::{Error, Input, Output, Step, run};
use serde_json::json;
use tableshift_aws::ledger::approvals::{Answer, Outcome, Question, Secrets};
use tableshift_aws::run_files::store;
use tableshift_aws::s3::WriteObject;
use tableshift_core::control::monitor_status::{Closed, MonitorReading};
use tableshift_core::item::hash;
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::settings::monitors::Monitors;
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::{ErrorName, Named};
use tableshift_tests::sts::Person;
use tableshift_tests::{EXECUTION, Engines, MissingTopic, NOW, NoMonitors, RUN, Recorder, ScriptedMonitors, plan};

const DOCUMENT: &str = "id: m\nchange: [{set: v, to: 2}]";
const REPORT: &[u8] = b"the report";

/// A run that bob has approved.
async fn approved(plan: &RunPlan) -> Engines {
    let engines = Engines::start().await;
    engines.begin(plan).await;
    put(&engines, &keys::migration("m"), DOCUMENT.as_bytes()).await;
    put(&engines, &keys::report(RUN), REPORT).await;
    let question = Question {
        id: "q".into(),
        asked_at: "2026-11-22T10:00:00Z".into(),
        expires_at: "2026-11-23T10:00:00Z".into(),
        plan_hash: plan.hash(),
        report_hash: hash::of_bytes(REPORT),
    };
    engines.ledger().ask(RUN, &question, &Secrets { question: "q".into(), ..Secrets::default() }).await.unwrap();
    answer(&engines, Outcome::Approved).await;
    engines
}

async fn answer(engines: &Engines, outcome: Outcome) {
    let answer = Answer {
        outcome,
        by: Some(Person::user("bob").identity),
        reason: String::new(),
        answered_at: "2026-11-22T10:01:00Z".into(),
        signature: "s".into(),
    };
    engines.ledger().answer(RUN, "q", &answer).await.unwrap();
}

async fn put(engines: &Engines, key: &str, bytes: &[u8]) {
    engines.bucket().put(key, bytes.to_vec(), "text/plain").await.unwrap();
}

async fn look(engines: &Engines) -> Result<Output, Error> {
    look_at(engines, NOW).await
}

async fn look_at(engines: &Engines, now: i64) -> Result<Output, Error> {
    run(&engines.bucket(), &engines.ledger(), &NoMonitors, &Recorder::default(), now, input(1)).await
}

/// Fails unless the run may not write and the error has this name. Returns the message.
async fn is_void(engines: &Engines, name: ErrorName) -> String {
    let error = look(engines).await.unwrap_err();
    assert_eq!(error.name(), name, "{error}");
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().progress, "planned");
    error.to_string()
}

fn input(epoch: u64) -> Input {
    Input { step: Step::Window, run: RUN.into(), epoch, wave: Wave::Whole }
}

#[tokio::test]
async fn a_run_without_a_window_continues_at_once_and_is_recorded_as_writing() {
    let engines = approved(&plan()).await;
    let found = look(&engines).await.unwrap();
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
    let found = look_at(&engines, NOW).await.unwrap();
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

#[tokio::test]
async fn a_run_without_an_approval_does_not_write() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    put(&engines, &keys::migration("m"), DOCUMENT.as_bytes()).await;
    assert!(is_void(&engines, ErrorName::ApprovalStale).await.contains("has no approval"));

    let engines = approved(&plan()).await;
    let again = Question { id: "q".into(), plan_hash: plan().hash(), ..Question::default() };
    engines.ledger().ask(RUN, &again, &Secrets::default()).await.unwrap();
    answer(&engines, Outcome::Rejected).await;
    is_void(&engines, ErrorName::ApprovalStale).await;
}

#[tokio::test]
async fn an_edited_or_removed_migration_voids_the_approval() {
    let engines = approved(&plan()).await;
    // The same content in another order is the same migration.
    put(&engines, &keys::migration("m"), b"change: [{to: 2, set: v}]\nid: m").await;
    assert!(look(&engines).await.is_ok());
    for edited in [b"id: m\nchange: [{set: v, to: 3}]".as_slice(), b"no document"] {
        let engines = approved(&plan()).await;
        put(&engines, &keys::migration("m"), edited).await;
        let said = is_void(&engines, ErrorName::MigrationChanged).await;
        assert!(said.contains("migrations/m.yaml was changed"), "{said}");
    }
    let mut elsewhere = plan();
    elsewhere.migration_key = Some("migrations/gone.yaml".into());
    is_void(&approved(&elsewhere).await, ErrorName::MigrationChanged).await;
}

#[tokio::test]
async fn an_edited_plan_or_report_voids_the_approval() {
    let engines = approved(&plan()).await;
    store(&engines.bucket(), &keys::plan(RUN), &RunPlan { segments: 99, ..plan() }).await.unwrap();
    is_void(&engines, ErrorName::MigrationChanged).await;
    let engines = approved(&plan()).await;
    put(&engines, &keys::report(RUN), b"another").await;
    assert!(is_void(&engines, ErrorName::ApprovalStale).await.contains("the report has changed"));
}

#[tokio::test]
async fn a_run_that_has_started_to_write_continues_although_its_report_changed() {
    let engines = approved(&plan()).await;
    look(&engines).await.unwrap();
    put(&engines, &keys::report(RUN), b"the report of its writing").await;
    assert!(look(&engines).await.unwrap().open);
}

#[tokio::test]
async fn a_stage_without_approvals_requires_no_approval() {
    let mut plan = plan();
    plan.steps.approve = false;
    let engines = Engines::start().await;
    engines.begin(&plan).await;
    assert!(look(&engines).await.unwrap().open);
}

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

/// The input of a child that found this phase of the run on hold.
fn to_announce(phase: Phase) -> Input {
    Input { step: Step::AnnounceHold(phase), ..input(1) }
}

#[tokio::test]
async fn the_first_write_is_announced_once_in_a_run_with_the_execution_and_without_the_document() {
    let engines = approved(&plan()).await;
    let topic = Recorder::default();
    for _ in 0..3 {
        assert!(run(&engines.bucket(), &engines.ledger(), &NoMonitors, &topic, NOW, input(1)).await.unwrap().open);
    }
    assert_eq!(topic.events(), ["writing"]);
    assert!(topic.messages()[0].json.contains(EXECUTION));
}

#[tokio::test]
async fn every_hold_is_announced_once_however_many_calls_find_the_run_on_hold() {
    let engines = approved(&plan()).await;
    let (ledger, topic) = (engines.ledger(), Recorder::default());
    let at = async |now, input| run(&engines.bucket(), &ledger, &NoMonitors, &topic, now, input).await.unwrap();
    assert!(ledger.pause(RUN, "a look at the graphs", NOW).await.unwrap());
    assert!(!at(NOW, input(1)).await.open);
    assert!(!at(NOW + 1_000, input(1)).await.open);
    for phase in [Phase::Migrate, Phase::Verify, Phase::RollBack] {
        assert!(!at(NOW + 2_000, to_announce(phase)).await.open);
    }
    assert_eq!(topic.events(), ["paused"]);
    assert!(topic.sent()[0].1.contains("paused: a look at the graphs"), "{}", topic.sent()[0].1);

    assert!(ledger.resume(RUN).await.unwrap());
    assert!(at(NOW + 60_000, input(1)).await.open);
    assert!(ledger.pause(RUN, "lunch", NOW + 61_000).await.unwrap());
    at(NOW + 62_000, to_announce(Phase::Migrate)).await;
    at(NOW + 63_000, to_announce(Phase::Migrate)).await;
    assert_eq!(topic.events(), ["paused", "writing", "paused"]);
    assert!(topic.sent()[2].1.contains("paused: lunch"));
}

#[tokio::test]
async fn a_call_that_only_announces_neither_lets_the_run_write_nor_announces_anything_untrue() {
    let engines = approved(&plan()).await;
    let topic = Recorder::default();
    let announced =
        run(&engines.bucket(), &engines.ledger(), &NoMonitors, &topic, NOW, to_announce(Phase::Migrate)).await.unwrap();
    assert!(announced.open && topic.messages().is_empty());
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().progress, "planned");
}

#[tokio::test]
async fn a_missing_topic_neither_holds_nor_fails_a_run() {
    let engines = approved(&plan()).await;
    let at =
        async |input| run(&engines.bucket(), &engines.ledger(), &NoMonitors, &MissingTopic, NOW, input).await.unwrap();
    assert!(at(input(1)).await.open);
    engines.ledger().pause(RUN, "lunch", NOW).await.unwrap();
    assert!(!at(to_announce(Phase::Migrate)).await.open);
}
