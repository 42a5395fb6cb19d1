//! A document with its expressions compiled and its paths parsed: what workers apply.

use super::document::{Document, Step};
use super::expression::{CompileError, Expression};
use crate::filter::Filter;
use crate::migration::{Change, Invalid, Migration, Outcome, Scope};
use crate::path::{Path, PathError};
use crate::value::{Item, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use thiserror::Error;

/// Why a document has no meaning.
#[derive(Debug, Error)]
pub enum MeaningError {
    /// The id is not one that a file, a key and a ledger entry can be named by.
    #[error("`id` is `{0}`; write 1 to 80 letters, digits, `.`, `_` and `-`")]
    Id(String),
    /// There is nothing to do.
    #[error("`change` has no step; write at least one")]
    NoSteps,
    /// A step names none or several actions, or lacks `to`.
    #[error("step {step} {problem}")]
    Shape {
        /// The step's number, from 1.
        step: usize,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A path does not parse.
    #[error("step {step} has a path that cannot be read")]
    Path {
        /// The step's number, from 1.
        step: usize,
        /// What is wrong with it.
        #[source]
        source: PathError,
    },
    /// An expression does not compile.
    #[error("`{field}` cannot be compiled")]
    Expression {
        /// The field: `where`, `check`, or `step 2: to`.
        field: String,
        /// What is wrong with it.
        #[source]
        source: CompileError,
    },
    /// A literal has no DynamoDB form.
    #[error("step {step}: `to` {problem}")]
    Literal {
        /// The step's number, from 1.
        step: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A key attribute would be changed.
    #[error(
        "step {step} touches `{attribute}`, which is a key attribute of the table: keys cannot be changed in place"
    )]
    TouchesKey {
        /// The step's number, from 1.
        step: usize,
        /// The attribute.
        attribute: String,
    },
}

/// A step in checked form.
#[derive(Debug, Clone)]
enum Action {
    Set(Path, Source),
    Default(Path, Source),
    Rename(Path, Path),
    Copy(Path, Path),
    Remove(Path),
}

/// Where a step's value comes from.
#[derive(Debug, Clone)]
enum Source {
    Literal(Value),
    Computed(Box<Expression>),
}

impl Source {
    fn value(&self, item: &Item) -> Result<Value, String> {
        match self {
            Source::Literal(value) => Ok(value.clone()),
            Source::Computed(expression) => expression.value(item).map_err(|error| format!("`to` {error}")),
        }
    }
}

/// A compiled migration document.
#[derive(Debug, Clone)]
pub struct Compiled {
    id: String,
    matches: Option<Expression>,
    check: Option<Expression>,
    actions: Vec<Action>,
    scope: Arc<Scope>,
}

impl Compiled {
    /// Checks a document's meaning and compiles it.
    pub fn of(document: &Document) -> Result<Self, MeaningError> {
        if !is_name(&document.id) {
            return Err(MeaningError::Id(document.id.clone()));
        }
        if document.change.is_empty() {
            return Err(MeaningError::NoSteps);
        }
        let matches = compile_optional("where", document.r#where.as_deref())?;
        let check = compile_optional("check", document.check.as_deref())?;
        let actions = document.change.iter().enumerate().map(|(index, step)| action(index + 1, step));
        let actions = actions.collect::<Result<Vec<_>, _>>()?;
        let touched: BTreeSet<String> = actions.iter().flat_map(Action::touches).map(str::to_owned).collect();
        let read = matches.iter().chain(&check).flat_map(|e| e.reads().iter().cloned());
        let scope = Scope::new(touched, read.chain(actions.iter().flat_map(Action::reads)));
        Ok(Self { id: document.id.clone(), matches, check, actions, scope })
    }

    /// Refuses a migration that touches a key attribute of its table.
    pub fn check_keys(&self, keys: &[String]) -> Result<(), MeaningError> {
        for (index, action) in self.actions.iter().enumerate() {
            if let Some(attribute) = action.touches().find(|root| keys.iter().any(|key| key == root)) {
                return Err(MeaningError::TouchesKey { step: index + 1, attribute: attribute.into() });
            }
        }
        Ok(())
    }

    fn steps(&self, item: &Item) -> Result<Item, Invalid> {
        // Steps read and write guarded attributes only, so only these are copied.
        let copied = self.scope.guarded().iter().filter_map(|name| Some((name.clone(), item.get(name)?.clone())));
        let mut changed: Item = copied.collect();
        for (index, action) in self.actions.iter().enumerate() {
            action.apply(&mut changed).map_err(|reason| Invalid::Step { step: index + 1, reason })?;
        }
        Ok(changed)
    }

    fn judge(&self, item: &Item) -> Result<Outcome, Invalid> {
        let matched =
            self.matches.as_ref().map_or(Ok(true), |e| e.holds(item)).map_err(|e| Invalid::Where(e.to_string()))?;
        if !matched {
            let done = self.check.as_ref().is_some_and(|check| check.holds(item).unwrap_or(false));
            return Ok(if done { Outcome::AlreadyDone } else { Outcome::NotMatched });
        }
        let changed = self.steps(item)?;
        let holds = self.check.as_ref().map_or(Ok(true), |check| check.holds(&changed));
        let Some(change) = Change::between(item, changed, &self.scope) else {
            return Ok(Outcome::AlreadyDone);
        };
        match holds.map_err(|e| Invalid::CheckFails(e.to_string()))? {
            true => Ok(Outcome::Changed(change)),
            false => Err(Invalid::Check),
        }
    }
}

impl Migration for Compiled {
    fn id(&self) -> &str {
        &self.id
    }

    fn apply(&self, item: &Item) -> Outcome {
        self.judge(item).unwrap_or_else(Outcome::Invalid)
    }

    fn scope(&self) -> &Arc<Scope> {
        &self.scope
    }

    fn filter(&self) -> Option<Filter> {
        self.matches.as_ref()?.filter()
    }

    fn check(&self, item: &Item) -> bool {
        self.check.as_ref().is_none_or(|check| check.holds(item).unwrap_or(false))
    }
}

impl Action {
    fn apply(&self, item: &mut Item) -> Result<(), String> {
        match self {
            Action::Set(path, source) => put(path, item, source.value(item)?),
            Action::Default(path, source) if path.get(item).is_none() => put(path, item, source.value(item)?),
            Action::Default(..) => Ok(()),
            Action::Rename(from, to) => match from.take(item) {
                Some(value) => put(to, item, value),
                None => Ok(()),
            },
            Action::Copy(from, to) => match from.get(item).cloned() {
                Some(value) => put(to, item, value),
                None => Ok(()),
            },
            Action::Remove(path) => {
                path.take(item);
                Ok(())
            }
        }
    }

    fn touches(&self) -> impl Iterator<Item = &str> {
        let (one, two) = match self {
            Action::Set(path, _) | Action::Default(path, _) | Action::Copy(_, path) | Action::Remove(path) => {
                (path, None)
            }
            Action::Rename(from, to) => (from, Some(to)),
        };
        std::iter::once(one).chain(two).map(Path::root)
    }

    fn reads(&self) -> BTreeSet<String> {
        match self {
            Action::Set(_, Source::Computed(e)) | Action::Default(_, Source::Computed(e)) => e.reads().clone(),
            Action::Copy(from, _) | Action::Rename(from, _) => BTreeSet::from([from.root().to_owned()]),
            _ => BTreeSet::new(),
        }
    }
}

fn put(path: &Path, item: &mut Item, value: Value) -> Result<(), String> {
    path.put(item, value).map_err(|error| error.to_string())
}

/// Whether a text can name a file, an S3 key's part and a ledger entry.
pub fn is_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=80).contains(&text.len()) && text.chars().all(legal) && !text.chars().all(|c| c == '.')
}

fn compile_optional(field: &str, source: Option<&str>) -> Result<Option<Expression>, MeaningError> {
    source.map(|text| compile(field.to_owned(), text)).transpose()
}

fn compile(field: String, source: &str) -> Result<Expression, MeaningError> {
    Expression::compile(source).map_err(|source| MeaningError::Expression { field, source })
}

fn action(number: usize, step: &Step) -> Result<Action, MeaningError> {
    let shape = |problem| MeaningError::Shape { step: number, problem };
    let named =
        [step.set.is_some(), step.default.is_some(), step.rename.is_some(), step.copy.is_some(), step.remove.is_some()];
    match named.iter().filter(|n| **n).count() {
        0 => return Err(shape("does nothing; write one of `set`, `default`, `rename`, `copy`, `remove`")),
        1 => {}
        _ => return Err(shape("does several things; write one action a step")),
    }
    let takes_to = step.set.is_some() || step.default.is_some();
    match (&step.to, takes_to) {
        (None, true) => return Err(shape("lacks `to`: what to set")),
        (Some(_), false) => return Err(shape("has a `to` that only `set` and `default` take")),
        _ => {}
    }
    let path = |text: &str| Path::parse(text).map_err(|source| MeaningError::Path { step: number, source });
    Ok(match step {
        Step { set: Some(to), .. } => Action::Set(path(to)?, value_source(number, step)?),
        Step { default: Some(to), .. } => Action::Default(path(to)?, value_source(number, step)?),
        Step { rename: Some(r), .. } => Action::Rename(path(&r.from)?, path(&r.to)?),
        Step { copy: Some(c), .. } => Action::Copy(path(&c.from)?, path(&c.to)?),
        Step { remove: Some(r), .. } => Action::Remove(path(r)?),
        _ => return Err(shape("does nothing")),
    })
}

fn value_source(number: usize, step: &Step) -> Result<Source, MeaningError> {
    match step.to.as_ref() {
        Some(serde_json::Value::String(text)) => {
            Ok(Source::Computed(Box::new(compile(format!("step {number}: to"), text)?)))
        }
        Some(other) => {
            literal(other).map(Source::Literal).map_err(|problem| MeaningError::Literal { step: number, problem })
        }
        None => Err(MeaningError::Shape { step: number, problem: "lacks `to`: what to set" }),
    }
}

fn literal(value: &serde_json::Value) -> Result<Value, String> {
    Ok(match value {
        serde_json::Value::Null => Value::Null(true),
        serde_json::Value::Bool(b) => Value::Bool(*b),
        serde_json::Value::Number(n) => {
            let text = n.to_string();
            Value::N(super::numbers::normal(&text).ok_or(format!("is {text}, a number that DynamoDB cannot hold"))?)
        }
        serde_json::Value::String(text) => Value::S(text.clone()),
        serde_json::Value::Array(list) => Value::L(list.iter().map(literal).collect::<Result<_, _>>()?),
        serde_json::Value::Object(map) => {
            let entries = map.iter().map(|(name, v)| Ok((name.clone(), literal(v)?)));
            Value::M(entries.collect::<Result<BTreeMap<_, _>, String>>()?)
        }
    })
}

#[cfg(test)]
#[path = "compiled_tests.rs"]
mod tests;
