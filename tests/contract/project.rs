//! Paths in the project, and how the tests read its files.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The project's root folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ is in the project").to_path_buf()
}

/// The content of a file of the project.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path} cannot be read: {error}"))
}

/// A JSON file of the project.
pub fn json(path: &str) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{path} is not JSON: {error}"))
}

/// The SAM template as plain data. The parser ignores CloudFormation's tags, which these tests need: `!GetAtt Plan.Arn`
/// reads as the string `Plan.Arn`, `!Sub a-${B}` as `a-${B}`.
pub fn template() -> Value {
    serde_saphyr::from_str(&read("infra/template.yaml"))
        .unwrap_or_else(|error| panic!("infra/template.yaml is not YAML: {error}"))
}

/// The names in a folder of the project, without hidden ones.
pub fn names_in(path: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(path)).unwrap_or_else(|error| panic!("{path} cannot be listed: {error}"));
    entries
        .map(|entry| entry.expect("a folder's entry").file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect()
}

/// The folders of the workers: every crate directly in `workers/`.
pub fn worker_folders() -> BTreeSet<String> {
    let is_crate = |name: &String| root().join("workers").join(name).join("Cargo.toml").exists();
    names_in("workers").into_iter().filter(is_crate).collect()
}

/// `BackUp` to `back-up`: a state's or a resource's name to its worker's folder.
pub fn folder_of(name: &str) -> String {
    let mut folder = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !folder.is_empty() {
            folder.push('-');
        }
        folder.push(letter.to_ascii_lowercase());
    }
    folder
}

#[test]
fn a_name_of_several_words_becomes_a_folder_with_dashes() {
    assert_eq!(folder_of("RollBackSegment"), "roll-back-segment");
}
