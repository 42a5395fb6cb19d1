//! The definition has four kinds of Retry. JSON has no variables, so every Task repeats the values of its kind. These
//! tests keep the copies equal.

use crate::definition;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A kind of Retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A call of seconds or a few minutes. It gives up early, because the run can be started again.
    Call,
    /// The worker of a Map's child. One child that gives up ends the Map for all children, so it retries for long.
    Child,
    /// Like `Call`, without `States.Timeout`: the time-out means that no person answered.
    Approval,
    /// The only exit of a run. If it gives up, the ledger and the lock stay as they are.
    Conclude,
}

/// Every Task with its kind of Retry.
const KINDS: [(&str, Kind); 21] = [
    ("Plan", Kind::Call),
    ("BackUp", Kind::Call),
    ("Export", Kind::Call),
    ("DryRunPart", Kind::Child),
    ("DryRunPartAnnounceHold", Kind::Call),
    ("ReportDryRun", Kind::Call),
    ("RequestApproval", Kind::Approval),
    ("JudgeApproval", Kind::Call),
    ("AwaitWindow", Kind::Call),
    ("MigrateSegment", Kind::Child),
    ("MigrateSegmentAnnounceHold", Kind::Call),
    ("ReportMigrate", Kind::Call),
    ("VerifySegment", Kind::Child),
    ("VerifySegmentAnnounceHold", Kind::Call),
    ("ReportVerify", Kind::Call),
    ("Bake", Kind::Call),
    ("RollBackSegment", Kind::Child),
    ("BeginRollBack", Kind::Call),
    ("RollBackSegmentAnnounceHold", Kind::Call),
    ("ReportRollBack", Kind::Call),
    ("Conclude", Kind::Conclude),
];

/// One Retry: first the retrier for throttling, then the one for a service that is not available.
#[derive(Debug, Clone, PartialEq)]
struct Retry {
    throttled: Value,
    unavailable: Value,
}

fn kind_of(task: &str) -> Kind {
    let listed = KINDS.iter().find(|(name, _)| *name == task);
    listed.unwrap_or_else(|| panic!("add {task} with its kind of Retry to KINDS in tests/contract/retries.rs")).1
}

/// The Retry of every Task, by the Task's name.
fn retries() -> BTreeMap<String, Retry> {
    let retry = |task: definition::State| {
        let [throttled, unavailable] = task.list("Retry") else { panic!("{} must have two retriers", task.name) };
        (task.name.clone(), Retry { throttled: throttled.clone(), unavailable: unavailable.clone() })
    };
    definition::of_type("Task").into_iter().map(retry).collect()
}

/// The values of each kind, taken from the first Task that has it.
fn values() -> BTreeMap<Kind, Retry> {
    let mut values = BTreeMap::new();
    for (task, retry) in retries() {
        values.entry(kind_of(&task)).or_insert(retry);
    }
    values
}

fn attempts(retrier: &Value) -> u64 {
    retrier["MaxAttempts"].as_u64().expect("MaxAttempts is a whole number")
}

fn errors(retrier: &Value) -> BTreeSet<&str> {
    let names = retrier["ErrorEquals"].as_array().expect("ErrorEquals is a list");
    names.iter().map(|name| name.as_str().expect("an error's name is a string")).collect()
}

#[test]
fn every_task_has_one_kind_of_retry() {
    let listed: Vec<&str> = KINDS.iter().map(|(task, _)| *task).collect();
    let names: BTreeSet<String> = listed.iter().map(|task| (*task).to_owned()).collect();
    assert_eq!(names.len(), listed.len(), "a Task is listed twice");
    assert_eq!(names, retries().into_keys().collect::<BTreeSet<_>>());
}

#[test]
fn every_task_has_the_values_of_its_kind() {
    let values = values();
    for (task, retry) in retries() {
        let kind = kind_of(&task);
        assert_eq!(retry, values[&kind], "{task} is of the kind {kind:?}");
    }
}

#[test]
fn no_two_kinds_have_the_same_values() {
    let values = values();
    for (kind, retry) in &values {
        let same: Vec<&Kind> = values.iter().filter(|(_, other)| *other == retry).map(|(kind, _)| kind).collect();
        assert_eq!(same, [kind]);
    }
}

#[test]
fn every_kind_retries_throttling_before_anything_else() {
    for (kind, retry) in values() {
        let expected = BTreeSet::from(["Throttled", "Lambda.TooManyRequestsException"]);
        assert_eq!(errors(&retry.throttled), expected, "{kind:?}");
        assert!(attempts(&retry.throttled) > attempts(&retry.unavailable), "{kind:?} must be patient with throttling");
    }
}

#[test]
fn an_approval_retries_like_a_call_except_for_the_time_out() {
    let values = values();
    let mut expected = values[&Kind::Call].clone();
    let names = expected.unavailable["ErrorEquals"].as_array_mut().expect("ErrorEquals is a list");
    names.retain(|name| name != "States.Timeout");
    assert_eq!(values[&Kind::Approval], expected);
}

#[test]
fn children_and_conclude_retry_more_often_than_a_call() {
    let values = values();
    let call = &values[&Kind::Call];
    for kind in [Kind::Child, Kind::Conclude] {
        let retry = &values[&kind];
        assert!(attempts(&retry.throttled) > attempts(&call.throttled), "{kind:?}");
        assert!(attempts(&retry.unavailable) > attempts(&call.unavailable), "{kind:?}");
        assert_eq!(errors(&retry.unavailable), errors(&call.unavailable), "{kind:?}");
    }
}

#[test]
fn every_retrier_is_on_its_own_line() {
    let text = crate::project::read(definition::PATH);
    let lines = text.lines().map(str::trim).filter(|line| line.contains("\"MaxAttempts\""));
    let retriers = lines.map(|line| serde_json::from_str::<Value>(line.trim_end_matches(',')));
    let retriers: Vec<Value> = retriers.map(|retrier| retrier.expect("a retrier is one line of JSON")).collect();
    assert_eq!(retriers.len(), 2 * KINDS.len());
}
