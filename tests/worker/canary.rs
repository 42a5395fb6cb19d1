//! The canary and main waves against the ledger and the bucket: which wave writes, how the canary bakes, and what one
//! wave leaves to the other.

use await_window::{Error, Input, Output, Step, run};
use tableshift_aws::ledger::approvals::{Answer, Outcome, Question, Secrets};
use tableshift_aws::s3::WriteObject;
use tableshift_core::control::monitor_status::MonitorReading;
use tableshift_core::control::run_control::Control;
use tableshift_core::item::hash;
use tableshift_core::plan::canary::CanaryPlan;
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::settings::monitors::Monitors;
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::{ErrorName, Named};
use tableshift_tests::{
    Engines, MIGRATION, NOW, NoMonitors, RUN, Recorder, ScriptedMonitors, TestRun, old_items, plan,
};

const MINUTE: i64 = 60_000;

/// A plan whose canary bakes for ten minutes.
fn with_canary(approve: bool) -> RunPlan {
    let canary = CanaryPlan { segments: 2, bake_seconds: 600, approve };
    let plan = RunPlan { canary: Some(canary), segments: 8, ..plan() };
    RunPlan { steps: tableshift_core::plan::steps::Steps { approve: false, ..plan.steps }, ..plan }
}

fn watching(approve: bool) -> RunPlan {
    let names = |name: &str| vec![name.to_owned()];
    let monitors = Monitors { alarms: names("latency"), critical_alarms: names("down"), calendars: Vec::new() };
    RunPlan { monitors, ..with_canary(approve) }
}

async fn started_run(plan: &RunPlan) -> Engines {
    let engines = Engines::start().await;
    engines.begin(plan).await;
    engines
}

async fn check(
    engines: &Engines,
    monitor_reader: &ScriptedMonitors,
    step: Step,
    wave: Wave,
    now: i64,
) -> Result<Output, Error> {
    let input = Input { step, run: RUN.into(), epoch: 1, wave, settle_seconds: 0 };
    run(&engines.bucket(), &engines.ledger(), &monitor_reader, &Recorder::default(), now, input).await
}

async fn progress(engines: &Engines) -> String {
    engines.ledger().run(RUN).await.unwrap().unwrap().progress
}

async fn control(engines: &Engines) -> Control {
    engines.ledger().control(RUN, Phase::Verify).await.unwrap()
}

fn ringing(name: &str) -> MonitorReading {
    MonitorReading { in_alarm: vec![name.into()], closed: None }
}

#[tokio::test]
async fn the_canary_wave_writes_then_bakes_and_then_the_main_wave_starts() {
    let engines = started_run(&with_canary(false)).await;
    let input = |step, wave| Input { step, run: RUN.into(), epoch: 1, wave, settle_seconds: 0 };
    let topic = Recorder::default();
    let at = async |step, wave, now| {
        run(&engines.bucket(), &engines.ledger(), &NoMonitors, &topic, now, input(step, wave)).await.unwrap()
    };
    assert!(at(Step::Window, Wave::Canary, NOW).await.open);
    assert_eq!(progress(&engines).await, "canary");
    engines.ledger().count_done(RUN, Phase::Verify).await.unwrap();

    let first = at(Step::Bake, Wave::Canary, NOW).await;
    assert_eq!((first.open, first.until.as_str()), (false, "2026-11-22T10:01:01Z"));
    assert_eq!(first.reason, "the canary bakes until 2026-11-22T10:10:00Z");
    assert_eq!((progress(&engines).await.as_str(), control(&engines).await.baking_since), ("baking", Some(NOW)));
    assert!(engines.lease_until().await >= NOW / 1000 + 60 + 900, "the lease lasts over the wait");
    let last = at(Step::Bake, Wave::Canary, NOW + 10 * MINUTE - 20_000).await;
    assert_eq!((last.open, last.until.as_str()), (false, "2026-11-22T10:10:01Z"), "right at its end");
    // A run that is resumed while it bakes passes this state again.
    assert!(at(Step::Window, Wave::Canary, NOW + 9 * MINUTE).await.open);
    assert!(at(Step::Bake, Wave::Canary, NOW + 10 * MINUTE).await.open);

    assert_eq!(control(&engines).await.segments_done, 1);
    assert!(at(Step::Window, Wave::Main, NOW + 10 * MINUTE).await.open);
    let after = control(&engines).await;
    assert_eq!((progress(&engines).await.as_str(), after.baking_since, after.segments_done), ("writing", None, 0));
    // Called again, as by a retry: what the main wave has verified by then stays counted.
    engines.ledger().count_done(RUN, Phase::Verify).await.unwrap();
    assert!(at(Step::Window, Wave::Main, NOW + 11 * MINUTE).await.open);
    assert_eq!(control(&engines).await.segments_done, 1);
    assert_eq!(topic.events(), ["writing"], "the run's first write is announced, and nothing after it");
}

#[tokio::test]
async fn an_alarm_holds_the_bake_and_the_bake_restarts_once_all_alarms_are_quiet() {
    let engines = started_run(&watching(false)).await;
    let monitor_reader = ScriptedMonitors::default();
    let bake = async |minutes: i64| {
        check(&engines, &monitor_reader, Step::Bake, Wave::Canary, NOW + minutes * MINUTE).await.unwrap()
    };
    assert!(!bake(0).await.open);
    monitor_reader.reading.replace(ringing("latency"));
    let held = bake(9).await;
    assert_eq!((held.open, held.until.as_str()), (false, "2026-11-22T10:10:01Z"));
    assert!(held.reason.starts_with("alarm `latency`") && held.reason.contains("starts again"), "{}", held.reason);
    assert_eq!(control(&engines).await.baking_since, None);
    monitor_reader.reading.replace(MonitorReading::default());
    assert!(!bake(10).await.open, "the bake's own time is over, but it was broken");
    assert_eq!(control(&engines).await.baking_since, None);
    assert!(!bake(14).await.open, "quiet for five minutes");
    assert_eq!(control(&engines).await.baking_since, Some(NOW + 14 * MINUTE));
    assert!(!bake(23).await.open);
    assert!(bake(24).await.open);
}

#[tokio::test]
async fn an_alarm_in_the_last_minute_of_a_bake_is_noticed() {
    let engines = started_run(&watching(false)).await;
    let monitor_reader = ScriptedMonitors::default();
    let bake =
        async |millis: i64| check(&engines, &monitor_reader, Step::Bake, Wave::Canary, NOW + millis).await.unwrap();
    assert!(!bake(0).await.open);
    assert!(!bake(10 * MINUTE - 1000).await.open);
    monitor_reader.reading.replace(ringing("latency"));
    assert!(!bake(10 * MINUTE).await.open, "the last look was before its end");
    assert!(bake(11 * MINUTE).await.reason.starts_with("alarm `latency`"));
}

#[tokio::test]
async fn a_critical_alarm_or_an_abort_ends_a_baking_run_and_a_pause_holds_it() {
    let engines = started_run(&watching(false)).await;
    let monitor_reader = ScriptedMonitors::default();
    let bake =
        async |minutes: i64| check(&engines, &monitor_reader, Step::Bake, Wave::Canary, NOW + minutes * MINUTE).await;
    assert!(!bake(0).await.unwrap().open);
    assert!(engines.ledger().pause(RUN, "lunch", NOW).await.unwrap());
    let paused = bake(30).await.unwrap();
    assert_eq!((paused.open, paused.reason.as_str()), (false, "paused: lunch"));
    assert!(engines.ledger().resume(RUN).await.unwrap());
    monitor_reader.reading.replace(ringing("down"));
    assert_eq!(bake(31).await.unwrap_err().name(), ErrorName::Aborted);
    monitor_reader.reading.replace(MonitorReading::default());
    engines.ledger().stop(RUN, "the wrong week", NOW).await.unwrap();
    assert_eq!(bake(60).await.unwrap_err().to_string(), "run `r-1` was aborted: the wrong week");
}

#[tokio::test]
async fn a_run_without_the_lock_or_without_a_canary_does_not_bake() {
    let engines = started_run(&with_canary(false)).await;
    let monitor_reader = ScriptedMonitors::default();
    let input = Input { step: Step::Bake, run: RUN.into(), epoch: 2, wave: Wave::Canary, settle_seconds: 0 };
    let lost = run(&engines.bucket(), &engines.ledger(), &&monitor_reader, &Recorder::default(), NOW, input)
        .await
        .unwrap_err();
    assert_eq!((lost.name(), progress(&engines).await.as_str()), (ErrorName::LeaseLost, "planned"));
    let whole = started_run(&plan()).await;
    let none = check(&whole, &monitor_reader, Step::Bake, Wave::Whole, NOW).await.unwrap_err();
    assert_eq!(none.name(), ErrorName::Internal);
}

/// Records an approval request for this report, and its approval.
async fn approve(engines: &Engines, plan: &RunPlan, question: &str, report: &[u8]) {
    let asked = Question {
        id: question.into(),
        plan_hash: plan.hash(),
        report_hash: hash::of_bytes(report),
        ..Question::default()
    };
    let secrets = Secrets { question: question.into(), ..Secrets::default() };
    engines.ledger().ask(RUN, &asked, &secrets).await.unwrap();
    let answer = Answer {
        outcome: Outcome::Approved,
        by: None,
        reason: String::new(),
        answered_at: "2026-11-22T10:01:00Z".into(),
        signature: question.into(),
    };
    engines.ledger().answer(RUN, question, &answer).await.unwrap();
}

async fn put(engines: &Engines, key: &str, bytes: &[u8]) {
    engines.bucket().put(key, bytes.to_vec(), "text/plain").await.unwrap();
}

#[tokio::test]
async fn an_approval_of_the_dry_run_does_not_approve_the_main_wave() {
    let plan = with_canary(true);
    let engines = started_run(&plan).await;
    let monitor_reader = ScriptedMonitors::default();
    let wave = async |wave| check(&engines, &monitor_reader, Step::Window, wave, NOW).await;
    put(&engines, &keys::migration("m"), b"id: m\nchange: [{set: v, to: 2}]").await;
    put(&engines, &keys::report(RUN), b"the dry run").await;
    approve(&engines, &plan, "q1", b"the dry run").await;
    assert!(wave(Wave::Canary).await.unwrap().open);
    put(&engines, &keys::report(RUN), b"the canary").await;
    let stale = wave(Wave::Main).await.unwrap_err();
    assert_eq!(stale.name(), ErrorName::ApprovalStale);
    assert!(stale.to_string().contains("only the canary was written"), "{stale}");
    assert_eq!(progress(&engines).await, "canary");
    approve(&engines, &plan, "q2", b"the canary").await;
    assert!(wave(Wave::Main).await.unwrap().open);
}

#[tokio::test]
async fn the_canary_wave_writes_only_its_segments_and_the_main_wave_verifies_all_segments() {
    let items = old_items(400);
    let mut run = TestRun::start(&items, MIGRATION, 6).await;
    run.plan.canary = Some(CanaryPlan { segments: 2, bake_seconds: 1, approve: false });
    run.store_plan().await;

    run.run_wave(Wave::Canary).await;
    let canary = run.tally(Phase::Migrate).await;
    assert!((1..400).contains(&canary.counts.changed), "{:?}", canary.counts);
    let migrated =
        async |run: &TestRun| run.table().await.iter().filter(|item| !item.contains_key("zip")).count() as u64;
    assert_eq!(migrated(&run).await, canary.counts.changed);
    let proven = run.tally(Phase::Verify).await;
    assert_eq!((proven.counts.scanned, proven.counts.late), (canary.counts.scanned, 0));
    let control = async |phase| run.ledger().control(&run.plan.run, phase).await.unwrap();
    assert_eq!((control(Phase::Migrate).await.segments_done, control(Phase::Verify).await.segments_done), (2, 2));

    run.ledger().end_canary(&run.plan.run).await.unwrap();
    run.run_wave(Wave::Main).await;
    let all = run.tally(Phase::Migrate).await;
    assert_eq!((all.counts.scanned, all.counts.changed, migrated(&run).await), (400, 400, 400));
    let proven = run.tally(Phase::Verify).await;
    assert_eq!((proven.counts.scanned, proven.journal.as_written, proven.counts.late), (400, 400, 0));
    let control = async |phase| run.ledger().control(&run.plan.run, phase).await.unwrap();
    assert_eq!((control(Phase::Migrate).await.segments_done, control(Phase::Verify).await.segments_done), (6, 6));
}

#[tokio::test]
async fn a_canary_is_rolled_back_without_a_change_to_other_segments() {
    let items = old_items(300);
    let mut run = TestRun::start(&items, MIGRATION, 6).await;
    run.plan.canary = Some(CanaryPlan { segments: 2, bake_seconds: 1, approve: false });
    run.store_plan().await;
    run.run_wave(Wave::Canary).await;
    let changed = run.tally(Phase::Migrate).await.counts.changed;
    run.roll_back().await;
    let back = run.tally(Phase::RollBack).await;
    assert_eq!((back.journal.restored, back.journal.spared, back.counts.invalid), (changed, 0, 0));
    let mut before = items;
    before.sort();
    assert_eq!(run.table().await, before);
}
