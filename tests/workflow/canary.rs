//! The canary wave writes a part of the table first, and the main wave follows only if that succeeded.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tableshift_aws::ledger::approvals::{Outcome, Question};
use tableshift_core::control::run_control::Control;
use tableshift_core::item::value::Item;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::counts::Counts;

use crate::application::old_code;
use crate::people::Person;
use crate::run::{Ending, Execution};
use crate::stack::{Stack, unique};
use crate::table::{Table, old_items, sorted};
use crate::waiting::eventually;

const ITEMS: usize = 240;

/// The options of a run whose canary is a third of its segments.
fn options(canary: Value, more: &Value) -> Value {
    let mut options = json!({"segments": 6, "canary": {"segments": 2}});
    options["canary"].as_object_mut().expect("an object").extend(canary.as_object().cloned().unwrap_or_default());
    options.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    options
}

/// Waits until the run's canary bakes, and checks that no other items are changed. Returns how many items it changed.
async fn bakes(table: &Table<'_>, run: &Execution<'_>) -> usize {
    let baking = async || {
        let record = table.stack.ledger().run(&run.name).await.expect("the ledger answers");
        record.is_some_and(|record| record.progress == "baking")
    };
    eventually(&format!("the canary of {} bakes", run.name), async || baking().await.then_some(())).await;
    let report = table.stack.report(&run.name).await;
    let changed = report.phases[&Phase::Migrate].tally.counts.changed;
    assert_eq!((report.wave, report.phase), (Wave::Canary, Phase::Verify));
    assert_eq!(report.phases[&Phase::Verify].parts_expected, 2);
    let migrated = table.migrated().await;
    assert!(baking().await, "too slow to see the canary alone");
    assert_eq!(migrated as u64, changed);
    assert!((1..ITEMS).contains(&migrated), "{migrated} of {ITEMS}");
    migrated
}

/// The run's control item, once it fulfils a condition.
async fn control(stack: &Stack, run: &Execution<'_>, what: &str, says: impl Fn(&Control) -> bool) -> Control {
    eventually(&format!("{} {what}", run.name), async || {
        let control = stack.ledger().control(&run.name, Phase::Migrate).await.expect("the ledger answers");
        says(&control).then_some(control)
    })
    .await
}

/// The run's approval request, if it differs from this one.
async fn asked(stack: &Stack, run: &Execution<'_>, earlier: Option<&Question>) -> Question {
    eventually(&format!("a question of {}", run.name), async || {
        let asked = stack.ledger().approval(&run.name).await.expect("the ledger answers")?.question;
        (Some(&asked.id) != earlier.map(|earlier| &earlier.id)).then_some(asked)
    })
    .await
}

/// Sends an answer to the run's latest approval request.
async fn send(stack: &Stack, run: &Execution<'_>, answer: &Value) {
    let secrets = stack.ledger().secrets(&run.name).await.expect("the ledger answers").expect("an approval request");
    let request = stack.sfn.send_task_success().task_token(secrets.token).output(answer.to_string());
    request.send().await.expect("the answer is sent");
}

#[tokio::test]
async fn the_canary_wave_writes_first_bakes_and_is_verified_again_with_the_main_wave() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "canary", &old_items(ITEMS)).await;
    let run = table.migrate(options(json!({"bake": "10s"}), &Value::Null)).await;
    bakes(&table, &run).await;
    run.ended().await.succeeds();
    assert_eq!(table.migrated().await, ITEMS);
    let report = stack.report(&run.name).await;
    let counts = Counts { scanned: 240, changed: 240, ..Counts::default() };
    for phase in [Phase::Migrate, Phase::Verify] {
        assert_eq!((report.phases[&phase].tally.counts, report.phases[&phase].parts_reported), (counts, 6));
    }
    assert_eq!(report.wave, Wave::Main);
    assert!((report.phases[&Phase::Migrate].tally.units.write - 240.0).abs() < 0.1, "no item is written twice");
    let again = table.migrate(json!({})).await.ended().await.succeeds();
    assert_eq!(again["already_applied"]["run"], run.name);
}

/// Runs a canary of most segments while old code still writes, so that some of the inserted items are late. Returns the
/// run, its outcome and the inserted items.
async fn canary_under_old_code(table: &Table<'_>, on_bad_verdict: &str) -> (String, Ending, Vec<Item>) {
    let stop = AtomicBool::new(false);
    let run = async {
        // Slow enough for the old code to insert items after the scan.
        let slow = json!({"on_bad_verdict": on_bad_verdict, "write_units_per_second": 25, "max_concurrency": 1});
        let run = table.migrate(options(json!({"segments": 4}), &slow)).await;
        let ending = run.ended().await;
        stop.store(true, Ordering::Relaxed);
        (run.name, ending)
    };
    let ((run, ending), inserted) = tokio::join!(run, old_code(table, &stop));
    (run, ending, inserted)
}

#[tokio::test]
async fn a_bad_canary_is_rolled_back_and_the_main_wave_writes_nothing() {
    let stack = Stack::of("dev").await;
    let items = old_items(60);
    let table = Table::with(&stack, "bad-canary", &items).await;
    let (run, ending, inserted) = canary_under_old_code(&table, "roll-back").await;
    let cause = ending.fails_with("RolledBack");
    assert!(cause.contains("are in the old shape"), "{cause}");
    assert_eq!(table.items().await, sorted([items, inserted].concat()));
    let (changed, back) = (stack.tally(&run, Phase::Migrate).await, stack.tally(&run, Phase::RollBack).await);
    assert_eq!((back.journal.restored, back.journal.spared), (changed.counts.changed, 0));
    assert_eq!(stack.left(&run, "migrate/").await.len(), 4, "only the canary's segments were taken up");
}

#[tokio::test]
async fn a_bad_canary_on_hold_stays_and_the_main_wave_writes_nothing() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "held-canary", &old_items(60)).await;
    let (run, ending, _) = canary_under_old_code(&table, "hold").await;
    let cause = ending.fails_with("VerificationFailed");
    assert!(
        cause.contains("the canary's verdict is bad") && cause.contains("the main wave was not written"),
        "{cause}"
    );
    assert_eq!(table.migrated().await as u64, stack.tally(&run, Phase::Migrate).await.counts.changed);
    assert_eq!(stack.left(&run, "migrate/").await.len(), 4, "only the canary's segments were taken up");

    // The old code has stopped. In a resumed run, the items that it left in the canary are still late; a new run changes
    // all of them.
    let cause = stack.act("resume", &run).await.fails_with("VerificationFailed");
    assert!(cause.contains("the canary's verdict is bad"), "{cause}");
    table.migrate(json!({})).await.ended().await.succeeds();
    assert_eq!(table.migrated().await, table.items().await.len());
}

#[tokio::test]
async fn an_alarm_holds_a_baking_canary_and_a_critical_alarm_ends_its_run() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "baking", &old_items(ITEMS)).await;
    let (alarm, critical) = (unique("latency"), unique("down"));
    let set = |name: &str, state: &str| {
        stack.aws(&format!("cloudwatch set-alarm-state --alarm-name {name} --state-value {state} --state-reason test"))
    };
    for name in [&alarm, &critical] {
        let metric = "--namespace tests --metric-name errors --statistic Sum --period 60 --evaluation-periods 1 \
                      --threshold 1 --comparison-operator GreaterThanThreshold";
        stack.aws(&format!("cloudwatch put-metric-alarm --alarm-name {name} {metric}"));
        set(name, "OK");
    }
    let watched = json!({"alarms": [alarm], "critical_alarms": [critical]});
    let run = table.migrate(options(json!({"bake": "1h"}), &watched)).await;
    let migrated = bakes(&table, &run).await;
    control(&stack, &run, "bakes", |control| control.baking_since.is_some()).await;
    set(&alarm, "ALARM");
    let held = control(&stack, &run, "is held", |control| control.baking_since.is_none()).await;
    assert_eq!(held.monitor_status.alarm.expect("the alarm is recorded").name, alarm);
    assert_eq!(table.migrated().await, migrated);
    set(&critical, "ALARM");
    let cause = run.ended().await.fails_with("Aborted");
    assert!(cause.contains(&critical), "{cause}");
    assert_eq!(table.migrated().await, migrated);
}

#[tokio::test]
async fn a_run_that_was_stopped_while_its_canary_baked_resumes_there() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "resumed-canary", &old_items(ITEMS)).await;
    let run = table.migrate(options(json!({"bake": "20s"}), &Value::Null)).await;
    let migrated = bakes(&table, &run).await;
    let before = control(&stack, &run, "bakes", |control| control.baking_since.is_some()).await;
    run.stop().await;
    let resumed = table.start(json!({"action": "resume", "run": run.name})).await;
    resumed.enters("Bake").await;
    let anew = control(&stack, &run, "bakes anew", |control| control.baking_since > before.baking_since).await;
    assert_eq!(table.migrated().await, migrated, "after {:?}", anew.baking_since);
    resumed.ended().await.succeeds();
    assert_eq!(table.migrated().await, ITEMS);
}

/// A production run that ann started: it has written its canary after bob's approval, and requests approval again.
struct AsksAgain<'s> {
    items: Vec<Item>,
    table: Table<'s>,
    run: Execution<'s>,
    bob: Person,
    first: Value,
    second: Question,
    migrated: usize,
}

impl<'s> AsksAgain<'s> {
    async fn on(stack: &'s Stack, word: &str, more: Value) -> Self {
        let (ann, bob) = (Person::new(stack, "ann").await, Person::new(stack, "bob").await);
        let items = old_items(ITEMS);
        let table = Table::with(stack, word, &items).await.recoverable().await;
        let run = ann.migrates(&table, options(json!({"bake": "1s", "approve": true}), &more)).await;
        let question = asked(stack, &run, None).await;
        assert_eq!(table.migrated().await, 0, "nothing is written before the first answer");
        let first = bob.answers(&run, true, "try it").await;
        send(stack, &run, &first).await;
        let second = asked(stack, &run, Some(&question)).await;
        let migrated = table.migrated().await;
        assert!((1..ITEMS).contains(&migrated), "{migrated} of {ITEMS} are the canary");
        assert_eq!(stack.record(&run.name).await.progress, "baking");
        Self { items, table, run, bob, first, second, migrated }
    }
}

#[tokio::test]
async fn a_second_approval_starts_the_main_wave() {
    let stack = Stack::of("prod").await;
    let asks = AsksAgain::on(&stack, "second-yes", Value::Null).await;
    let approval = asks.bob.answers(&asks.run, true, "looks good").await;
    send(&stack, &asks.run, &approval).await;
    asks.run.ended().await.succeeds();
    assert_eq!(asks.table.migrated().await, ITEMS);
    let answer =
        stack.ledger().approval(&asks.run.name).await.expect("the ledger answers").and_then(|asked| asked.answer);
    assert_eq!(answer.expect("an answer").reason, "looks good");
}

#[tokio::test]
async fn the_first_approval_cannot_be_replayed_as_the_second() {
    let stack = Stack::of("prod").await;
    let asks = AsksAgain::on(&stack, "first-again", Value::Null).await;
    let mut replayed = asks.first.clone();
    replayed["report_hash"] = json!(asks.second.report_hash);
    send(&stack, &asks.run, &replayed).await;
    let cause = asks.run.ended().await.fails_with("ApprovalRefused");
    assert!(cause.contains("used before") && cause.contains("only the canary was written"), "{cause}");
    assert_eq!(asks.table.migrated().await, asks.migrated, "nobody rejected it: the canary stays");
}

#[tokio::test]
async fn a_rejection_of_the_main_wave_rolls_the_canary_back_as_a_bad_verdict_would() {
    let stack = Stack::of("prod").await;
    let asks = AsksAgain::on(&stack, "no-rest", json!({"on_bad_verdict": "roll-back"})).await;
    let rejection = asks.bob.answers(&asks.run, false, "too slow").await;
    send(&stack, &asks.run, &rejection).await;
    let cause = asks.run.ended().await.fails_with("ApprovalRejected");
    assert!(cause.starts_with(&format!("{} rejected the main wave: too slow; every item", asks.bob.arn)), "{cause}");
    assert_eq!(asks.table.items().await, asks.items);
    let answer =
        stack.ledger().approval(&asks.run.name).await.expect("the ledger answers").and_then(|asked| asked.answer);
    assert_eq!(answer.expect("an answer").outcome, Outcome::Rejected);
}
