//! A document told in short for the people who approve it: every rule, every step, nothing left out.

use crate::language::document::action::{ConvertTo, IncrementVersion, MapValues, Otherwise};
use crate::language::document::step::{Action, Step};
use crate::language::document::written::Document;

/// A rule in short. A document without rules is a single one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleLine {
    /// Its name, or its number from 1; none if the document has no rules.
    pub name: Option<String>,
    /// Its `where`.
    pub matches: Option<String>,
    /// Its steps; one within another comes right after it.
    pub steps: Vec<StepLine>,
    /// Its `check`.
    pub check: Option<String>,
}

/// A step in short: `set` `version` to `2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepLine {
    /// What it does, in the word of the document.
    pub verb: &'static str,
    /// The path that it does it to.
    pub path: String,
    /// What it sets, or where it puts it.
    pub to: Option<String>,
    /// Its guard, or that of the step that it is within.
    pub when: Option<String>,
}

/// The rules of a document in short. A migration in Rust has none.
pub fn outline(document: &Document) -> Vec<RuleLine> {
    let line = |name, matches: &Option<String>, steps: &[Step], check: &Option<String>| RuleLine {
        name,
        matches: matches.clone(),
        steps: steps.iter().flat_map(|step| lines(step, None)).collect(),
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

fn lines(step: &Step, outer: Option<&str>) -> Vec<StepLine> {
    let when = match (outer, &step.when) {
        (Some(outer), Some(when)) => Some(format!("{outer} && ({when})")),
        (outer, when) => outer.map(str::to_owned).or_else(|| when.clone()),
    };
    let line = |verb, path: &str, to: Option<String>| StepLine { verb, path: path.into(), to, when: when.clone() };
    match &step.action {
        Action::Set { path, to } => vec![line("set", path, Some(text(to)))],
        Action::Default { path, to } => vec![line("default", path, Some(text(to)))],
        Action::Rename(rename) => {
            let to = if rename.keep { format!("{}, the old one stays", rename.to) } else { rename.to.clone() };
            vec![line("rename", &rename.from, Some(to))]
        }
        Action::Copy(pair) => vec![line("copy", &pair.from, Some(pair.to.clone()))],
        Action::Move(pair) => vec![line("move", &pair.from, Some(pair.to.clone()))],
        Action::Remove(path) => vec![line("remove", path, None)],
        Action::Convert(convert) => vec![line("convert", &convert.path, Some(name(convert.to).into()))],
        Action::MapValues(map) => vec![line("map", &map.path, Some(mapping(map)))],
        Action::IncrementVersion(increment) => {
            let own = line("increment", &increment.path, Some(text(&increment.to)));
            let guard = version_is(increment, when.as_deref());
            let inner = increment.change.iter().flat_map(|step| lines(step, Some(&guard)));
            std::iter::once(StepLine { when: Some(guard.clone()), ..own }).chain(inner).collect()
        }
    }
}

fn version_is(increment: &IncrementVersion, when: Option<&str>) -> String {
    let is = format!("{} is {}", increment.path, text(&increment.from));
    when.map_or(is.clone(), |when| format!("({when}) && {is}"))
}

fn mapping(map: &MapValues) -> String {
    let values = map.values.iter().map(|(old, new)| format!("{old}: {}", text(new)));
    let otherwise = match &map.otherwise {
        Otherwise::Invalid => "others are invalid".to_owned(),
        Otherwise::Keep => "others stay".to_owned(),
        Otherwise::Set(value) => format!("others: {}", text(value)),
    };
    values.chain([otherwise]).collect::<Vec<_>>().join(", ")
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn name(to: ConvertTo) -> &'static str {
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

    fn told(yaml: &str) -> String {
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
    fn every_kind_of_step_is_told() {
        let steps = "[{set: a, to: 1}, {default: a, to: item.b}, {rename: {from: a, to: b}}, {rename: {from: a, to: b, keep: true}},
          {copy: {from: a, to: b}}, {move: {from: a, to: m.b}}, {when: has(item.a), remove: a}, {convert: {path: a, to: iso_time}},
          {map_values: {path: a, values: {X: y}, otherwise: keep}},
          {increment_version: {from: 1, to: 2, change: [{when: item.on, remove: c}]}}]";
        assert_eq!(
            told(&format!("id: x\nchange: {steps}")),
            "set a to 1; default a to item.b; rename a to b; rename a to b, the old one stays; copy a to b; move a to m.b; \
             remove a when has(item.a); convert a to iso_time; map a to X: y, others stay; \
             increment version to 2 when version is 1; remove c when version is 1 && (item.on)"
        );
    }

    #[test]
    fn every_rule_is_told_by_its_name_or_number() {
        let rules =
            "id: x\nrules: [{name: orders, where: has(item.a), change: [{remove: a}]}, {change: [{remove: b}]}]";
        assert_eq!(told(rules), "orders: remove a | 2: remove b");
        assert_eq!(told("id: x\ncode: 1"), "");
    }
}
