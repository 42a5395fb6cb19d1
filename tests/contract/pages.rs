//! The pages for people say what is: their examples are accepted, their commands and links lead somewhere.

use crate::project;
use std::collections::BTreeSet;
use std::path::Path;
use tableshift_core::ErrorName;
use tableshift_core::language::compile::compiled::Compiled;
use tableshift_core::language::document::Document;
use tableshift_core::language::expression::functions::OWN;
use tableshift_core::plan::input::Input;

const PAGES: [&str; 12] = [
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "workers/README.md",
    "infra/README.md",
    "infra/local/README.md",
    "state-machines/migrate-table/README.md",
    "state-machines/migrate-table/reference.md",
    "state-machines/migrate-table/cookbook.md",
    "scripts/cli/README.md",
    "tests/bench/README.md",
    "tests/faults/README.md",
];

/// The fenced blocks of a page in this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let text = project::text(page);
    let fence = format!("```{language}\n");
    let starts = text.split(fence.as_str()).skip(1);
    starts.map(|rest| rest.split("```").next().expect("a block ends").to_owned()).collect()
}

/// The targets of a page's links that lead into the project.
fn links(page: &str) -> Vec<String> {
    let text = project::text(page);
    let targets = text.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()));
    targets.filter(|target| !target.contains("://") && !target.starts_with('#')).collect()
}

#[test]
fn every_link_leads_to_something() {
    for page in PAGES {
        for link in links(page) {
            let path =
                Path::new(page).parent().expect("a page is in a folder").join(link.split('#').next().expect("a part"));
            assert!(project::root().join(&path).exists(), "{page} links to {link}, which is not there");
        }
    }
}

#[test]
fn every_migration_in_the_readme_compiles() {
    let migrations = blocks("README.md", "yaml");
    assert!(!migrations.is_empty());
    for text in migrations {
        let document = Document::from_yaml(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        Compiled::of(&document).unwrap_or_else(|error| panic!("{error}\n{text}"));
    }
}

#[test]
fn the_readme_shows_the_demo_s_migration_as_it_is() {
    let file = project::text("scripts/demonstration/migrations/20261122-airport-position.yaml");
    assert!(blocks("README.md", "yaml").contains(&file), "README.md does not show the demo's migration");
}

#[test]
fn every_input_in_the_readme_is_accepted() {
    let text = project::text("README.md");
    let inline = text.split('`').filter(|part| part.starts_with("{\"action\"")).map(str::to_owned);
    let inputs: Vec<String> = blocks("README.md", "json").into_iter().chain(inline).collect();
    assert!(inputs.len() > 3);
    for input in inputs {
        // Three dots stand for a name of the reader's.
        let value = serde_json::from_str(&input.replace("\"...\"", "\"name\""))
            .unwrap_or_else(|error| panic!("{error}\n{input}"));
        Input::parse(&value).unwrap_or_else(|error| panic!("{error}\n{input}"));
    }
}

#[test]
fn the_reference_lists_every_function_of_the_language() {
    let page = "state-machines/migrate-table/reference.md";
    let text = project::text(page);
    for function in OWN {
        assert!(text.contains(&format!("`{function}(")), "{page} does not tell of {function}()");
    }
}

#[test]
fn every_script_that_a_page_names_is_there() {
    for page in PAGES {
        let text = project::text(page);
        for rest in text.split("./scripts/").skip(1) {
            let name: String = rest.chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
            assert!(
                project::root().join("scripts").join(&name).exists(),
                "{page} names ./scripts/{name}, which is not there"
            );
        }
    }
}

#[test]
fn the_workers_page_has_every_worker_and_only_errors_that_exist() {
    let page = project::text("workers/README.md");
    for worker in project::worker_folders() {
        assert!(page.contains(&format!("[`{worker}`]({worker})")), "workers/README.md does not tell of {worker}");
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
