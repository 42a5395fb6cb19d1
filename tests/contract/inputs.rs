//! The examples of inputs: the valid ones together use every field, and each invalid one has its error message.

use crate::project;
use serde_json::Value;
use std::collections::BTreeSet;
use tableshift_core::ErrorName;
use tableshift_core::error::failure::chain;
use tableshift_core::plan::settings::input::Input;

const FOLDER: &str = "state-machines/migrate-table/inputs";

/// The examples in `valid` or `invalid`, each with its name.
fn examples(kind: &str) -> Vec<(String, Value)> {
    let folder = format!("{FOLDER}/{kind}");
    project::names_in(&folder)
        .into_iter()
        .map(|name| (name.clone(), project::json(&format!("{folder}/{name}"))))
        .collect()
}

/// Every field that a valid example uses.
pub fn fields_in_use() -> BTreeSet<String> {
    let valid = examples("valid");
    valid.iter().flat_map(|(_, input)| input.as_object().expect("a valid input is an object").keys().cloned()).collect()
}

#[test]
fn every_action_has_a_valid_example() {
    let actions: BTreeSet<String> =
        examples("valid").iter().filter_map(|(_, input)| input["action"].as_str().map(str::to_owned)).collect();
    assert_eq!(actions, ["migrate", "dry-run", "verify", "roll-back", "resume"].map(str::to_owned).into());
}

#[test]
fn every_invalid_example_has_input_error_and_message() {
    for (name, example) in examples("invalid") {
        let fields: Vec<&String> = example.as_object().expect("an object").keys().collect();
        assert_eq!(fields, ["input", "error", "message"], "{name}");
        assert_eq!(example["error"], ErrorName::InvalidInput.as_str(), "{name}");
        assert!(example["message"].as_str().is_some_and(|message| message.len() > 30), "{name}");
    }
}

#[test]
fn every_message_begins_with_the_field() {
    for (name, example) in examples("invalid") {
        let message = example["message"].as_str().unwrap_or_default();
        let field = message.strip_prefix('`').and_then(|rest| rest.split('`').next()).unwrap_or_default();
        // `input` stands for the whole input; a path such as `window.days[1]` starts with its field.
        let field = field.split('.').next().unwrap_or_default();
        let known = field == "input" || example["input"].get(field).is_some() || message.contains("is missing");
        assert!(known, "{name}: {message}");
    }
}

#[test]
fn no_two_invalid_examples_are_the_same_mistake() {
    let inputs: BTreeSet<String> =
        examples("invalid").iter().map(|(_, example)| example["input"].to_string()).collect();
    assert_eq!(inputs.len(), examples("invalid").len());
}

#[test]
fn every_valid_example_is_accepted() {
    for (name, input) in examples("valid") {
        Input::parse(&input).unwrap_or_else(|error| panic!("{name}: {}", chain(&error)));
    }
}

#[test]
fn every_invalid_example_gives_its_message() {
    let given =
        |input: &Value| Input::parse(input).map_or_else(|error| chain(&error), |_| "nothing is wrong".to_owned());
    let differs = |(name, example): (String, Value)| {
        let (expected, given) = (example["message"].as_str().unwrap_or_default().to_owned(), given(&example["input"]));
        (expected != given).then(|| format!("{name}\n  must give {expected}\n  but gives {given}"))
    };
    let differing: Vec<String> = examples("invalid").into_iter().filter_map(differs).collect();
    assert!(differing.is_empty(), "\n{}", differing.join("\n"));
}
