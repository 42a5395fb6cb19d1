//! The commands for authors: new, check, test, explain.

use crate::command::{hold, root, run};
use std::path::Path;

fn golden(name: &str, text: &str) {
    hold(&root().join("scripts/cli/tests/golden").join(name), text);
}

fn new_migration(folder: &Path) -> &'static str {
    let ran = run(folder, &["new", "add-tags", "--date", "2026-11-22"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    "migrations/20261122-add-tags.yaml"
}

#[test]
fn a_new_migration_passes_check_and_test_unchanged() {
    let folder = tempfile::tempdir().expect("a folder");
    let created = run(folder.path(), &["new", "add-tags", "--date", "2026-11-22"]).out;
    let file = "migrations/20261122-add-tags.yaml";
    let texts = [file, "migrations/20261122-add-tags.fixture.yaml"].map(|name| {
        format!("--- {name}\n{}", std::fs::read_to_string(folder.path().join(name)).expect("it was written"))
    });
    let checked = run(folder.path(), &["check", file]);
    let tested = run(folder.path(), &["test", file]);
    golden(
        "new.txt",
        &format!("{created}\n{}\n--- check\n{}\n--- test\n{}", texts.join("\n"), checked.out, tested.out),
    );
    assert_eq!((checked.code, tested.code), (0, 0));
}

#[test]
fn the_schemas_that_a_new_file_names_exist() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(new_migration(folder.path()));
    for file in [file.clone(), file.with_extension("fixture.yaml")] {
        let text = std::fs::read_to_string(&file).expect("it was written");
        let schema = text.lines().next().and_then(|line| line.split_once("$schema=")).expect("a schema line").1;
        let schema = std::fs::read_to_string(file.parent().expect("a folder").join(schema)).expect("the schema");
        let schema: serde_json::Value = serde_json::from_str(&schema).expect("JSON");
        assert!(schema["description"].is_string());
    }
}

#[test]
fn new_does_not_overwrite_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join(new_migration(folder.path()));
    std::fs::write(&file, "mine").expect("written");
    let again = run(folder.path(), &["new", "add-tags", "--date", "2026-11-22"]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("already exists"), "{}", again.err);
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), "mine");
}

#[test]
fn a_name_that_cannot_be_a_file_name_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = run(folder.path(), &["new", "../evil"]);
    assert_eq!(ran.code, 2);
    assert!(!folder.path().join("migrations").exists());
}

const MIGRATION: &str = "id: 20261122-split-address
description: address becomes addressDetails {street, city, state}
where: has(item.address) && !has(item.addressDetails)
change:
  - set: addressDetails
    to: extract(item.address, r'^(?<street>[^,]+), *(?<city>[^,]+), *(?<state>[A-Z]{2})$')
  - rename: { from: zip, to: postalCode }
  - default: version
    to: 1
  - increment_version:
      from: 1
      to: 2
      change:
        - remove: legacy
        - convert: { path: price, to: number }
check: has(item.addressDetails.city) && item.version == 2
";

const SAMPLES: &str = "# Samples of three kinds
- name: an address of three parts
  before: { pk: ITEM#1, sk: A, address: \"1 Main St, Boston, MA\", zip: \"02118\", price: \"12.50\" }
- name: an address that cannot be split
  before: { pk: ITEM#2, address: somewhere }
  invalid: pattern does not match
- name: a wrong expectation # on purpose
  before: { pk: ITEM#3, address: \"1 Main St, Boston, MA\" }
  after:
    pk: ITEM#3
    address: \"1 Main St, Boston, MA\"
    addressDetails: { street: 1 Main Street, city: Boston, state: MA }
    version: 2
- name: done
  before: { pk: ITEM#4, addressDetails: { city: Boston }, version: 2 }
  after: unchanged
";

fn split_address(folder: &Path) -> &'static str {
    std::fs::write(folder.join("split.yaml"), MIGRATION).expect("written");
    std::fs::write(folder.join("split.fixture.yaml"), SAMPLES).expect("written");
    "split.yaml"
}

#[test]
fn test_shows_what_each_step_changes_and_where_a_sample_differs() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = run(folder.path(), &["test", split_address(folder.path())]);
    golden("test.txt", &ran.out);
    assert_eq!(ran.code, 1);
}

#[test]
fn update_fills_in_what_samples_become_and_keeps_the_rest_of_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = split_address(folder.path());
    let updated = run(folder.path(), &["test", "--update", file]);
    let text = std::fs::read_to_string(folder.path().join("split.fixture.yaml")).expect("it is there");
    golden("update.txt", &format!("{}\n{text}", updated.out));
    let tested = run(folder.path(), &["test", file]);
    assert_eq!((updated.code, tested.code), (0, 0), "{}", tested.out);
}

#[test]
fn test_prints_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = run(folder.path(), &["test", "--json", split_address(folder.path())]);
    golden("test.json", &ran.out);
    assert_eq!(ran.code, 1);
}

#[test]
fn explain_prints_sentences_and_ends_with_the_exact_update() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = run(folder.path(), &["explain", split_address(folder.path())]);
    golden("explain.txt", &ran.out);
    assert_eq!(ran.code, 0);
}

#[test]
fn a_migration_that_would_change_its_items_twice_fails_its_test() {
    let folder = tempfile::tempdir().expect("a folder");
    let migration = "id: count\nwhere: has(item.count)\nchange:\n  - set: count\n    to: item.count + 1\n";
    std::fs::write(folder.path().join("count.yaml"), migration).expect("written");
    let samples = "- name: one\n  before: { pk: a, count: 1 }\n  after: { pk: a, count: 2 }\n";
    std::fs::write(folder.path().join("count.fixture.yaml"), samples).expect("written");
    let ran = run(folder.path(), &["test", "count.yaml"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("a second run would change it again"), "{}", ran.out);
}

#[test]
fn missing_and_invalid_samples_are_reported() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = split_address(folder.path());
    let missing = run(folder.path(), &["test", file, "--fixture", "none.yaml"]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("none.yaml"), "{}", missing.err);
    std::fs::write(folder.path().join("bad.yaml"), "- name: x\n  bevore: { pk: { $sss: [a] } }\n").expect("written");
    let bad = run(folder.path(), &["test", file, "--fixture", "bad.yaml"]);
    golden("fixture.txt", &bad.out);
    assert_eq!(bad.code, 1);
}

#[test]
fn check_and_explain_say_when_a_contract_migration_may_run() {
    let folder = tempfile::tempdir().unwrap();
    let text = "id: drop-address\nkind: contract\nrequires: split-address\nbake: 48h\nwhere: has(item.address)\n\
                change:\n  - remove: address\n";
    std::fs::write(folder.path().join("drop-address.yaml"), text).unwrap();
    let said = "It may start on a table 2d after `split-address` was applied there, if every item was verified";
    let checked = run(folder.path(), &["check", "drop-address.yaml"]);
    assert!(checked.out.contains(said) && checked.out.contains("removes the old shape"), "{}", checked.out);
    let json: serde_json::Value =
        serde_json::from_str(&run(folder.path(), &["check", "--json", "drop-address.yaml"]).out).unwrap();
    assert!(json["files"][0]["when"][1].as_str().is_some_and(|when| when.starts_with(said)), "{json}");
    let explained = run(folder.path(), &["explain", "drop-address.yaml"]).out.replace("\n  ", " ");
    assert!(explained.contains("When it may run") && explained.contains(said), "{explained}");
}
