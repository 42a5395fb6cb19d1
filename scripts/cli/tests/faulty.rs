//! Faulty documents in `tests/documents/faulty`, each with the exact output of `check` beside it.

use crate::command::{hold, root, run, run_with_input};
use std::collections::BTreeSet;

/// The documents are checked for the table `orders`.
const TABLE: [&str; 4] = ["--table-description", "../orders.table.json", "--time-to-live", "expires"];

fn documents() -> BTreeSet<String> {
    let folder = root().join("tests/documents/faulty");
    let entries = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").file_name());
    entries.filter_map(|name| name.to_string_lossy().strip_suffix(".yaml").map(str::to_owned)).collect()
}

#[test]
fn check_reports_every_problem_of_a_faulty_document_and_how_to_fix_it() {
    let folder = root().join("tests/documents/faulty");
    let documents = documents();
    assert!(documents.len() >= 20, "{documents:?}");
    for name in documents {
        let file = format!("{name}.yaml");
        let ran = run(&folder, &[&["check"][..], &TABLE, &[&file]].concat());
        hold(&folder.join(format!("{name}.txt")), &ran.out);
        assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{name}");
    }
}

#[test]
fn every_golden_file_belongs_to_a_document() {
    let folder = root().join("tests/documents/faulty");
    let texts = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").file_name());
    let texts = texts.filter_map(|name| name.to_string_lossy().strip_suffix(".txt").map(str::to_owned));
    assert_eq!(texts.collect::<BTreeSet<_>>(), documents());
}

#[test]
fn json_has_the_same_findings_in_a_stable_form() {
    let folder = root().join("tests/documents/faulty");
    let ran = run(&folder, &["check", "--json", "rules-and-change-together.yaml", "where-without-quotes.yaml"]);
    hold(&root().join("scripts/cli/tests/golden/check.json"), &ran.out);
    assert_eq!(ran.code, 1);
}

#[test]
fn a_document_on_standard_input_is_checked_like_a_file() {
    let text = "id: x\nwhere: has(item.a)\nchange:\n  - remove: a\n";
    let ran = run_with_input(&root(), &["check", "-"], text);
    assert_eq!((ran.code, ran.out.as_str()), (0, "<stdin>: fine\n"));
}

#[test]
fn warnings_do_not_change_the_exit_code_and_a_missing_file_does() {
    let warned = run_with_input(&root(), &["check", "-"], "id: x\nwhere: has(item.a)\nchange:\n  - remove: item.a\n");
    assert_eq!(warned.code, 0, "{}", warned.out);
    assert!(warned.out.ends_with("<stdin>: fine, with 1 warning\n"), "{}", warned.out);
    let missing = run(&root(), &["check", "nowhere.yaml"]);
    assert_eq!((missing.code, missing.out.as_str()), (2, ""));
    assert!(missing.err.contains("cannot read nowhere.yaml"), "{}", missing.err);
}

#[test]
fn output_is_coloured_only_on_request() {
    let folder = root().join("tests/documents/faulty");
    let plain = run(&folder, &["check", "missing-fields.yaml"]);
    assert!(!plain.out.contains('\u{1b}'));
    let coloured = run(&folder, &["--color", "always", "check", "missing-fields.yaml"]);
    assert!(coloured.out.contains('\u{1b}'));
}
