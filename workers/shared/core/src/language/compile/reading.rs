//! Steps and expressions of a document, read into checked form. Each of their rules is stated here, or in the room that
//! it is about, and each fault is collected, so that one does not hide the next.

use crate::item::numbers;
use crate::item::path::{Part, Path};
use crate::item::value::Value;
use crate::language::compile::fault::Fault;
use crate::language::compile::steps::{Action, Otherwise, Source, Step};
use crate::language::document::field::Field;
use crate::language::document::{self, Document};
use crate::language::expression::cel::{Expression, Purpose};
use crate::language::finding::{Code, Finding, Level};
use std::collections::BTreeMap;

/// How deep a literal may nest. Source: DynamoDB developer guide, "Quotas", nested attribute depth.
const MAX_LITERAL_DEPTH: usize = 32;

/// A rule as written. A document without `rules` is a single rule.
pub(crate) struct Written<'d> {
    pub(crate) number: Option<usize>,
    pub(crate) name: Option<&'d str>,
    pub(crate) matches: Option<&'d str>,
    pub(crate) check: Option<&'d str>,
    pub(crate) change: &'d [document::Step],
}

/// The rules of a document.
pub(crate) fn rules(document: &Document) -> Vec<Written<'_>> {
    if document.rules.is_empty() {
        return vec![Written {
            number: None,
            name: None,
            matches: document.r#where.as_deref(),
            check: document.check.as_deref(),
            change: &document.change,
        }];
    }
    let rules = document.rules.iter().enumerate().map(|(index, rule)| Written {
        number: Some(index + 1),
        name: rule.name.as_deref(),
        matches: rule.r#where.as_deref(),
        check: rule.check.as_deref(),
        change: &rule.change,
    });
    rules.collect()
}

/// Reads parts of a document and collects what is wrong with them. What has a fault is left out of the result.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) faults: Vec<Fault>,
}

impl Reading {
    /// Finds the first rule that no item reaches.
    pub(crate) fn reach(&mut self, rules: &[Written<'_>]) {
        let Some(all) = rules.iter().position(|rule| rule.matches.is_none()) else { return };
        if all + 1 < rules.len() {
            let (rule, before) = (all + 2, all + 1);
            let message =
                format!("this rule is for no item: rule {before}, before it, has no `where` and takes every item");
            let fault = Fault::of_value(Field::of(Some(rule), ""), Code::Unreachable, message);
            self.faults.push(fault.help(format!("write a `where` in rule {before}, or put it last")));
        }
    }

    /// A condition that a field may hold.
    pub(crate) fn condition(&mut self, field: Field, source: Option<&str>) -> Option<Expression> {
        self.expression(&field, source?, Purpose::Condition)
    }

    fn expression(&mut self, field: &Field, source: &str, purpose: Purpose) -> Option<Expression> {
        let (expression, findings) = Expression::examine(source, purpose);
        let is_sound = findings.iter().all(|finding| finding.level != Level::Error);
        self.faults.extend(findings.into_iter().map(|finding| Fault::of_expression(field.clone(), finding)));
        expression.filter(|_| is_sound)
    }

    /// The steps of a rule, or those within a step.
    pub(crate) fn steps(&mut self, place: &Field, steps: &[document::Step]) -> Vec<Step> {
        if steps.is_empty() {
            self.faults.push(Fault::of_finding(place.named("change"), Finding::no_elements("change", 0..0)));
        }
        let numbered = steps.iter().enumerate();
        numbered.filter_map(|(index, written)| self.step(place.step(index + 1), written)).collect()
    }

    fn step(&mut self, field: Field, step: &document::Step) -> Option<Step> {
        let when = self.condition(field.named("when"), step.when.as_deref());
        let action = self.action(&field, &step.action)?;
        Some(Step { field, when, action })
    }

    /// The action of the step that is `field`.
    pub(crate) fn action(&mut self, field: &Field, action: &document::Action) -> Option<Action> {
        let mut reader = Reader { field, reading: self };
        Some(match action {
            document::Action::Set { path, to } => {
                let (path, source) = reader.assignment("set", path, to)?;
                Action::Set(path, source)
            }
            document::Action::Default { path, to } => {
                let (path, source) = reader.assignment("default", path, to)?;
                Action::Default(path, source)
            }
            document::Action::Rename(rename) => reader.rename(rename)?,
            document::Action::Copy(pair) => {
                let (from, to) = reader.pair(("copy.from", "copy.to"), &pair.from, &pair.to)?;
                Action::Copy(from, to)
            }
            document::Action::Move(pair) => {
                let (from, to) = reader.pair(("move.from", "move.to"), &pair.from, &pair.to)?;
                Action::Move(from, to)
            }
            document::Action::Remove(path) => Action::Remove(reader.path("remove", path)?),
            document::Action::Convert(convert) => {
                Action::Convert(reader.path("convert.path", &convert.path)?, convert.to)
            }
            document::Action::MapValues(map) => reader.map_values(map)?,
            document::Action::IncrementVersion(increment) => reader.increment(increment)?,
        })
    }
}

/// Reads the action of one step.
struct Reader<'r> {
    field: &'r Field,
    reading: &'r mut Reading,
}

impl Reader<'_> {
    fn assignment(&mut self, name: &'static str, path: &str, to: &serde_json::Value) -> Option<(Path, Source)> {
        let path = self.path(name, path);
        let is_many = path.as_ref().is_some_and(Path::is_many);
        let source = match to {
            serde_json::Value::String(source) => {
                let purpose = if is_many { Purpose::ValueOfElement } else { Purpose::Value };
                let expression = self.reading.expression(&self.field.named("to"), source, purpose);
                expression.map(|expression| Source::Computed(Box::new(expression)))
            }
            other => self.literal("to", other).map(Source::Literal),
        };
        Some((path?, source?))
    }

    fn rename(&mut self, rename: &document::Rename) -> Option<Action> {
        let (from, to) = self.pair(("rename.from", "rename.to"), &rename.from, &rename.to)?;
        let names = [from.rest().last(), to.rest().last()];
        if from.parent() != to.parent() || names.iter().any(|last| matches!(last, Some(Part::Index(_)))) {
            return self.refuse(
                "this step renames to another place",
                "write the whole path with another last name, or use `move`",
            );
        }
        Some(Action::Rename { from, to, keep: rename.keep })
    }

    fn pair(&mut self, fields: (&'static str, &'static str), from: &str, to: &str) -> Option<(Path, Path)> {
        let (from, to) = (self.path(fields.0, from), self.path(fields.1, to));
        let (from, to) = (from?, to?);
        if from.rest().last() == Some(&Part::Every) || to.rest().last() == Some(&Part::Every) {
            return self.refuse("this step names every element of a list", "name an attribute within the elements");
        }
        if from.element() != to.element() {
            return self.refuse(
                "this step has a `[*]` that `from` and `to` do not share",
                "both must begin with the same list",
            );
        }
        if from.holds(&to) || to.holds(&from) {
            return self.refuse(
                "this step has a `from` and a `to` of which one is within the other",
                "`set` the value instead",
            );
        }
        Some((from, to))
    }

    fn map_values(&mut self, map: &document::MapValues) -> Option<Action> {
        if map.values.is_empty() {
            return self.refuse("this step has no `values`", "write at least one, as in `{OLD: new}`");
        }
        let path = self.path("map_values.path", &map.path);
        let mut values = BTreeMap::new();
        for (old, new) in &map.values {
            values.insert(old.clone(), self.literal("map_values.values", new)?);
        }
        let otherwise = match &map.otherwise {
            document::Otherwise::Invalid => Otherwise::Invalid,
            document::Otherwise::Keep => Otherwise::Keep,
            document::Otherwise::Set(value) => Otherwise::Set(self.literal("map_values.otherwise", value)?),
        };
        Some(Action::MapValues { path: path?, values, otherwise })
    }

    fn increment(&mut self, increment: &document::IncrementVersion) -> Option<Action> {
        let steps = match increment.change.as_slice() {
            [] => Vec::new(),
            change => self.reading.steps(self.field, change),
        };
        let path = self.path("increment_version.path", &increment.path);
        let from = self.version("increment_version.from", &increment.from);
        let to = self.version("increment_version.to", &increment.to);
        let (path, from, to) = (path?, from?, to?);
        if path.is_many() {
            return self.refuse(
                "this step has a `[*]` in the path of the version",
                "name one attribute: an item has one version",
            );
        }
        if from == to || from.type_name() != to.type_name() {
            return self.refuse(
                "this step goes from a version to itself, or to one of another type",
                "write two versions that differ, both numbers or both strings",
            );
        }
        if self.field.steps.len() > 1 {
            return self.refuse("this step is an `increment_version` within another", "write them one after the other");
        }
        Some(Action::Increment { path, from, to, steps })
    }

    fn version(&mut self, name: &'static str, value: &serde_json::Value) -> Option<Value> {
        match self.literal(name, value)? {
            version @ (Value::N(_) | Value::S(_)) => Some(version),
            _ => {
                let message = format!("`{name}` is neither a number nor a string");
                self.reading.faults.push(Fault::of_value(self.field.named(name), Code::Literal, message));
                None
            }
        }
    }

    fn literal(&mut self, name: &'static str, value: &serde_json::Value) -> Option<Value> {
        let refused = |problem: Problem| {
            let fault = Fault::of_value(self.field.named(name), Code::Literal, format!("`{name}` {}", problem.what));
            self.reading.faults.push(fault.help(problem.advice));
        };
        literal_at(value, 0).map_err(refused).ok()
    }

    fn path(&mut self, name: &'static str, written: &str) -> Option<Path> {
        let refused = |error: crate::item::path::PathError| {
            let fault = Fault::of_value(self.field.named(name), Code::Path, error.to_string());
            self.reading.faults.push(fault.help(error.advice()));
        };
        Path::parse(written).map_err(refused).ok()
    }

    fn refuse<T>(&mut self, message: &str, advice: &str) -> Option<T> {
        self.reading.faults.push(Fault::of_value(self.field.clone(), Code::StepShape, message).help(advice));
        None
    }
}

/// Why a literal has no DynamoDB form.
struct Problem {
    what: String,
    advice: &'static str,
}

fn literal_at(value: &serde_json::Value, depth: usize) -> Result<Value, Problem> {
    if depth > MAX_LITERAL_DEPTH {
        let what = format!("is nested more than {MAX_LITERAL_DEPTH} deep, which DynamoDB does not store");
        return Err(Problem { what, advice: "write a value that is less deep" });
    }
    Ok(match value {
        serde_json::Value::Null => Value::Null(true),
        serde_json::Value::Bool(b) => Value::Bool(*b),
        serde_json::Value::Number(number) => Value::N(number_of(number)?),
        serde_json::Value::String(text) => Value::S(text.clone()),
        serde_json::Value::Array(list) => {
            Value::L(list.iter().map(|value| literal_at(value, depth + 1)).collect::<Result<_, _>>()?)
        }
        serde_json::Value::Object(map) => {
            let entries = map.iter().map(|(name, value)| Ok((name.clone(), literal_at(value, depth + 1)?)));
            Value::M(entries.collect::<Result<BTreeMap<_, _>, Problem>>()?)
        }
    })
}

/// The digits of a number. One with a fraction was read as a float, so it is refused if it may have been rounded.
fn number_of(number: &serde_json::Number) -> Result<String, Problem> {
    let text = number.to_string();
    let Some(normal) = numbers::normal(&text) else {
        let what = format!("is {text}, a number that DynamoDB cannot hold");
        return Err(Problem { what, advice: "write a number of at most 38 digits and an exponent of at most 125" });
    };
    if number.is_f64() && numbers::may_be_rounded(&normal) {
        let what = "has a number of more than 15 digits, which may have been rounded".into();
        return Err(Problem { what, advice: "write `to: decimal('...')`" });
    }
    Ok(normal)
}
