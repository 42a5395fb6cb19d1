//! The page that describes the state machine agrees with the definition.

use crate::definition;
use crate::project;
use std::collections::{BTreeMap, BTreeSet};
use tableshift_core::ErrorName;

const PATH: &str = "state-machines/migrate-table/README.md";

fn page() -> String {
    project::read(PATH)
}

/// The edges of the diagram, with its short names spelled out.
fn drawn() -> BTreeSet<(String, String)> {
    let page = page();
    let diagram = page.split("```mermaid").nth(1).and_then(|rest| rest.split("```").next()).expect("a diagram");
    let lines = || diagram.lines().map(str::trim);
    let alias = |line: &str| {
        let (name, short) = line.strip_prefix("state \"")?.split_once("\" as ")?;
        Some((short.to_owned(), name.to_owned()))
    };
    let aliases: BTreeMap<String, String> = lines().filter_map(alias).collect();
    let spelled = |name: &str| aliases.get(name.trim()).cloned().unwrap_or_else(|| name.trim().to_owned());
    let edge = |line: &str| {
        let (from, rest) = line.split_once("-->")?;
        Some((spelled(from), spelled(rest.split(':').next()?)))
    };
    lines().filter_map(edge).filter(|(from, to)| from != "[*]" && to != "[*]").collect()
}

/// The first cells of the table whose first heading is `heading`.
fn first_cells(heading: &str) -> Vec<String> {
    let page = page();
    let rows = page.lines().skip_while(|line| !line.starts_with(&format!("| {heading} |"))).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.split('|').nth(1).expect("a cell").trim().to_owned()).collect()
}

#[test]
fn the_diagram_shows_the_flow_of_the_definition() {
    let mut defined = BTreeSet::new();
    for state in definition::top() {
        defined.extend(state.next().into_iter().map(|next| (state.name.clone(), next)));
    }
    // A sentence describes the edges of every other Catch: in the diagram they would hide the flow.
    defined.insert(("Conclude".to_owned(), "ConcludeFailed".to_owned()));
    assert_eq!(drawn(), defined);
}

#[test]
fn the_table_has_every_state_in_the_order_of_the_flow() {
    let states: Vec<String> = definition::top().into_iter().map(|state| state.name).collect();
    assert_eq!(first_cells("state"), states);
}

#[test]
fn the_outcomes_are_the_error_names() {
    let cells = first_cells("error").join(" ");
    let named: BTreeSet<&str> = cells.split('`').filter(|part| !part.trim().is_empty()).collect();
    assert_eq!(named, ErrorName::ALL.iter().map(|name| name.as_str()).collect());
}

#[test]
fn the_input_table_has_every_field_that_the_examples_use() {
    let fields: BTreeSet<String> = first_cells("name").iter().map(|cell| cell.trim_matches('`').to_owned()).collect();
    assert_eq!(fields, crate::inputs::fields_in_use());
}
