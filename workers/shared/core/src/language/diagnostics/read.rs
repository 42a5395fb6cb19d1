//! The document as it is compiled. All that compiling finds becomes a finding here; its rules are in
//! [`compile`](crate::language::compile) and [`expression`](crate::language::expression).

use super::place;
use super::steps::{StepView, rules};
use super::yaml::{Entry, Kind, Node};
use crate::language::compile::compiled::Compiled;
use crate::language::compile::fault::Fault;
use crate::language::compile::form;
use crate::language::compile::reading::Reading;
use crate::language::document::requires::Requirement;
use crate::language::document::step::WITH_VALUE;
use crate::language::document::{Document, Step};
use crate::language::finding::suggest::nearest;
use crate::language::finding::{Code, Finding, Level};
use serde_json::{Map, Value, json};
use std::error::Error;

/// A document that could be read.
pub struct Read {
    pub document: Document,
    /// Its rules, without the parts that have faults; none if it stands for a migration in Rust.
    pub compiled: Option<Compiled>,
}

/// Reads and compiles the document, or what can be read of it.
pub fn read(text: &str, root: &Node, steps: &[StepView<'_>], findings: &mut Vec<Finding>) -> Option<Read> {
    let mut faults = of_form(root);
    let read = match Document::from_yaml(text) {
        Ok(document) => {
            let requirement = Requirement::of(&document).err();
            faults.extend(requirement.as_ref().map(Fault::of_requirement));
            let compiled = document.code.is_none().then(|| Compiled::examine(&document));
            let (compiled, found) = compiled.unzip();
            faults.extend(found.unwrap_or_default());
            Ok(Read { document, compiled })
        }
        Err(error) => {
            faults.extend(in_parts(root, steps));
            Err(error)
        }
    };
    let known: Vec<Finding> = findings.iter().filter(|one| one.level == Level::Error).cloned().collect();
    findings.extend(faults.into_iter().filter_map(|fault| place::finding(text, root, fault, &known)));
    match read {
        Ok(read) => Some(read),
        Err(error) => {
            if findings.iter().all(|finding| finding.level != Level::Error) {
                findings.push(Finding::error(Code::Refused, root.span.clone(), with_causes(&error)));
            }
            None
        }
    }
}

/// The faults of the document's own fields.
fn of_form(root: &Node) -> Vec<Fault> {
    if root.entries().is_empty() {
        return Vec::new();
    }
    // A field that is likely to be meant for `change` is reported, and not the lack of `change`.
    let is_misspelt =
        |entry: &Entry| nearest(&entry.name, ["change", "rules"]).is_some_and(|meant| meant != entry.name);
    let has_misspelt_change = root.entries().iter().any(is_misspelt);
    let fields = form::fields(|name| root.entry(name).is_some());
    let fields = fields.into_iter().filter(|fault| fault.finding.code != Code::MissingField || !has_misspelt_change);
    let id = root.field("id").filter(|node| !node.is_null()).and_then(Node::text);
    fields.chain(id.and_then(form::id)).collect()
}

/// The faults of a document that cannot be read as a whole: each condition and each action by itself.
fn in_parts(root: &Node, steps: &[StepView<'_>]) -> Vec<Fault> {
    let mut reading = Reading::default();
    let condition = |node: Option<&Node>| node.filter(|node| !node.is_null()).and_then(Node::text).map(str::to_owned);
    for (rule, node) in rules(root) {
        for name in ["where", "check"] {
            let field = crate::language::document::field::Field::of(rule, name);
            reading.condition(field, condition(node.field(name)).as_deref());
        }
    }
    for step in steps {
        let field = step.field();
        reading.condition(field.named("when"), condition(step.node.field("when")).as_deref());
        for action in step.node.entries().iter().filter_map(|entry| action(entry, step.node.field("to"))) {
            reading.action(&field, &action.action);
        }
    }
    reading.faults
}

/// A step with nothing but one action of it, if that can be read. The steps within it are read by themselves.
fn action(entry: &Entry, to: Option<&Node>) -> Option<Step> {
    let mut step = Map::from_iter([(entry.name.clone(), with_strings(&entry.value))]);
    if WITH_VALUE.contains(&entry.name.as_str()) {
        let to = to.filter(|to| !to.is_null() && to.tag.is_none());
        step.insert("to".into(), to.map_or(json!(0), Node::value));
    }
    serde_json::from_value(Value::Object(step)).ok()
}

/// The value of an action. A path that looks like a number is a string.
fn with_strings(node: &Node) -> Value {
    let path = |entry: &Entry| match (&entry.value.kind, entry.name.as_str()) {
        (_, "change") => None,
        (Kind::Scalar(path, _), "path") => Some((entry.name.clone(), json!(path))),
        _ => Some((entry.name.clone(), entry.value.value())),
    };
    match &node.kind {
        Kind::Scalar(path, _) if !node.is_null() => json!(path),
        Kind::Map(entries) => entries.iter().filter_map(path).collect(),
        _ => node.value(),
    }
}

/// An error with its causes, in one line.
fn with_causes(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    message
}
