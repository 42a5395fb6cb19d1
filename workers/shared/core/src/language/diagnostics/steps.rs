//! The steps of a document: one action each, paths that can be read, expressions that compile.

use super::expression;
use super::form;
use super::literals;
use super::shape::step_fields;
use super::yaml::{Kind, Node};
use crate::item::path::Path;
use crate::language::expression::cel::Purpose;
use crate::language::finding::{Code, Finding};
use crate::language::suggest::listed;
use serde_saphyr::granit_parser::ScalarStyle;

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
    /// What messages call it: `step 2`, `rule 1, step 2.1`.
    pub fn name(&self) -> String {
        let numbers: Vec<String> = self.numbers.iter().map(usize::to_string).collect();
        match self.rule {
            Some(rule) => format!("rule {rule}, step {}", numbers.join(".")),
            None => format!("step {}", numbers.join(".")),
        }
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

/// Every problem of the steps and of the conditions around them.
pub fn check(text: &str, root: &Node, steps: &[StepView<'_>], findings: &mut Vec<Finding>) {
    if let Some(id) = root.field("id") {
        identity(id, findings);
    }
    form::check(root, findings);
    literals::rounded(root, findings);
    for (_, node) in rules(root) {
        for field in ["where", "check"] {
            if let Some(node) = node.field(field) {
                condition(text, node, findings);
            }
        }
    }
    for step in steps {
        actions(step, findings);
        for path in step.reads.iter().filter(|read| is_only_read(step, read)).chain(&step.writes) {
            form::path(path, findings);
        }
        if let Some(node) = step.node.field("when") {
            condition(text, node, findings);
        }
        value(text, step, findings);
        literals::check(step, findings);
    }
}

/// A path that is read and written is one text, to be reported once.
fn is_only_read(step: &StepView<'_>, read: &PathView<'_>) -> bool {
    step.writes.iter().all(|write| write.node.span != read.node.span)
}

fn identity(node: &Node, findings: &mut Vec<Finding>) {
    let Some(id) = node.text().filter(|_| !node.is_null()) else { return };
    if crate::language::compile::compiled::is_name(id) {
        return;
    }
    let legal = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' };
    let mended: String = id.chars().take(80).map(legal).collect();
    let finding = Finding::error(Code::Id, node.span.clone(), "this cannot be an id")
        .help("an id names a file and a ledger entry: 1 to 80 letters, digits, `.`, `_` and `-`");
    findings.push(match mended.trim_matches('-') {
        "" => finding,
        mended => finding.suggest("one that can be", node.span.clone(), mended),
    });
}

fn condition(text: &str, node: &Node, findings: &mut Vec<Finding>) {
    if let Some(source) = node.text().filter(|_| !node.is_null() && node.tag.is_none()) {
        findings.extend(expression::findings(text, node, source, Purpose::Condition));
    }
}

/// What `set` and `default` set, where that is an expression.
fn value(text: &str, step: &StepView<'_>, findings: &mut Vec<Finding>) {
    let Some(to) = step.node.field("to").filter(|to| to.tag.is_none()) else { return };
    let (Kind::Scalar(source, style), true) =
        (&to.kind, step.node.entry("set").or(step.node.entry("default")).is_some())
    else {
        return;
    };
    if *style == ScalarStyle::Plain && !is_text(source) {
        return;
    }
    let many = step.writes.iter().any(|write| write.path.as_ref().is_some_and(Path::is_many));
    let purpose = if many { Purpose::ValueOfElement } else { Purpose::Value };
    findings.extend(expression::findings(text, to, source, purpose));
}

/// Whether a plain scalar is a text, and so an expression: the reader of documents decides.
fn is_text(plain: &str) -> bool {
    crate::language::document::yaml::<serde_json::Value>(plain).map_or(true, |value| value.is_string())
}

fn actions(step: &StepView<'_>, findings: &mut Vec<Finding>) {
    let entries = step.node.entries();
    let fields = step_fields();
    let is_action = |name: &str| fields.contains(&name) && !matches!(name, "to" | "when");
    let named: Vec<_> = entries.iter().filter(|entry| is_action(&entry.name)).collect();
    let start = entries.first().map_or(step.node.span.clone(), |first| first.at.clone());
    match named.as_slice() {
        [] if entries.iter().any(|entry| !fields.contains(&entry.name.as_str()))
            || !matches!(step.node.kind, Kind::Map(_)) => {}
        [] => {
            let words = listed(fields.iter().copied().filter(|name| is_action(name)), "or");
            let finding = Finding::error(Code::StepShape, start, "this step does nothing");
            findings.push(finding.help(format!("write one of {words}")));
        }
        [one] => companion(step, &one.name, &one.at, findings),
        [first, second, ..] if first.name == second.name => {}
        [first, second, ..] => {
            let message = format!("a step has one action, and this one has `{}` and `{}`", first.name, second.name);
            let finding = Finding::error(Code::StepShape, second.at.clone(), message).label("a second action");
            findings.push(
                finding.also(first.at.clone(), "the first").help("put a `- ` before it to make it a step of its own"),
            );
        }
    }
}

/// `to` beside the actions that take it, and beside no other.
fn companion(step: &StepView<'_>, action: &str, at: &std::ops::Range<usize>, findings: &mut Vec<Finding>) {
    let takes = matches!(action, "set" | "default");
    match (step.node.entry("to"), takes) {
        (None, true) => {
            let message = format!("this `{action}` has no `to`");
            let help =
                "write below it what to set: `to: 2`, `to: lower(item.email)`, or for a fixed text `to: \"'general'\"`";
            let named = step.node.entries().iter().any(|entry| !step_fields().contains(&entry.name.as_str()));
            if !named {
                findings.push(Finding::error(Code::StepShape, at.clone(), message).help(help));
            }
        }
        (Some(to), true) if to.value.is_null() => {
            let finding = Finding::error(Code::EmptyField, to.at.clone(), "`to` has no value");
            findings.push(finding.help("write what to set after the colon; DynamoDB's null is `to: \"null\"`"));
        }
        (Some(to), false) => {
            let message = format!("`{action}` takes no `to` beside it");
            let finding = Finding::error(Code::StepShape, to.at.clone(), message);
            findings.push(match action {
                "rename" | "copy" | "move" => {
                    finding.help(format!("write both paths in one map: `{action}: {{ from: zip, to: postalCode }}`"))
                }
                "remove" => finding.help("take this line out; a step that gives a value is `set`"),
                _ => finding.help(format!("put it into the map of `{action}`")),
            });
        }
        _ => {}
    }
}
