//! The schemas agree with the types, and the examples agree with the schemas.
//!
//! `UPDATE_GOLDEN=1` rewrites the schemas.

use crate::project;
use schemars::{JsonSchema, schema_for};
use serde_json::Value;
use tableshift_core::language::document::Document;
use tableshift_core::plan::settings::input::Input;

const FOLDER: &str = "state-machines/migrate-table";

fn hold<T: JsonSchema>(name: &str) -> Value {
    let generated = schema_for!(T).to_value();
    let text = serde_json::to_string_pretty(&generated).expect("a schema is JSON") + "\n";
    let path = format!("{FOLDER}/{name}");
    // Write only a changed schema: two tests use the same schema at the same time, and one would read a half-written file.
    if std::env::var_os("UPDATE_GOLDEN").is_some() && project::read(&path) != text {
        std::fs::write(project::root().join(&path), &text).expect("the schema is written");
    }
    assert_eq!(project::read(&path), text, "{path} differs from the types; rewrite it with UPDATE_GOLDEN=1");
    generated
}

fn examples(folder: &str) -> Vec<(String, Value)> {
    let names = project::names_in(&format!("{FOLDER}/{folder}"));
    names.into_iter().map(|name| (name.clone(), project::json(&format!("{FOLDER}/{folder}/{name}")))).collect()
}

#[test]
fn the_input_schema_accepts_every_valid_example() {
    let schema = jsonschema::validator_for(&hold::<Input>("input.schema.json")).expect("a schema");
    for (name, input) in examples("inputs/valid") {
        assert!(schema.is_valid(&input), "{name}");
    }
}

#[test]
fn the_input_schema_rejects_every_mistake_that_a_schema_can_express() {
    let schema = jsonschema::validator_for(&hold::<Input>("input.schema.json")).expect("a schema");
    for name in ["unknown-field", "wrong-type-segments", "unknown-action", "segments-zero", "not-an-object"] {
        let example = project::json(&format!("{FOLDER}/inputs/invalid/{name}.json"));
        assert!(!schema.is_valid(&example["input"]), "{name}");
    }
}

#[test]
fn the_migration_schema_accepts_the_demo_migration_and_rejects_a_step_with_two_actions() {
    let schema = jsonschema::validator_for(&hold::<Document>("migration.schema.json")).expect("a schema");
    let folder = "scripts/demonstration/migrations";
    for name in project::names_in(folder) {
        let document: Value = serde_saphyr::from_str(&project::read(&format!("{folder}/{name}"))).expect("YAML");
        assert!(schema.is_valid(&document), "{name}");
    }
    let two = serde_json::json!({"id": "x", "change": [{"set": "a", "to": 1, "remove": "b"}]});
    assert!(!schema.is_valid(&two));
}
