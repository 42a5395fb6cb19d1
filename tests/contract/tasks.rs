//! The fields that every Task must have: its worker, a time-out, a Retry and a Catch.

use crate::definition::{self, State};
use crate::project;
use serde_json::Value;
use std::collections::BTreeSet;
use tableshift_core::ErrorName;

/// The names of errors that Step Functions and Lambda raise themselves.
const SERVICE_ERRORS: [&str; 11] = [
    "States.ALL",
    "States.DataLimitExceeded",
    "States.Timeout",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    // A custom runtime whose process dies, killed or out of memory, reports this name and not `Lambda.Unknown`.
    "Runtime.ExitError",
    "Sandbox.Timedout",
];

fn waits_for_an_answer(task: &State) -> bool {
    task.get("Resource").as_str().is_some_and(|resource| resource.ends_with(".waitForTaskToken"))
}

/// Whether it only announces a hold, so that its failure must not end the child.
fn announces_a_hold(task: &State) -> bool {
    task.get("Parameters")["step"]["announce-hold"].is_string()
}

#[test]
fn every_task_has_a_worker_and_every_worker_a_task() {
    let named = |task: &State| task.function().unwrap_or_else(|| panic!("{} names no function", task.name));
    let used: BTreeSet<String> =
        definition::of_type("Task").iter().map(|task| project::folder_of(&named(task))).collect();
    assert_eq!(used, project::worker_folders());
}

#[test]
fn every_task_has_a_time_limit() {
    for task in definition::of_type("Task") {
        if waits_for_an_answer(&task) {
            assert!(task.get("TimeoutSecondsPath").is_string(), "{} would wait forever", task.name);
        } else {
            assert!(task.get("TimeoutSeconds").is_u64(), "{} would wait three years, the default", task.name);
        }
    }
}

#[test]
fn every_task_retries_temporary_errors_with_full_jitter_and_a_maximum_delay() {
    for task in definition::of_type("Task") {
        for retry in task.list("Retry") {
            assert_eq!(retry["JitterStrategy"], "FULL", "{}", task.name);
            assert!(retry["MaxDelaySeconds"].is_u64() && retry["MaxAttempts"].is_u64(), "{}", task.name);
        }
        let retried: BTreeSet<String> = task.errors().into_iter().filter(|(_, r)| *r).map(|(name, _)| name).collect();
        let passing = SERVICE_ERRORS.iter().filter(|name| !["States.ALL", "States.DataLimitExceeded"].contains(name));
        // An approval's time-out means that no person answered: it is not a temporary error.
        let passing = passing.filter(|name| !(waits_for_an_answer(&task) && **name == "States.Timeout"));
        let own = ErrorName::ALL.into_iter().filter(|name| name.is_retried()).map(ErrorName::as_str);
        let expected: BTreeSet<String> = passing.copied().chain(own).map(str::to_owned).collect();
        assert_eq!(retried, expected, "{}", task.name);
    }
}

#[test]
fn every_task_and_map_at_the_top_catches_everything_that_can_be_caught() {
    for state in definition::top().iter().filter(|state| state.is("Task") || state.is("Map")) {
        let caught: Vec<&Value> = state.list("Catch").iter().map(|catch| &catch["ErrorEquals"]).collect();
        // States.ALL does not match States.DataLimitExceeded, must be last and must stand alone.
        assert_eq!(
            caught,
            [&serde_json::json!(["States.DataLimitExceeded"]), &serde_json::json!(["States.ALL"])],
            "{}",
            state.name
        );
    }
}

#[test]
fn no_working_task_of_a_child_catches_errors() {
    for task in definition::of_type("Task").iter().filter(|task| task.map.is_some()) {
        if announces_a_hold(task) {
            continue;
        }
        // A child that catches its error succeeds, and then the Map succeeds too.
        assert!(task.get("Catch").is_null(), "{}", task.name);
    }
}

#[test]
fn a_child_that_cannot_announce_a_hold_still_waits_and_continues() {
    for map in definition::of_type("Map") {
        let children = map.children();
        let waits: BTreeSet<&str> =
            children.iter().filter(|state| state.is("Wait")).map(|state| state.name.as_str()).collect();
        let announcing = children.iter().filter(|state| announces_a_hold(state));
        let announcing: Vec<&State> = announcing.collect();
        assert_eq!(announcing.len(), 1, "{} has to announce a hold exactly once", map.name);
        let task = announcing[0];
        let phase = task.get("Parameters")["step"]["announce-hold"].clone();
        let phase = serde_json::from_value::<tableshift_core::plan::phase::Phase>(phase);
        assert!(phase.is_ok(), "{} does not name a phase", task.name);
        for way in task.next().into_iter().chain(task.caught_by()) {
            assert!(waits.contains(way.as_str()), "{} leads to {way}", task.name);
        }
        assert!(task.list("Catch").iter().all(|catch| catch["ResultPath"].is_null()), "{}", task.name);
    }
}

#[test]
fn every_error_name_exists() {
    for state in definition::all() {
        for (name, _) in state.errors() {
            let known =
                SERVICE_ERRORS.contains(&name.as_str()) || ErrorName::ALL.iter().any(|own| own.as_str() == name);
            assert!(known, "{} names `{name}`, which nothing raises", state.name);
        }
    }
}

#[test]
fn every_task_after_plan_receives_run_and_epoch() {
    for task in definition::of_type("Task") {
        let given = match task.get("Parameters") {
            Value::Object(given) if waits_for_an_answer(&task) => &given["Payload"],
            Value::Object(_) => task.get("Parameters"),
            // A Task of a child receives the child's whole data, which the Map's ItemSelector makes.
            _ => continue,
        };
        let receives_both = given["run.$"] == "$.run" && given["epoch.$"] == "$.epoch";
        assert!(receives_both || ["Plan", "Conclude"].contains(&task.name.as_str()), "{}", task.name);
    }
}

#[test]
fn conclude_receives_all_of_the_state_data() {
    let conclude = definition::top().into_iter().find(|state| state.name == "Conclude").expect("Conclude exists");
    assert_eq!(conclude.get("Parameters")["state.$"], "$", "which fields exist depends on how far the run came");
}
