//! Reads a document's rules and steps: paths are parsed, expressions compiled, and literals turned into DynamoDB values.

use crate::item::numbers;
use crate::item::path::{Part, Path};
use crate::item::value::Value;
use crate::language::compile::error::MeaningError;
use crate::language::compile::steps::{Action, Otherwise, Source, Step};
use crate::language::document::field::Field;
use crate::language::document::{self, Document};
use crate::language::expression::cel::Expression;
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

/// The rules of a document, in order. Refuses a document that mixes its forms, and a rule that no item can reach.
pub(crate) fn rules(document: &Document) -> Result<Vec<Written<'_>>, MeaningError> {
    let single = Written {
        number: None,
        name: None,
        matches: document.r#where.as_deref(),
        check: document.check.as_deref(),
        change: &document.change,
    };
    if document.code.is_some() {
        return Err(MeaningError::Form(
            "is a migration in Rust, which has no steps to compile; run it through the registry",
        ));
    }
    if document.rules.is_empty() {
        return Ok(vec![single]);
    }
    if !single.change.is_empty() {
        return Err(MeaningError::Form("has both `change` and `rules`; write one of them"));
    }
    if single.matches.is_some() || single.check.is_some() {
        return Err(MeaningError::Form("has `where` or `check` beside `rules`; write them within each rule"));
    }
    let rules = document.rules.iter().enumerate().map(|(index, rule)| Written {
        number: Some(index + 1),
        name: rule.name.as_deref(),
        matches: rule.r#where.as_deref(),
        check: rule.check.as_deref(),
        change: &rule.change,
    });
    let rules: Vec<_> = rules.collect();
    match rules.iter().position(|rule| rule.matches.is_none()) {
        Some(all) if all + 1 < rules.len() => Err(MeaningError::Unreachable { rule: all + 2, before: all + 1 }),
        _ => Ok(rules),
    }
}

/// Compiles the expression of an optional field.
pub(crate) fn expression(field: Field, source: Option<&str>) -> Result<Option<Expression>, MeaningError> {
    let compile = |text| Expression::compile(text).map_err(|source| MeaningError::Expression { field, source });
    source.map(compile).transpose()
}

/// Reads the steps of a rule, or those within a step. There must be at least one.
pub(crate) fn steps(place: &Field, steps: &[document::Step]) -> Result<Vec<Step>, MeaningError> {
    if steps.is_empty() {
        return Err(MeaningError::NoSteps(place.named("change")));
    }
    steps.iter().enumerate().map(|(index, written)| step(place.step(index + 1), written)).collect()
}

fn step(field: Field, step: &document::Step) -> Result<Step, MeaningError> {
    let when = expression(field.named("when"), step.when.as_deref())?;
    let action = Reader { field: &field }.action(&step.action)?;
    Ok(Step { field, when, action })
}

/// Reads the action of one step.
struct Reader<'s> {
    field: &'s Field,
}

impl Reader<'_> {
    fn action(&self, action: &document::Action) -> Result<Action, MeaningError> {
        Ok(match action {
            document::Action::Set { path, to } => {
                let path = self.path("set", path)?;
                Action::Set(path.clone(), self.source(&path, to)?)
            }
            document::Action::Default { path, to } => {
                let path = self.path("default", path)?;
                Action::Default(path.clone(), self.source(&path, to)?)
            }
            document::Action::Rename(rename) => self.rename(rename)?,
            document::Action::Copy(pair) => {
                let (from, to) = self.pair(("copy.from", "copy.to"), &pair.from, &pair.to)?;
                Action::Copy(from, to)
            }
            document::Action::Move(pair) => {
                let (from, to) = self.pair(("move.from", "move.to"), &pair.from, &pair.to)?;
                Action::Move(from, to)
            }
            document::Action::Remove(path) => Action::Remove(self.path("remove", path)?),
            document::Action::Convert(convert) => {
                Action::Convert(self.path("convert.path", &convert.path)?, convert.to)
            }
            document::Action::MapValues(map) => self.map_values(map)?,
            document::Action::IncrementVersion(increment) => self.increment(increment)?,
        })
    }

    fn rename(&self, rename: &document::Rename) -> Result<Action, MeaningError> {
        let (from, to) = self.pair(("rename.from", "rename.to"), &rename.from, &rename.to)?;
        let names = [from.rest().last(), to.rest().last()];
        if from.parent() != to.parent() || names.iter().any(|last| matches!(last, Some(Part::Index(_)))) {
            return Err(
                self.shape("renames to another place; write the whole path with another last name, or use `move`")
            );
        }
        Ok(Action::Rename { from, to, keep: rename.keep })
    }

    fn pair(&self, fields: (&'static str, &'static str), from: &str, to: &str) -> Result<(Path, Path), MeaningError> {
        let (from, to) = (self.path(fields.0, from)?, self.path(fields.1, to)?);
        if from.rest().last() == Some(&Part::Every) || to.rest().last() == Some(&Part::Every) {
            return Err(self.shape("names every element of a list; name an attribute within the elements"));
        }
        if from.element() != to.element() {
            return Err(self.shape("has a `[*]` that `from` and `to` do not share; both must begin with the same list"));
        }
        if from.holds(&to) || to.holds(&from) {
            return Err(self.shape("has a `from` and a `to` of which one is within the other; `set` the value instead"));
        }
        Ok((from, to))
    }

    fn map_values(&self, map: &document::MapValues) -> Result<Action, MeaningError> {
        if map.values.is_empty() {
            return Err(self.shape("has no `values`; write at least one, as in `{OLD: new}`"));
        }
        let field = || self.field.named("map_values.values");
        let values = map.values.iter().map(|(old, new)| Ok((old.clone(), literal(field(), new)?)));
        let otherwise = match &map.otherwise {
            document::Otherwise::Invalid => Otherwise::Invalid,
            document::Otherwise::Keep => Otherwise::Keep,
            document::Otherwise::Set(value) => {
                Otherwise::Set(literal(self.field.named("map_values.otherwise"), value)?)
            }
        };
        let path = self.path("map_values.path", &map.path)?;
        Ok(Action::MapValues { path, values: values.collect::<Result<_, MeaningError>>()?, otherwise })
    }

    fn increment(&self, increment: &document::IncrementVersion) -> Result<Action, MeaningError> {
        let path = self.path("increment_version.path", &increment.path)?;
        let from = self.version("increment_version.from", &increment.from)?;
        let to = self.version("increment_version.to", &increment.to)?;
        if path.is_many() {
            return Err(self.shape("has a `[*]` in the path of the version; an item has one version"));
        }
        if from == to || from.type_name() != to.type_name() {
            return Err(self.shape("goes from a version to itself, or to one of another type"));
        }
        if self.field.steps.len() > 1 {
            return Err(self.shape("is an `increment_version` within another; write them one after the other"));
        }
        let inner = match increment.change.as_slice() {
            [] => Vec::new(),
            change => steps(self.field, change)?,
        };
        Ok(Action::Increment { path, from, to, steps: inner })
    }

    fn version(&self, name: &'static str, value: &serde_json::Value) -> Result<Value, MeaningError> {
        let field = self.field.named(name);
        match literal(field.clone(), value)? {
            version @ (Value::N(_) | Value::S(_)) => Ok(version),
            _ => Err(MeaningError::Literal { field, problem: "is neither a number nor a string".into() }),
        }
    }

    fn source(&self, path: &Path, to: &serde_json::Value) -> Result<Source, MeaningError> {
        let field = self.field.named("to");
        match to {
            serde_json::Value::String(text) => {
                let compiled = match path.is_many() {
                    true => Expression::compile_for_element(text),
                    false => Expression::compile(text),
                };
                let expression = compiled.map_err(|source| MeaningError::Expression { field, source })?;
                Ok(Source::Computed(Box::new(expression)))
            }
            other => literal(field, other).map(Source::Literal),
        }
    }

    fn path(&self, name: &'static str, text: &str) -> Result<Path, MeaningError> {
        Path::parse(text).map_err(|source| MeaningError::Path { field: self.field.named(name), source })
    }

    fn shape(&self, problem: &'static str) -> MeaningError {
        MeaningError::Shape { field: self.field.clone(), problem }
    }
}

fn literal(field: Field, value: &serde_json::Value) -> Result<Value, MeaningError> {
    literal_at(value, 0).map_err(|problem| MeaningError::Literal { field, problem })
}

fn literal_at(value: &serde_json::Value, depth: usize) -> Result<Value, String> {
    if depth > MAX_LITERAL_DEPTH {
        return Err(format!("is nested more than {MAX_LITERAL_DEPTH} deep, which DynamoDB does not store"));
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
            Value::M(entries.collect::<Result<BTreeMap<_, _>, String>>()?)
        }
    })
}

/// Numbers with a fraction were read as floats, so digits beyond those of a float may be lost already.
fn number_of(number: &serde_json::Number) -> Result<String, String> {
    let text = number.to_string();
    let normal = numbers::normal(&text).ok_or_else(|| format!("is {text}, a number that DynamoDB cannot hold"))?;
    if number.is_f64() && numbers::significant_digits(&normal) > numbers::FLOAT_DIGITS {
        return Err(
            "has a number of more than 15 digits, which may have been rounded; write `to: decimal('...')`".into()
        );
    }
    Ok(normal)
}
