//! A run is steered while it writes: paused, throttled, aborted, put on hold by an alarm.

use serde_json::json;
use tableshift_core::plan::phase::Phase;
use tableshift_runtime::epoch_millis;

use crate::run::Execution;
use crate::stack::{Stack, unique};
use crate::table::{Table, old_items};
use crate::waiting::eventually;

const ITEMS: usize = 1_500;

/// Starts a slow run, and waits until it has written some of its items.
async fn writing<'t>(stack: &Stack, table: &'t Table<'_>, options: serde_json::Value) -> Execution<'t> {
    let run = table.migrate(options).await;
    run.enters("Migrate").await;
    eventually("the first items are written", async || (table.migrated().await > 0).then_some(())).await;
    assert_eq!(stack.ledger().run(&run.name).await.unwrap().unwrap().progress, "writing");
    run
}

/// The number of migrated items, once it does not grow any more.
async fn settled(table: &Table<'_>) -> usize {
    let mut before = table.migrated().await;
    loop {
        tokio::time::sleep(std::time::Duration::from_secs(4)).await;
        let now = table.migrated().await;
        if now == before {
            return now;
        }
        before = now;
    }
}

#[tokio::test]
async fn a_paused_run_writes_nothing_and_continues_where_it_was() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "paused", &old_items(ITEMS)).await;
    let run = writing(&stack, &table, json!({"segments": 2, "write_units_per_second": 40})).await;
    assert!(stack.ledger().pause(&run.name, "a look at the graphs", epoch_millis()).await.unwrap());
    let parked = settled(&table).await;
    assert!(parked < ITEMS, "the run ended before it could be paused");

    stack.ledger().throttle(&run.name, Some(5_000), None).await.unwrap();
    assert!(stack.ledger().resume(&run.name).await.unwrap());
    run.ended().await.succeeds();
    assert_eq!(table.migrated().await, ITEMS);
}

#[tokio::test]
async fn an_aborted_run_ends_with_the_reason_of_the_operator_and_can_be_resumed() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "stopped", &old_items(ITEMS)).await;
    let run = writing(&stack, &table, json!({"segments": 2, "write_units_per_second": 40})).await;
    stack.ledger().stop(&run.name, "the wrong week", epoch_millis()).await.unwrap();
    let cause = run.ended().await.fails_with("Aborted");
    assert!(cause.contains("the wrong week"), "{cause}");
    assert!(table.migrated().await < ITEMS);

    let resumed = json!({"action": "resume", "run": run.name, "write_units_per_second": 5_000});
    table.start(resumed).await.ended().await.succeeds();
    assert_eq!(table.migrated().await, ITEMS);
}

#[tokio::test]
async fn an_alarm_holds_the_run_and_a_critical_alarm_ends_it() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "alarm", &old_items(ITEMS)).await;
    let (alarm, critical) = (unique("latency"), unique("down"));
    for name in [&alarm, &critical] {
        let metric = "--namespace tests --metric-name errors --statistic Sum --period 60 --evaluation-periods 1 \
                      --threshold 1 --comparison-operator GreaterThanThreshold";
        stack.aws(&format!("cloudwatch put-metric-alarm --alarm-name {name} {metric}"));
        stack.aws(&format!("cloudwatch set-alarm-state --alarm-name {name} --state-value OK --state-reason test"));
    }
    stack.aws(&format!("cloudwatch set-alarm-state --alarm-name {alarm} --state-value ALARM --state-reason test"));
    let watched = json!({"alarms": [alarm], "critical_alarms": [critical]});
    let run = table.migrate(watched).await;
    run.enters("WindowWait").await;
    let control = stack.ledger().control(&run.name, Phase::Migrate).await.unwrap();
    assert_eq!(control.monitor_status.alarm.expect("the alarm is recorded").name, alarm);
    assert_eq!(table.migrated().await, 0);

    stack.aws(&format!("cloudwatch set-alarm-state --alarm-name {critical} --state-value ALARM --state-reason test"));
    let cause = run.ended().await.fails_with("Aborted");
    assert!(cause.contains(&critical), "{cause}");
    assert_eq!(table.migrated().await, 0);
}

#[tokio::test]
async fn an_alarm_that_does_not_exist_is_refused_before_anything_is_changed() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "misspelt", &old_items(20)).await;
    let run = table.migrate(json!({"alarms": ["no-such-alarm"]})).await;
    let cause = run.ended().await.fails_with("InvalidInput");
    assert!(cause.contains("there is no alarm `no-such-alarm`"), "{cause}");
}
