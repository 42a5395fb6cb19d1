//! A document in short, for the people who approve it: every rule and every step, with nothing left out.

use crate::language::document::action::{ConvertTo, MapValues, Otherwise};
use crate::language::document::step::{Action, IncrementVersion, Step};
use crate::language::document::written::Document;

/// A rule in short. A document without rules is a single one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleLine {
    /// The rule's name, or its number from 1. None in a document without rules.
    pub name: Option<String>,
    /// The rule's `where`, as CEL.
    pub matches: Option<String>,
    /// The rule's steps. The steps within a step follow it.
    pub steps: Vec<StepLine>,
    /// The rule's `check`, as CEL.
    pub check: Option<String>,
}

/// A step in short, as in `set` `version` to `2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepLine {
    /// The step's number, from 1, then the number of the step within that step.
    pub numbers: Vec<usize>,
    /// What it does, in the document's own word.
    pub verb: &'static str,
    /// The path of the attribute that it reads or changes.
    pub path: String,
    /// The new value, name, place or type.
    pub to: Option<String>,
    /// The condition under which it applies, with that of the step around it.
    pub when: Option<String>,
}

impl StepLine {
    /// A few words to follow the step's number: `set version`, `rename zip to postalCode`. Computed values are left out.
    pub fn brief(&self) -> String {
        match &self.to {
            Some(to) if !matches!(self.verb, "set" | "default" | "map") => {
                format!("{} {} to {to}", self.verb, self.path)
            }
            _ => format!("{} {}", self.verb, self.path),
        }
    }
}

/// The rules of a document in short. A migration in Rust has none.
pub fn outline(document: &Document) -> Vec<RuleLine> {
    let line = |name, matches: &Option<String>, steps: &[Step], check: &Option<String>| RuleLine {
        name,
        matches: matches.clone(),
        steps: lines(steps, &[], None),
        check: check.clone(),
    };
    if document.code.is_some() {
        return Vec::new();
    }
    if document.rules.is_empty() {
        return vec![line(None, &document.r#where, &document.change, &document.check)];
    }
    let numbered = document.rules.iter().enumerate().map(|(index, rule)| {
        let name = rule.name.clone().unwrap_or_else(|| (index + 1).to_string());
        line(Some(name), &rule.r#where, &rule.change, &rule.check)
    });
    numbered.collect()
}

fn lines(steps: &[Step], above: &[usize], outer: Option<&str>) -> Vec<StepLine> {
    let numbered = steps.iter().enumerate().map(|(index, step)| {
        let numbers = above.iter().copied().chain([index + 1]).collect();
        step_lines(step, numbers, outer)
    });
    numbered.flatten().collect()
}

/// A step, and the steps within it.
fn step_lines(step: &Step, numbers: Vec<usize>, outer: Option<&str>) -> Vec<StepLine> {
    let when = match (outer, &step.when) {
        (Some(outer), Some(when)) => Some(format!("{outer} && ({when})")),
        (outer, when) => outer.map(str::to_owned).or_else(|| when.clone()),
    };
    if let Action::IncrementVersion(increment) = &step.action {
        let guard = version_is(increment, when.as_deref());
        let inner = lines(&increment.change, &numbers, Some(&guard));
        let (path, to) = (increment.path.clone(), Some(value(&increment.to)));
        let own = StepLine { numbers, verb: "increment", path, to, when: Some(guard) };
        return std::iter::once(own).chain(inner).collect();
    }
    let (verb, path, to) = words(&step.action);
    vec![StepLine { numbers, verb, path: path.to_owned(), to, when }]
}

fn words(action: &Action) -> (&'static str, &str, Option<String>) {
    match action {
        Action::Set { path, to } => ("set", path, Some(value(to))),
        Action::Default { path, to } => ("default", path, Some(value(to))),
        Action::Rename(rename) if rename.keep => {
            ("rename", &rename.from, Some(format!("{}, the old one stays", rename.to)))
        }
        Action::Rename(rename) => ("rename", &rename.from, Some(rename.to.clone())),
        Action::Copy(pair) => ("copy", &pair.from, Some(pair.to.clone())),
        Action::Move(pair) => ("move", &pair.from, Some(pair.to.clone())),
        Action::Remove(path) => ("remove", path, None),
        Action::Convert(convert) => ("convert", &convert.path, Some(type_name(convert.to).into())),
        Action::MapValues(map) => ("map", &map.path, Some(mapping(map))),
        Action::IncrementVersion(increment) => ("increment", &increment.path, Some(value(&increment.to))),
    }
}

fn version_is(increment: &IncrementVersion, when: Option<&str>) -> String {
    let is = format!("{} is {}", increment.path, value(&increment.from));
    when.map_or(is.clone(), |when| format!("({when}) && {is}"))
}

fn mapping(map: &MapValues) -> String {
    let values = map.values.iter().map(|(old, new)| format!("{old}: {}", value(new)));
    let otherwise = match &map.otherwise {
        Otherwise::Invalid => "others are invalid".to_owned(),
        Otherwise::Keep => "others stay".to_owned(),
        Otherwise::Set(other) => format!("others: {}", value(other)),
    };
    values.chain([otherwise]).collect::<Vec<_>>().join(", ")
}

/// A string as it is, any other value as JSON.
fn value(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn type_name(to: ConvertTo) -> &'static str {
    match to {
        ConvertTo::Number => "number",
        ConvertTo::String => "string",
        ConvertTo::Boolean => "boolean",
        ConvertTo::EpochSeconds => "epoch_seconds",
        ConvertTo::IsoTime => "iso_time",
        ConvertTo::List => "list",
        ConvertTo::StringSet => "string_set",
        ConvertTo::NumberSet => "number_set",
        ConvertTo::BinarySet => "binary_set",
        ConvertTo::Binary => "binary",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlined(yaml: &str) -> String {
        let rules = outline(&Document::from_yaml(yaml).unwrap()).into_iter().map(|rule| {
            let steps = rule.steps.into_iter().map(|step| {
                let to = step.to.map(|to| format!(" to {to}")).unwrap_or_default();
                let when = step.when.map(|when| format!(" when {when}")).unwrap_or_default();
                format!("{} {}{to}{when}", step.verb, step.path)
            });
            let name = rule.name.map(|name| format!("{name}: ")).unwrap_or_default();
            format!("{name}{}", steps.collect::<Vec<_>>().join("; "))
        });
        rules.collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn every_kind_of_step_has_a_line() {
        let steps = "[{set: a, to: 1}, {default: a, to: item.b}, {rename: {from: a, to: b}}, {rename: {from: a, to: b, keep: true}},
          {copy: {from: a, to: b}}, {move: {from: a, to: m.b}}, {when: has(item.a), remove: a}, {convert: {path: a, to: iso_time}},
          {map_values: {path: a, values: {X: y}, otherwise: keep}},
          {increment_version: {from: 1, to: 2, change: [{when: item.on, remove: c}]}}]";
        assert_eq!(
            outlined(&format!("id: x\nchange: {steps}")),
            "set a to 1; default a to item.b; rename a to b; rename a to b, the old one stays; copy a to b; move a to m.b; \
             remove a when has(item.a); convert a to iso_time; map a to X: y, others stay; \
             increment version to 2 when version is 1; remove c when version is 1 && (item.on)"
        );
    }

    #[test]
    fn every_rule_has_its_name_or_number() {
        let rules =
            "id: x\nrules: [{name: orders, where: has(item.a), change: [{remove: a}]}, {change: [{remove: b}]}]";
        assert_eq!(outlined(rules), "orders: remove a | 2: remove b");
        assert_eq!(outlined("id: x\ncode: 1"), "");
    }

    #[test]
    fn a_step_within_a_step_has_both_numbers_and_a_few_words() {
        let yaml =
            "id: x\nchange: [{set: a, to: item.b}, {increment_version: {from: 1, to: 2, change: [{remove: c}]}}]";
        let steps = outline(&Document::from_yaml(yaml).unwrap()).remove(0).steps;
        let named: Vec<_> = steps.iter().map(|step| (step.numbers.as_slice(), step.brief())).collect();
        assert_eq!(named[0], ([1].as_slice(), "set a".to_owned()));
        assert_eq!(named[1], ([2].as_slice(), "increment version to 2".to_owned()));
        assert_eq!(named[2], ([2, 1].as_slice(), "remove c".to_owned()));
    }
}
