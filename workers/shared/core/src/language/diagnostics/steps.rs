//! The steps of a document as its text has them: their places, their paths, and one action each.

use super::shape::step_fields;
use super::yaml::Node;
use crate::item::path::Path;
use crate::language::document::field::Field;
use crate::language::document::step::{ACTIONS, StepError, WITH_VALUE};
use crate::language::finding::suggest::listed;
use crate::language::finding::{Code, Finding};

/// A step as a review sees it.
#[derive(Debug)]
pub struct StepView<'d> {
    /// The rule's number, from 1, in a document that has rules.
    pub rule: Option<usize>,
    /// The step's number, from 1, then those of the steps within.
    pub numbers: Vec<usize>,
    /// The whole step.
    pub node: &'d Node,
    /// The paths that it reads.
    pub reads: Vec<PathView<'d>>,
    /// The paths that it writes or removes.
    pub writes: Vec<PathView<'d>>,
}

/// A path as a review sees it.
#[derive(Debug)]
pub struct PathView<'d> {
    /// Where it is written.
    pub node: &'d Node,
    /// It, if it can be read.
    pub path: Option<Path>,
}

impl PathView<'_> {
    /// The top-level attribute that it is in.
    pub fn root(&self) -> Option<&str> {
        self.path.as_ref().map(Path::root)
    }
}

impl StepView<'_> {
    /// Where in the document it is.
    pub fn field(&self) -> Field {
        self.numbers.iter().fold(Field::of(self.rule, ""), |field, number| field.step(*number))
    }

    /// What messages call it: `step 2`, `rule 1, step 2.1`.
    pub fn name(&self) -> String {
        self.field().to_string()
    }
}

/// The parts of a document that have `where`, `change` and `check`: its rules, or itself.
pub fn rules(root: &Node) -> Vec<(Option<usize>, &Node)> {
    match root.field("rules") {
        Some(rules) => rules.elements().iter().enumerate().map(|(index, rule)| (Some(index + 1), rule)).collect(),
        None => vec![(None, root)],
    }
}

/// Every step, those within steps too, in the order of the document.
pub fn of(root: &Node) -> Vec<StepView<'_>> {
    let mut steps = Vec::new();
    for (rule, node) in rules(root) {
        if let Some(change) = node.field("change") {
            collect(rule, &[], change, &mut steps);
        }
    }
    steps
}

fn collect<'d>(rule: Option<usize>, above: &[usize], change: &'d Node, steps: &mut Vec<StepView<'d>>) {
    for (index, node) in change.elements().iter().enumerate() {
        let numbers: Vec<usize> = above.iter().copied().chain([index + 1]).collect();
        let (reads, writes) = paths(node);
        let within = node.field("increment_version").and_then(|action| action.field("change"));
        steps.push(StepView { rule, numbers: numbers.clone(), node, reads, writes });
        if let Some(change) = within {
            collect(rule, &numbers, change, steps);
        }
    }
}

fn paths(step: &Node) -> (Vec<PathView<'_>>, Vec<PathView<'_>>) {
    let (mut reads, mut writes) = (Vec::new(), Vec::new());
    for entry in step.entries() {
        let field = |name: &str| entry.value.field(name).and_then(view);
        match entry.name.as_str() {
            "set" | "default" | "remove" => writes.extend(view(&entry.value)),
            "rename" | "move" => {
                reads.extend(field("from"));
                writes.extend(field("from").into_iter().chain(field("to")));
            }
            "copy" => {
                reads.extend(field("from"));
                writes.extend(field("to"));
            }
            "convert" | "map_values" | "increment_version" => {
                reads.extend(field("path"));
                writes.extend(field("path"));
            }
            _ => {}
        }
    }
    (reads, writes)
}

fn view(node: &Node) -> Option<PathView<'_>> {
    let text = node.text().filter(|_| !node.is_null())?;
    Some(PathView { node, path: Path::parse(text).ok() })
}

/// What is wrong with the fields of a step: none or several actions, a missing or a needless `to`.
pub fn check(step: &StepView<'_>, findings: &mut Vec<Finding>) {
    let entries = step.node.entries();
    let names: Vec<&str> = entries.iter().map(|entry| entry.name.as_str()).collect();
    let to = step.node.entry("to");
    if let Some(to) = to.filter(|to| to.value.is_null() && names.iter().any(|name| WITH_VALUE.contains(name))) {
        let finding = Finding::error(Code::EmptyField, to.at.clone(), "`to` has no value");
        findings.push(finding.help("write what to set after the colon; DynamoDB's null is `to: \"null\"`"));
        return;
    }
    let Some(error) = StepError::in_fields(&names) else { return };
    let has_unknown_field = names.iter().any(|name| !step_fields().contains(name));
    let mut actions = entries.iter().filter(|entry| ACTIONS.contains(&entry.name.as_str()));
    match (error, actions.next(), actions.next()) {
        // The unknown field is likely to be meant for what is missing.
        (StepError::NoAction | StepError::NoValue, ..) if has_unknown_field || entries.is_empty() => {}
        (StepError::NoAction, ..) => {
            let start = entries.first().map_or(step.node.span.clone(), |first| first.at.clone());
            let finding = Finding::error(Code::StepShape, start, "this step does nothing");
            findings.push(finding.help(format!("write one of {}", listed(ACTIONS, "or"))));
        }
        (StepError::SeveralActions, Some(first), Some(second)) if first.name != second.name => {
            let message = format!("a step has one action, and this one has `{}` and `{}`", first.name, second.name);
            let finding = Finding::error(Code::StepShape, second.at.clone(), message).label("a second action");
            let help = "put a `- ` before it to make it a step of its own";
            findings.push(finding.also(first.at.clone(), "the first").help(help));
        }
        (StepError::NoValue, Some(action), _) => {
            let message = format!("this `{}` has no `to`", action.name);
            let help = "write below it what to set: `to: 2`, `to: lower(item.email)`, or for a fixed string `to: \"'general'\"`";
            findings.push(Finding::error(Code::StepShape, action.at.clone(), message).help(help));
        }
        (StepError::NeedlessValue, Some(action), _) => {
            let at = to.map_or(action.at.clone(), |to| to.at.clone());
            let message = format!("`{}` takes no `to` beside it", action.name);
            findings.push(Finding::error(Code::StepShape, at, message).help(needless_value(&action.name)));
        }
        _ => {}
    }
}

fn needless_value(action: &str) -> String {
    match action {
        "rename" | "copy" | "move" => {
            format!("write both paths in one map: `{action}: {{ from: zip, to: postalCode }}`")
        }
        "remove" => "take this line out; a step that gives a value is `set`".into(),
        _ => format!("put it into the map of `{action}`"),
    }
}
