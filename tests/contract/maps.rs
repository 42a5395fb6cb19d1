//! The fields that every Map must have.

use crate::definition;
use std::collections::BTreeSet;
use tableshift_core::plan::child::{PartInput, SegmentInput};
use tableshift_core::plan::parts::Part;
use tableshift_core::plan::wave::Wave;

/// The characters that a Label must not contain, besides white space and control characters.
const NOT_IN_A_LABEL: &str = "?*<>{}[]:;,\\|^~$#%&\"`";

#[test]
fn every_map_has_a_valid_and_unique_label() {
    let maps = definition::of_type("Map");
    let mut labels = BTreeSet::new();
    for map in &maps {
        let label = map.get("Label").as_str().unwrap_or_else(|| panic!("{} has no Label", map.name));
        assert!((1..=40).contains(&label.chars().count()), "{label}");
        let illegal = |c: char| NOT_IN_A_LABEL.contains(c) || c.is_whitespace() || c.is_control();
        assert!(!label.contains(illegal), "{label}");
        assert!(labels.insert(label.to_owned()), "{label} is used twice");
    }
    assert_eq!(maps.len(), 4);
}

#[test]
fn every_map_is_distributed_over_standard_children() {
    for map in definition::of_type("Map") {
        let config = &map.get("ItemProcessor")["ProcessorConfig"];
        assert_eq!(
            (config["Mode"].as_str(), config["ExecutionType"].as_str()),
            (Some("DISTRIBUTED"), Some("STANDARD"))
        );
    }
}

#[test]
fn every_map_reads_from_s3_and_writes_its_results_there() {
    for map in definition::of_type("Map") {
        let (reader, writer) = (map.get("ItemReader"), map.get("ResultWriter"));
        assert_eq!(reader["Resource"], "arn:aws:states:::s3:getObject", "{}", map.name);
        assert_eq!(reader["ReaderConfig"]["InputType"], "JSON", "{}", map.name);
        assert_eq!(writer["Resource"], "arn:aws:states:::s3:putObject", "{}", map.name);
        assert!(writer["WriterConfig"].is_object(), "{}", map.name);
        for place in [reader, writer] {
            assert_eq!(place["Parameters"]["Bucket.$"], "$.bucket", "{}", map.name);
        }
    }
}

#[test]
fn every_map_leaves_the_state_data_unchanged() {
    for map in definition::of_type("Map") {
        // A Map's result differs between engines: on one it is the location of the results, on another the results themselves.
        assert!(map.fields.get("ResultPath").is_some_and(|path| path.is_null()), "{}", map.name);
    }
}

#[test]
fn every_map_bounds_its_concurrency_and_tolerates_no_failure() {
    for map in definition::of_type("Map") {
        assert_eq!(map.get("MaxConcurrencyPath"), "$.max_concurrency", "{}: absent means 10,000", map.name);
        assert_eq!(map.get("ToleratedFailurePercentage"), 0, "{}", map.name);
    }
}

#[test]
fn no_map_retries() {
    for map in definition::of_type("Map") {
        // Retry on a Map starts a new Map Run that repeats every child, including those that succeeded.
        assert!(map.get("Retry").is_null(), "{}", map.name);
    }
}

#[test]
fn every_child_receives_run_and_epoch() {
    for map in definition::of_type("Map") {
        // A child is a separate execution: it only has the data that it receives.
        let selector = map.get("ItemSelector");
        assert_eq!((&selector["run.$"], &selector["epoch.$"]), (&"$.run".into(), &"$.epoch".into()), "{}", map.name);
    }
}

fn segment(wave: Wave) -> SegmentInput {
    SegmentInput { run: String::new(), epoch: 1, wave, segment: 0 }
}

#[test]
fn the_worker_of_a_child_receives_the_same_input_in_every_call() {
    for map in definition::of_type("Map") {
        let children = map.children();
        let task = children.iter().find(|state| state.is("Task")).expect("a child has a task");
        // The child's data grows with its worker's output, and a worker refuses unknown fields.
        let given = task.get("Parameters").as_object().expect("it says what its worker is given").keys();
        let given: BTreeSet<&str> = given.map(|name| name.trim_end_matches(".$")).collect();
        let example = match task.name.as_str() {
            "DryRunPart" => serde_json::to_value(PartInput { run: String::new(), epoch: 1, part: Part::of_segment(0) }),
            // A roll-back has no wave: it reads the journal.
            "RollBackSegment" => serde_json::to_value(segment(Wave::Whole)),
            _ => serde_json::to_value(segment(Wave::Canary)),
        };
        let taken = example.expect("an input in JSON");
        assert_eq!(given, taken.as_object().expect("an object").keys().map(String::as_str).collect(), "{}", task.name);
    }
}
