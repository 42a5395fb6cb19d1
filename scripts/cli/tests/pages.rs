//! The pages about the language and the command: the schemas match the types, every example works, and the command's page
//! lists every command, exit code and finding.

use crate::command::{commands, hold, root, run};
use serde_json::Value;
use tableshift_core::language::diagnostics::{Review, shape};
use tableshift_core::language::finding::{Code, Level};

fn folder() -> std::path::PathBuf {
    root().join("state-machines/migrate-table")
}

/// The fenced blocks of a page in this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let starts = page.split(fence.as_str()).skip(1);
    starts.map(|rest| rest.split("```").next().expect("a block ends").to_owned()).collect()
}

#[test]
fn every_field_has_a_description_and_an_example_for_editors() {
    let schema = shape::schema();
    let maps = schema["$defs"].as_object().expect("definitions").iter().map(|(name, map)| (name.as_str(), map));
    for (map, fields) in maps.chain([("Document", schema)]) {
        for (name, field) in fields["properties"].as_object().into_iter().flatten() {
            assert!(field["description"].is_string(), "{map}.{name} has no description");
            let of_maps = matches!(name.as_str(), "change" | "rules");
            assert!(of_maps || field["examples"].is_array(), "{map}.{name} has no example");
        }
    }
}

#[test]
fn the_page_of_the_command_explains_every_finding() {
    let page = std::fs::read_to_string(root().join("scripts/cli/README.md")).expect("the page");
    for code in Code::ALL {
        assert!(page.contains(&format!("| `{}` |", code.as_str())), "scripts/cli/README.md does not explain {code:?}");
    }
}

#[test]
fn the_page_of_the_command_lists_every_command_and_exit_code() {
    let page = std::fs::read_to_string(root().join("scripts/cli/README.md")).expect("the page");
    for command in commands() {
        let is_listed = [" ", "`"].iter().any(|end| page.contains(&format!("| `{command}{end}")));
        assert!(is_listed, "scripts/cli/README.md does not list `{command}`");
    }
    let help = run(&root(), &["--help"]).out;
    let codes = help.split("Exit codes:\n").nth(1).expect("a list of exit codes");
    let codes: Vec<&str> = codes.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next());
    let rows: Vec<&str> = rows.filter(|cell| cell.parse::<u8>().is_ok()).collect();
    assert_eq!(rows, codes);
}

#[test]
fn the_examples_of_where_are_valid() {
    let examples =
        |pointer: &str| shape::schema().pointer(pointer).and_then(Value::as_array).expect("examples").clone();
    for condition in examples("/properties/where/examples") {
        let text = format!("id: x\nwhere: {condition}\nchange:\n  - remove: x\n");
        let review = Review::of(&text, None);
        assert!(review.findings.iter().all(|finding| finding.level == Level::Note), "{text}{review:?}");
    }
}

/// The file names of the cookbook's migrations.
fn migrations() -> Vec<String> {
    let entries = std::fs::read_dir(folder().join("migrations")).expect("the folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.contains(".fixture.")).collect();
    names.sort();
    names
}

#[test]
fn every_migration_of_the_cookbook_passes_check_and_test() {
    let folder = folder().join("migrations");
    assert!(migrations().len() >= 10);
    for name in migrations() {
        let checked = run(&folder, &["check", &name]);
        assert!(checked.out.ends_with(&format!("{name}: fine\n")), "{}", checked.out);
        let tested = run(&folder, &["test", &name]);
        assert_eq!(tested.code, 0, "{}{}", tested.out, tested.err);
        assert!(tested.out.contains(": changed"), "no sample of {name} is changed");
    }
}

#[test]
fn the_cookbook_shows_the_exact_content_of_every_migration() {
    let page = std::fs::read_to_string(folder().join("cookbook.md")).expect("the page");
    let shown = blocks(&page, "yaml");
    for name in migrations() {
        let text = std::fs::read_to_string(folder().join("migrations").join(&name)).expect("the migration");
        assert!(shown.contains(&text), "cookbook.md does not show the content of {name}");
    }
    assert_eq!(shown.len(), migrations().len(), "cookbook.md shows a migration that has no file");
}

fn fixture_schema() -> Value {
    let text = std::fs::read_to_string(folder().join("fixture.schema.json")).expect("the schema");
    serde_json::from_str(&text).expect("JSON")
}

/// Whether a YAML document is valid against a schema, as an editor checks it.
fn accepts(schema: &Value, text: &str) -> bool {
    let document: Value = serde_saphyr::from_str(text).expect("YAML");
    jsonschema::validator_for(schema).expect("a schema").is_valid(&document)
}

#[test]
fn the_schemas_accept_every_migration_of_the_cookbook_and_its_samples() {
    let folder = folder().join("migrations");
    for name in migrations() {
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).expect("the file");
        assert!(accepts(shape::schema(), &read(&name)), "{name}");
        let samples = name.replace(".yaml", ".fixture.yaml");
        assert!(accepts(&fixture_schema(), &read(&samples)), "{samples}");
    }
}

#[test]
fn the_schemas_reject_a_wrong_shape() {
    for name in ["unknown-field-misspelt", "missing-fields", "step-with-two-actions", "steps-as-a-map"] {
        let text =
            std::fs::read_to_string(root().join(format!("tests/documents/faulty/{name}.yaml"))).expect("the file");
        assert!(!accepts(shape::schema(), &text), "{name}");
    }
    for samples in ["- before: {}\n", "- name: x\n  before: {}\n  aftr: {}\n", "- name: x\n  before: 1\n"] {
        assert!(!accepts(&fixture_schema(), samples), "{samples}");
    }
}

#[test]
fn the_schemas_in_the_repository_match_the_types() {
    let schemas = [
        ("migration.schema.json", shape::schema().clone()),
        ("input.schema.json", schemars::schema_for!(tableshift_core::plan::settings::input::Input).to_value()),
    ];
    for (name, schema) in schemas {
        hold(&folder().join(name), &(serde_json::to_string_pretty(&schema).expect("JSON") + "\n"));
    }
}
