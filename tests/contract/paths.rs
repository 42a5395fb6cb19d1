//! Every JSONPath finds its field. A path to a missing field raises States.Runtime, which no Catch matches: the run would
//! end without Conclude. So these tests follow the fields that certainly exist along every edge of the definition.

use crate::definition::{self, State};
use crate::promises;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

type Fields = BTreeSet<String>;

/// Every path into `value`, prefixed with `at`.
fn paths_of(at: &str, value: &Value) -> Fields {
    let mut paths = Fields::from([at.to_owned()]);
    for (name, inner) in value.as_object().into_iter().flatten() {
        paths.extend(paths_of(&format!("{at}.{}", name.trim_end_matches(".$")), inner));
    }
    paths
}

/// `fields` after `value` is stored at `path`.
fn with(fields: &Fields, path: &str, value: &Value) -> Fields {
    let inside = format!("{path}.");
    let kept = fields.iter().filter(|field| path != "$" && *field != path && !field.starts_with(&inside));
    kept.cloned().chain(paths_of(path, value)).collect()
}

/// The fields that certainly exist after a state succeeds.
fn after(state: &State, fields: &Fields) -> Fields {
    let result_path = state.fields.get("ResultPath").map_or(Some("$"), Value::as_str);
    let result = match state.get("Type").as_str() {
        Some("Task") => promises::answer_of(&state.name).unwrap_or_else(|| panic!("no promise for {}", state.name)),
        Some("Pass") => state.get("Parameters").clone(),
        _ => return fields.clone(),
    };
    result_path.map_or_else(|| fields.clone(), |path| with(fields, path, &result))
}

/// The fields that certainly exist when each state is entered: those that every way to it provides.
fn certain(start: &str, entry: Fields, states: &[State]) -> BTreeMap<String, Fields> {
    let mut certain = BTreeMap::from([(start.to_owned(), entry)]);
    let mut ahead = vec![start.to_owned()];
    while let Some(name) = ahead.pop() {
        let state = states.iter().find(|state| state.name == name).expect("the flow tests hold that it exists");
        let fields = certain[&name].clone();
        let went_well = state.next().into_iter().map(|next| (next, after(state, &fields)));
        let error = serde_json::json!({ "Error": "" });
        let caught = state.list("Catch").iter().map(|catch| {
            let next = catch["Next"].as_str().expect("a Catch has Next").to_owned();
            // Null keeps the state data unchanged. Without the field, the error replaces the data.
            let path = catch.get("ResultPath").map_or(Some("$"), Value::as_str);
            (next, path.map_or_else(|| fields.clone(), |path| with(&fields, path, &error)))
        });
        for (next, provided) in went_well.chain(caught) {
            let known = certain.get(&next);
            let narrowed =
                known.map_or_else(|| provided.clone(), |known| known.intersection(&provided).cloned().collect());
            if known != Some(&narrowed) {
                certain.insert(next.clone(), narrowed);
                ahead.push(next);
            }
        }
    }
    certain
}

/// The paths that a state reads, also those inside intrinsic functions.
fn read_by(value: &Value, reads: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let is_path = name.ends_with(".$") || name.ends_with("Path") || name == "Variable";
                match inner.as_str() {
                    Some(text) if is_path && name != "ResultPath" => reads.extend(paths_in(text)),
                    _ if name != "ItemProcessor" => read_by(inner, reads),
                    _ => {}
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| read_by(item, reads)),
        _ => {}
    }
}

fn paths_in(text: &str) -> Vec<String> {
    if text.starts_with('$') {
        return vec![text.to_owned()];
    }
    let arguments = text.split([',', '(', ')']).map(str::trim);
    arguments.filter(|argument| argument.starts_with('$')).map(str::to_owned).collect()
}

/// The paths into the context object that this state may read.
fn context_of(state: &State) -> Fields {
    let mut context: Fields =
        ["$$.Execution.Id", "$$.Execution.Name", "$$.Execution.StartTime"].map(str::to_owned).into();
    if state.get("Resource").as_str().is_some_and(|resource| resource.ends_with(".waitForTaskToken")) {
        context.insert("$$.Task.Token".to_owned());
    }
    if let Some(key) = state.get("ItemReader")["Parameters"]["Key.$"].as_str() {
        let element = promises::element_of(key).unwrap_or_else(|| panic!("{} reads an unknown list {key}", state.name));
        context.extend(paths_of("$$.Map.Item.Value", &element));
    }
    context
}

fn check(states: &[State], certain: &BTreeMap<String, Fields>) {
    for state in states {
        let mut reads = Vec::new();
        read_by(&Value::Object(state.fields.clone()), &mut reads);
        for path in reads {
            let there = if path.starts_with("$$") { context_of(state) } else { certain[&state.name].clone() };
            assert!(
                there.contains(&path),
                "{} reads {path}, which is not there on every way to it: {there:?}",
                state.name
            );
        }
    }
}

#[test]
fn every_path_at_the_top_finds_its_field() {
    let (definition, states) = (definition::definition(), definition::top());
    let start = definition["StartAt"].as_str().expect("StartAt is a string");
    // Nothing is certain about an execution's input, not even that it is an object.
    check(&states, &certain(start, Fields::from(["$".to_owned()]), &states));
}

#[test]
fn every_path_in_a_child_finds_its_field() {
    for map in definition::of_type("Map") {
        let states = map.children();
        let start = map.get("ItemProcessor")["StartAt"].as_str().expect("StartAt is a string").to_owned();
        check(&states, &certain(&start, paths_of("$", map.get("ItemSelector")), &states));
    }
}

#[test]
fn a_child_receives_the_input_of_its_worker() {
    for map in definition::of_type("Map") {
        let received: Fields = paths_of("$", map.get("ItemSelector"));
        let own: &[&str] = match map.name.as_str() {
            "DryRun" => &["$.part"],
            // A roll-back has no wave: it reads the journal.
            "RollBack" => &["$.segment"],
            _ => &["$.segment", "$.wave"],
        };
        let expected = ["$", "$.run", "$.epoch"].iter().chain(own);
        assert_eq!(received, expected.map(|path| (*path).to_owned()).collect(), "{}", map.name);
    }
}
