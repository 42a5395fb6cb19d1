//! The document against its own schema: unknown, missing, doubled, empty and mistyped fields, all of them.
//!
//! The schema comes from the document's types, so a new field is known here the day it is added.

use super::not_yaml::quoted;
use super::yaml::{Entry, Kind, Node};
use crate::language::document::Document;
use crate::language::finding::suggest::{listed, nearest};
use crate::language::finding::{Code, Finding};
use serde_json::Value;
use std::sync::LazyLock;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| schemars::schema_for!(Document).to_value());

/// The document's schema, from which editors complete and pages are made.
pub fn schema() -> &'static Value {
    &SCHEMA
}

/// Every problem of the document's shape. A misspelt field gets the name that is likely meant, so that what it holds is
/// reviewed too.
pub fn check(text: &str, root: &mut Node, findings: &mut Vec<Finding>) {
    if root.is_null() {
        let finding = Finding::error(Code::MissingField, root.span.clone(), "the document is empty");
        findings
            .push(finding.help("write at least `id` and `change`; `tableshift new NAME` writes a file to start from"));
        return;
    }
    Shape { text, findings }.node(root, schema(), "the document");
}

struct Shape<'f> {
    text: &'f str,
    findings: &'f mut Vec<Finding>,
}

impl Shape<'_> {
    fn node(&mut self, node: &mut Node, schema: &Value, name: &str) {
        let schema = resolved(schema);
        if let Some((tag, at)) = &node.tag {
            let finding = tagged(self.text, node, tag, at.clone());
            self.findings.push(finding);
            return;
        }
        if node.is_null() && !takes_anything(schema) {
            self.findings.push(empty(node, name));
            return;
        }
        match (expected(schema), &node.kind) {
            (Some("object"), Kind::Map(_)) => self.map(node, schema, name),
            (Some("array"), Kind::List(_)) => self.list(node, schema, name),
            (Some("object" | "array"), _) | (Some("string"), Kind::Map(_) | Kind::List(_)) => {
                self.findings.push(wrong_kind(node, schema, name));
            }
            (Some("boolean"), _) if !matches!(node.text(), Some("true" | "false")) => {
                self.findings.push(wrong_kind(node, schema, name));
            }
            (Some("integer"), _) if node.text().is_none_or(|text| text.parse::<u64>().is_err()) => {
                self.findings.push(wrong_kind(node, schema, name));
            }
            (Some("string"), _) => self.choice(node, schema, name),
            (None, Kind::Scalar(..)) => self.choice(node, schema, name),
            _ => {}
        }
    }

    fn map(&mut self, node: &mut Node, schema: &Value, name: &str) {
        let Some(known) = schema["properties"].as_object() else {
            return self.free_map(node, schema);
        };
        for index in 0..node.entries().len() {
            let entries = node.entries();
            let entry = &entries[index];
            if !known.contains_key(&entry.name) {
                let words = known.keys().map(String::as_str);
                let (finding, meant) = unknown(entry, entries, words, name);
                self.findings.push(finding);
                if let (Some(meant), Kind::Map(entries)) = (meant.map(str::to_owned), &mut node.kind) {
                    entries[index].name = meant;
                }
            } else if entries[..index].iter().any(|earlier| earlier.name == entry.name) {
                self.findings.push(doubled(entry, entries));
                continue;
            }
            let Kind::Map(entries) = &mut node.kind else { return };
            let Entry { name, value, .. } = &mut entries[index];
            if let Some(field) = known.get(name.as_str()) {
                self.node(value, field, name);
            }
        }
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for missing in required.filter(|field| node.entry(field).is_none()) {
            self.findings.push(self.missing(node, missing, name));
        }
    }

    fn free_map(&mut self, node: &mut Node, schema: &Value) {
        let Kind::Map(entries) = &mut node.kind else { return };
        for index in 0..entries.len() {
            if entries[..index].iter().any(|earlier| earlier.name == entries[index].name) {
                self.findings.push(doubled(&entries[index], entries));
            }
            if let Some(values) = schema.get("additionalProperties").filter(|values| values.is_object()) {
                let Entry { name, value, .. } = &mut entries[index];
                self.node(value, values, name);
            }
        }
    }

    fn list(&mut self, node: &mut Node, schema: &Value, name: &str) {
        if node.elements().is_empty() && schema["minItems"].as_u64().unwrap_or(0) > 0 {
            self.findings.push(Finding::no_elements(name, node.span.clone()));
        }
        let Kind::List(elements) = &mut node.kind else { return };
        for element in elements {
            self.node(element, &schema["items"], singular(name));
        }
    }

    fn choice(&mut self, node: &Node, schema: &Value, name: &str) {
        let choices = choices(schema);
        let text = node.text().unwrap_or_default();
        if choices.is_empty() || choices.contains(&text) {
            return;
        }
        let message = format!("`{text}` is nothing that `{name}` can be");
        let finding = Finding::error(Code::WrongKind, node.span.clone(), message);
        let finding = match nearest(text, choices.iter().copied()) {
            Some(meant) => finding.suggest(format!("did you mean `{meant}`?"), node.span.clone(), meant),
            None => finding,
        };
        let value = match schema
            .pointer("/oneOf")
            .and_then(Value::as_array)
            .is_some_and(|one| one.iter().any(|o| o["type"] == "object"))
        {
            true => format!("`{name}` is {}, or `{{ set: VALUE }}`", listed(choices, "or")),
            false => format!("`{name}` is one of {}", listed(choices, "and")),
        };
        self.findings.push(finding.help(value));
    }

    fn missing(&self, node: &Node, field: &str, name: &str) -> Finding {
        let start = node.span.start;
        let end = node.entries().first().map_or(node.span.end, |first| first.at.end);
        let message = match name {
            "the document" => format!("the document has no `{field}`"),
            _ => format!("this {name} has no `{field}`"),
        };
        let finding = Finding::error(Code::MissingField, start..end, message);
        match field {
            "id" => {
                finding.help("give the migration a permanent id that begins with a date: `id: 20261122-split-address`")
            }
            "change" => finding.help("write the steps under `change:`, each beginning with `- `"),
            "from" | "to" | "path" | "values" => finding.help(example_of(name)),
            _ => finding,
        }
    }
}

/// A schema with its reference followed, and with `null` left out of what may be either.
fn resolved(schema: &Value) -> &Value {
    let reference = schema["$ref"].as_str().and_then(|path| path.strip_prefix("#"));
    if let Some(found) = reference.and_then(|pointer| SCHEMA.pointer(pointer)) {
        return resolved(found);
    }
    let one_of_null = schema["anyOf"].as_array().and_then(|any| any.iter().find(|one| one["type"] != "null"));
    one_of_null.map_or(schema, resolved)
}

fn expected(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::String(one) => Some(one),
        Value::Array(several) => several.iter().filter_map(Value::as_str).find(|one| *one != "null"),
        _ => None,
    }
}

fn takes_anything(schema: &Value) -> bool {
    expected(schema).is_none()
}

fn choices(schema: &Value) -> Vec<&str> {
    let listed = schema["enum"].as_array().into_iter().flatten();
    let described = schema["oneOf"].as_array().into_iter().flatten().map(|one| &one["const"]);
    listed.chain(described).filter_map(Value::as_str).collect()
}

fn singular(name: &str) -> &str {
    match name {
        "change" => "step",
        "rules" => "rule",
        other => other,
    }
}

fn example_of(name: &str) -> String {
    let text = match name {
        "convert" => "convert: { path: price, to: number }",
        "map_values" => "map_values: { path: status, values: { OPEN: active, DONE: closed } }",
        "increment_version" => "increment_version: { from: 1, to: 2, change: [ ... ] }",
        _ => return format!("write both paths: `{name}: {{ from: zip, to: postalCode }}`"),
    };
    format!("write it as `{text}`")
}

fn tagged(text: &str, node: &Node, tag: &str, at: std::ops::Range<usize>) -> Finding {
    let message = format!("YAML takes `{tag}` for a tag, not for a value: it begins with `!`");
    let span = at.start..node.span.end.max(at.end);
    let quoted = quoted(text.get(span.clone()).unwrap_or_default());
    Finding::error(Code::YamlTag, at, message).label("read as a tag").suggest(
        "put the whole value in quotes",
        span,
        quoted,
    )
}

fn empty(node: &Node, name: &str) -> Finding {
    let finding = Finding::error(Code::EmptyField, node.span.clone(), format!("`{name}` has no value"));
    match name {
        "where" => finding.help("write the condition, or leave the whole line out to change every item"),
        "check" | "description" | "when" => finding.help("write it, or leave the whole line out"),
        "step" => finding.help("write the step after the `-`, or take the line out"),
        _ => finding.help("write it after the colon"),
    }
}

fn wrong_kind(node: &Node, schema: &Value, name: &str) -> Finding {
    let found = node.kind_name();
    let wanted = match expected(schema) {
        Some("object") => "a map of fields",
        Some("array") => "a list: each line begins with `- `",
        Some("boolean") => "`true` or `false`",
        Some("integer") => "a whole number",
        _ => "a string",
    };
    let named = if name == "the document" { name.to_owned() } else { format!("`{name}`") };
    let message = format!("{named} is {found}, and should be {wanted}");
    let finding = Finding::error(Code::WrongKind, node.span.clone(), message);
    match (name, &node.kind) {
        ("change" | "rules", Kind::Map(_)) => {
            finding.help("put a `- ` before each of them, and indent what belongs to it")
        }
        ("rename" | "copy" | "move", _) => finding.help(example_of(name)),
        ("convert" | "map_values" | "increment_version", _) => finding.help(example_of(name)),
        ("set" | "default", Kind::Map(entries)) => match entries.first() {
            Some(first) => finding.help(format!(
                "write the path after `{name}:` and the value after `to:`, as in\n`- {name}: {}`\n`  to: ...`",
                first.name
            )),
            None => finding,
        },
        ("where" | "check" | "when", Kind::Map(_)) => {
            finding.help("put the expression in quotes: YAML reads `{` and `: ` as a map")
        }
        ("remove", Kind::List(_)) => finding.help("write a step for each: `- remove: first`, `- remove: second`"),
        _ => finding,
    }
}

fn doubled(entry: &Entry, entries: &[Entry]) -> Finding {
    let message = format!("`{}` is written twice", entry.name);
    let finding = Finding::error(Code::DuplicateField, entry.at.clone(), message).label("again here");
    match entries.iter().find(|earlier| earlier.name == entry.name) {
        Some(first) => finding.also(first.at.clone(), "first here"),
        None => finding,
    }
}

/// A field that does not exist, and the one that is likely meant.
fn unknown<'k>(
    entry: &Entry,
    entries: &[Entry],
    known: impl Iterator<Item = &'k str>,
    name: &str,
) -> (Finding, Option<&'k str>) {
    let known: Vec<&str> = known.collect();
    let message = match name {
        "the document" => format!("there is no field `{}`", entry.name),
        _ => format!("a {name} has no field `{}`", entry.name),
    };
    let finding = Finding::error(Code::UnknownField, entry.at.clone(), message);
    let missing = known.iter().copied().filter(|word| entries.iter().all(|other| other.name != *word));
    if let Some(meant) = nearest(&entry.name, missing) {
        return (finding.suggest(format!("did you mean `{meant}`?"), entry.at.clone(), meant), Some(meant));
    }
    if name == "the document" && step_fields().contains(&entry.name.as_str()) {
        let help =
            format!("`{}` belongs into a step: put it under `change:`, in a line that begins with `- `", entry.name);
        return (finding.help(help), None);
    }
    (finding.help(format!("the fields are {}", listed(known, "and"))), None)
}

/// The fields of a step.
pub fn step_fields() -> Vec<&'static str> {
    let fields = SCHEMA["$defs"]["Step"]["properties"].as_object();
    fields.into_iter().flat_map(|fields| fields.keys()).map(String::as_str).collect()
}
