//! The reference page of the migration language. A test makes it from the comments of the document's types, so that
//! editors and the page show the same sentences.

mod samples;

use crate::author::fixture;
use serde_json::Value;
use std::path::{Path, PathBuf};
use tableshift_core::language::diagnostics::{Review, shape};
use tableshift_core::language::document;
use tableshift_core::language::expression::functions::{FUNCTIONS, Style};
use tableshift_core::language::finding::Level;

/// The whole page, in Markdown.
fn page() -> String {
    let schema = shape::schema();
    let mut text = String::from(HEAD);
    text += "## The document\n\n";
    text += &described(schema);
    text += &fields(schema, &[]);
    text += "## A rule\n\n";
    text += &described(&schema["$defs"]["Rule"]);
    text += &fields(&schema["$defs"]["Rule"], &[]);
    text += "## Steps\n\n";
    let step = &schema["$defs"]["Step"];
    text += &described(step);
    text += &fields(step, &ACTIONS);
    ACTIONS.iter().for_each(|action| text += &section(action, &step["properties"][action]));
    text + &functions()
}

const HEAD: &str = "\
# The migration language

This page is generated from the comments of the types that read a migration
([`language/document`](../../workers/shared/core/src/language/document)). Editors with the YAML language server show the
same comments from [`migration.schema.json`](migration.schema.json). Worked examples are in the [cookbook](cookbook.md).

- [The document](#the-document), [a rule](#a-rule), [steps](#steps)
- [`set`](#set) [`default`](#default) [`rename`](#rename) [`copy`](#copy) [`move`](#move) [`remove`](#remove)
  [`convert`](#convert) [`map_values`](#map_values) [`increment_version`](#increment_version)
- [Functions of expressions](#functions)

*Invalid* items are reported and never written. The dry run finds them before anything is written.

";

/// The actions of a step, in the order of the page.
const ACTIONS: [&str; 9] =
    ["set", "default", "rename", "copy", "move", "remove", "convert", "map_values", "increment_version"];

fn section(action: &str, schema: &Value) -> String {
    let mut text = format!("### `{action}`\n\n{}", described(schema));
    let example = example(action, schema);
    text += &format!("```yaml\n{example}```\n\n{}", samples::table(action, &example));
    let inner = resolved(schema);
    if inner["properties"].is_object() {
        text += &fields(inner, &[]);
    }
    let kinds = inner["properties"].as_object().into_iter().flatten();
    for (name, field) in kinds {
        text += &choices(name, resolved(field));
    }
    text
}

/// The example of a step, as a list of one step.
fn example(action: &str, schema: &Value) -> String {
    let shown = &schema["examples"][0];
    let to = &shape::schema()["$defs"]["Step"]["properties"]["to"]["examples"];
    let beside = |value: &Value| format!("- {action}: {}\n  to: {}\n", flow(shown), flow(value));
    match action {
        "set" => beside(&to[0]),
        "default" => beside(&to[1]),
        "increment_version" => format!("- {action}:\n{}", block(shown, 4)),
        _ => format!("- {action}: {}\n", flow(shown)),
    }
}

fn described(schema: &Value) -> String {
    let text = schema["description"].as_str().unwrap_or_default();
    let paragraphs: Vec<String> = text.split("\n\n").map(|part| wrapped(&part.replace('\n', " "))).collect();
    format!("{}\n\n", paragraphs.join("\n\n"))
}

/// The fields of a map as a table, without some of them.
fn fields(schema: &Value, without: &[&str]) -> String {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut text = String::from("| field | | example |\n|---|---|---|\n");
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        if without.contains(&name.as_str()) {
            continue;
        }
        let must = if required.contains(&name.as_str()) { " (required)" } else { "" };
        let said = one_line(field["description"].as_str().unwrap_or_default());
        let examples = field["examples"].as_array().into_iter().flatten();
        let examples: Vec<String> = examples.map(|one| code(&flow(one))).collect();
        text += &format!("| `{name}`{must} | {} | {} |\n", cell(&said), examples.join(", "));
    }
    text + "\n"
}

/// What a field may be, where that is one of several words.
fn choices(name: &str, schema: &Value) -> String {
    let words: Vec<(&str, String)> = schema["oneOf"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| {
            let word =
                one["const"].as_str().or_else(|| one["properties"].as_object()?.keys().next().map(String::as_str))?;
            Some((word, one_line(one["description"].as_str().unwrap_or_default())))
        })
        .collect();
    if words.is_empty() {
        return String::new();
    }
    let mut text = format!("| `{name}` | |\n|---|---|\n");
    words.iter().for_each(|(word, said)| text += &format!("| `{word}` | {} |\n", cell(said)));
    text + "\n"
}

fn functions() -> String {
    let mut text = String::from(FUNCTIONS_HEAD);
    for function in FUNCTIONS {
        let form = match function.style {
            Style::Method => format!("string.{}{}", function.name, function.takes),
            _ => format!("{}{}", function.name, function.takes),
        };
        text += &format!("| `{form}` | {} | {} |\n", cell(function.gives), code(function.example));
    }
    text
}

const FUNCTIONS_HEAD: &str = "\
## Functions

`where`, `when`, `check` and `to` are [CEL](https://cel.dev). `item.name` is an attribute, and `has(item.name)` asks
whether it exists. Write `item[\"a name\"]` for a name that is not a plain word. `key.name` is a key attribute. You can
use CEL's operators (`==`, `!=`, `<`, `<=`, `>`, `>=`, `&&`, `||`, `!`, `+`, `-`, `*`, `/`, `%`, `in`, `? :`), its
macros (`has`, `all`, `exists`, `exists_one`, `map`, `filter`), and the functions below. No function depends on the
clock, on random values or on another item.

| function | gives | example |
|---|---|---|
";

fn resolved(schema: &Value) -> &Value {
    let reference = schema["$ref"].as_str().and_then(|path| path.strip_prefix('#'));
    if let Some(found) = reference.and_then(|pointer| shape::schema().pointer(pointer)) {
        return resolved(found);
    }
    let not_null = schema["anyOf"].as_array().and_then(|any| any.iter().find(|one| one["type"] != "null"));
    not_null.map_or(schema, resolved)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn code(text: &str) -> String {
    format!("`{}`", cell(text))
}

/// A value as YAML in one line.
fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(list) => format!("[{}]", list.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entries: Vec<String> = map.iter().map(|(name, value)| format!("{name}: {}", flow(value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// A map as YAML in lines, lists of maps too.
fn block(value: &Value, indent: usize) -> String {
    let mut text = String::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        text += &match value {
            Value::Array(list) => {
                let lines = list.iter().map(|one| format!("{:2$}- {}\n", "", in_lines(one), indent + 2));
                format!("{:indent$}{name}:\n{}", "", lines.collect::<String>())
            }
            other => format!("{:indent$}{name}: {}\n", "", flow(other)),
        };
    }
    text
}

fn in_lines(step: &Value) -> String {
    let entries = step.as_object().into_iter().flatten();
    entries.map(|(name, value)| format!("{name}: {}", flow(value))).collect::<Vec<_>>().join(", ")
}

/// A string as YAML reads it back, with as few quotes as possible.
fn scalar(text: &str) -> String {
    let plain = document::yaml::<Value>(text).is_ok_and(|value| value == text);
    let safe = !text.contains([':', '#', '{', '[', ',']) && !text.starts_with(['\'', '"', '!', '*', '&', '-']);
    match (plain && safe, text.contains('\'')) {
        (true, _) => text.to_owned(),
        (false, false) => format!("'{text}'"),
        (false, true) => Value::String(text.to_owned()).to_string(),
    }
}

/// Prose in lines of at most 120 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let full = lines.last().is_some_and(|line| line.chars().count() + 1 + word.chars().count() > 120);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

/// The folder of the page and of the schemas.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../state-machines/migrate-table")
}

/// Compares a file with what it must be, or writes it where `UPDATE_GOLDEN` is set.
fn hold(name: &str, text: &str) {
    let path = folder().join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).expect("the file is written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, text, "{name} is out of date; write it with UPDATE_GOLDEN=1");
}

#[test]
fn the_reference_is_what_the_comments_of_the_types_say() {
    hold("reference.md", &page());
}

#[test]
fn the_schema_of_fixtures_is_what_the_reader_of_fixtures_says() {
    let text = serde_json::to_string_pretty(&fixture::schema()).expect("JSON") + "\n";
    hold("fixture.schema.json", &text);
}

#[test]
fn every_step_in_the_reference_is_one_that_a_migration_can_have() {
    let page = page();
    let examples: Vec<&str> =
        page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().expect("a block ends")).collect();
    assert_eq!(examples.len(), 9);
    for example in examples {
        let text = format!("id: x\nwhere: has(item.x)\nchange:\n{example}");
        let review = Review::of(&text, None);
        assert!(review.findings.iter().all(|finding| finding.level == Level::Note), "{text}{review:?}");
    }
}
