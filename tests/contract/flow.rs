//! The edges between states: every state leads to an end, and every error leads to Conclude and from there to an end.

use crate::definition::{self, State};
use std::collections::BTreeSet;

fn names(states: &[State]) -> BTreeSet<String> {
    states.iter().map(|state| state.name.clone()).collect()
}

/// The states that can be reached from `start` among `states`.
fn reached(start: &str, states: &[State]) -> BTreeSet<String> {
    let mut reached = BTreeSet::from([start.to_owned()]);
    let mut ahead = vec![start.to_owned()];
    while let Some(name) = ahead.pop() {
        let state = states.iter().find(|state| state.name == name);
        let state = state.unwrap_or_else(|| panic!("a state leads to `{name}`, which does not exist"));
        let next = state.next().into_iter().chain(state.caught_by());
        ahead.extend(next.filter(|name| reached.insert(name.clone())));
    }
    reached
}

fn start_of(machine: &serde_json::Value) -> String {
    machine["StartAt"].as_str().expect("StartAt is a string").to_owned()
}

#[test]
fn every_state_at_the_top_can_be_reached() {
    let states = definition::top();
    assert_eq!(reached(&start_of(&definition::definition()), &states), names(&states));
}

#[test]
fn every_state_of_a_child_can_be_reached() {
    for map in definition::of_type("Map") {
        let children = map.children();
        assert_eq!(reached(&start_of(map.get("ItemProcessor")), &children), names(&children), "in {}", map.name);
    }
}

#[test]
fn every_state_leads_to_an_end() {
    for state in definition::top() {
        let ends = reached(&state.name, &definition::top());
        assert!(ends.contains("Done") || ends.contains("Failed") || ends.contains("ConcludeFailed"), "{}", state.name);
    }
}

#[test]
fn no_two_states_share_a_name() {
    let all = definition::all();
    assert_eq!(names(&all).len(), all.len());
}

#[test]
fn every_state_has_a_comment_that_says_what_can_fail() {
    for state in definition::all() {
        let comment = state.get("Comment").as_str().unwrap_or_default();
        assert!(comment.len() >= 30, "{} has no Comment that says anything", state.name);
    }
}

#[test]
fn every_choice_has_a_default() {
    for state in definition::of_type("Choice") {
        assert!(
            state.get("Default").is_string(),
            "{} has no Default: an unforeseen value would be no error",
            state.name
        );
    }
}

#[test]
fn every_catch_leads_to_conclude_and_stores_the_error() {
    for state in definition::top().iter().filter(|state| state.name != "Conclude") {
        for catch in state.list("Catch") {
            assert_eq!(catch["Next"], "Conclude", "{}", state.name);
            assert_eq!(catch["ResultPath"], "$.error", "{}: the state's data must come through", state.name);
        }
    }
}

#[test]
fn conclude_leads_to_done_or_failed_and_its_own_catch_to_conclude_failed() {
    let states = definition::top();
    let state =
        |name: &str| states.iter().find(|state| state.name == name).unwrap_or_else(|| panic!("no state {name}"));
    assert_eq!(state("Conclude").next(), ["Concluded?"]);
    assert_eq!(BTreeSet::from_iter(state("Conclude").caught_by()), BTreeSet::from(["ConcludeFailed".to_owned()]));
    assert_eq!(BTreeSet::from_iter(state("Concluded?").next()), BTreeSet::from(["Done".into(), "Failed".into()]));
    assert_eq!(state("Concluded?").get("Default"), "Failed", "what is not known to have succeeded has failed");
    assert!(state("Done").is("Succeed") && state("Failed").is("Fail") && state("ConcludeFailed").is("Fail"));
}

#[test]
fn only_conclude_ends_a_run() {
    for state in definition::top() {
        assert!(state.get("End").is_null(), "{} ends the run by itself", state.name);
        let ends = ["Done", "Failed"];
        let leads_to_end = state.next().iter().any(|name| ends.contains(&name.as_str()));
        assert!(!leads_to_end || state.name == "Concluded?", "{} passes Conclude by", state.name);
    }
}

#[test]
fn the_execution_has_a_time_limit_that_the_service_allows() {
    let limit = definition::definition()["TimeoutSeconds"].as_u64().expect("TimeoutSeconds is a whole number");
    // No Catch and no Conclude runs after this time limit, so it must be longer than a healthy run.
    // The service allows at most one year.
    assert!((30 * 86_400..=365 * 86_400).contains(&limit), "{limit}");
}
