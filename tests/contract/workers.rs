//! Every worker has the same layout: to know one is to know all.

use crate::project;
use std::collections::BTreeSet;

/// A main builds its clients and calls the library. Longer code belongs in the library, where tests can call it.
const MAIN_LINES: usize = 30;

#[test]
fn every_worker_folder_has_the_same_files() {
    for worker in project::worker_folders() {
        let names = project::names_in(&format!("workers/{worker}"));
        let needed: BTreeSet<String> = ["Cargo.toml", "src"].map(str::to_owned).into();
        // A page's sources and its golden files have their own folders.
        let allowed: BTreeSet<String> = ["templates", "tests"].map(str::to_owned).into();
        assert!(names.is_superset(&needed), "workers/{worker} has {names:?}");
        assert!(names.difference(&needed).all(|name| allowed.contains(name)), "workers/{worker} has {names:?}");
        let sources = project::names_in(&format!("workers/{worker}/src"));
        assert!(sources.contains("main.rs") && sources.contains("lib.rs"), "workers/{worker}/src has {sources:?}");
        // A folder beside a file of the same name contains that file's tests.
        let is_source = |name: &String| name.ends_with(".rs") || sources.contains(&format!("{name}.rs"));
        assert!(sources.iter().all(is_source), "workers/{worker}/src has {sources:?}");
    }
}

#[test]
fn every_main_is_short() {
    for worker in project::worker_folders() {
        let lines = project::read(&format!("workers/{worker}/src/main.rs")).lines().count();
        assert!(lines <= MAIN_LINES, "workers/{worker}/src/main.rs has {lines} lines");
    }
}

#[test]
fn every_worker_has_a_description_and_input_output_error_and_run() {
    for worker in project::worker_folders() {
        let library = project::read(&format!("workers/{worker}/src/lib.rs"));
        assert!(library.starts_with("//! ") && library.lines().next().is_some_and(|line| line.len() > 20), "{worker}");
        for part in ["Input", "Output", "Error", "fn run"] {
            let somewhere = project::names_in(&format!("workers/{worker}/src"));
            let has = |file: &String| project::read(&format!("workers/{worker}/src/{file}")).contains(part);
            let mut files = somewhere.iter().filter(|name| name.ends_with(".rs"));
            assert!(files.any(has), "workers/{worker} has no `{part}`");
        }
    }
}
