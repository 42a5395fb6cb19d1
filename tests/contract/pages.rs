//! The pages agree with the code: the code accepts their examples, and their lists are complete.

use crate::project;
use std::collections::BTreeSet;
use tableshift_core::ErrorName;
use tableshift_core::language::compile::compiled::Compiled;
use tableshift_core::language::document::Document;
use tableshift_core::language::expression::functions::FUNCTIONS;
use tableshift_core::plan::settings::input::Input;

/// The pages that show migrations and inputs. `scripts/testing/check_pages.py` checks links and commands, on every page.
const PAGES: [&str; 4] = [
    "README.md",
    "scripts/demonstration/README.md",
    "state-machines/migrate-table/running.md",
    "state-machines/migrate-table/writing.md",
];
const DEMO: &str = "scripts/demonstration/README.md";

/// The fenced blocks of a page in this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = project::read(page);
    let fence = format!("```{language}\n");
    let starts = text.split(fence.as_str()).skip(1);
    starts.map(|rest| rest.split("```").next().expect("a block ends").to_owned()).collect()
}

#[test]
fn every_migration_on_a_page_compiles() {
    let migrations: Vec<String> = PAGES.iter().flat_map(|page| blocks(page, "yaml")).collect();
    let whole: Vec<&String> = migrations.iter().filter(|text| text.starts_with("id:")).collect();
    assert!(whole.len() >= 2);
    for text in whole {
        let document = Document::from_yaml(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        Compiled::of(&document).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}

#[test]
fn the_demo_page_shows_the_migration_that_the_demo_runs() {
    let file = project::read("scripts/demonstration/migrations/20261122-airport-position.yaml");
    assert!(blocks(DEMO, "yaml").contains(&file), "{DEMO} does not show the demo's migration");
}

#[test]
fn every_input_on_a_page_is_accepted() {
    let mut inputs: Vec<String> = PAGES.iter().flat_map(|page| blocks(page, "json")).collect();
    for page in PAGES {
        let text = project::read(page);
        inputs.extend(text.split('`').filter(|part| part.starts_with("{\"action\"")).map(str::to_owned));
    }
    assert!(inputs.len() > 3);
    for input in inputs {
        // Three dots stand for a name that the reader chooses.
        let value = serde_json::from_str(&input.replace("\"...\"", "\"name\""))
            .unwrap_or_else(|error| panic!("{error}\n{input}"));
        Input::parse(&value).unwrap_or_else(|error| panic!("{error}\n{input}"));
    }
}

#[test]
fn the_reference_lists_every_function_of_the_language() {
    let page = "state-machines/migrate-table/reference.md";
    let text = project::read(page);
    for function in FUNCTIONS.iter().map(|function| function.name) {
        let is_described =
            [format!("`{function}("), format!("`string.{function}(")].iter().any(|form| text.contains(form));
        assert!(is_described, "{page} does not describe {function}()");
    }
}

#[test]
fn the_workers_page_has_every_worker_and_only_errors_that_exist() {
    let page = project::read("workers/README.md");
    for worker in project::worker_folders() {
        assert!(page.contains(&format!("[`{worker}`]({worker})")), "workers/README.md does not mention {worker}");
    }
    let known: BTreeSet<&str> = ErrorName::ALL.iter().map(|name| name.as_str()).collect();
    let rows = page
        .lines()
        .filter(|line| line.starts_with('|') && line.contains("]("))
        .filter(|line| line.matches('|').count() == 6);
    for name in rows.flat_map(|row| row.rsplit('|').nth(1).expect("a last cell").split('`').skip(1).step_by(2)) {
        assert!(known.contains(name), "workers/README.md names the error {name}, which nothing raises");
    }
}
