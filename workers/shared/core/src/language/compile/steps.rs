//! Compiled steps, and what each does to an item.
//!
//! Steps move DynamoDB values as they are and re-encode only what they compute. Only `set` overwrites an existing value.

use crate::item::numbers;
use crate::item::path::Path;
use crate::item::value::{Item, Value};
use crate::language::document::ConvertTo;
use crate::language::document::field::Field;
use crate::language::expression::cel::Expression;
use crate::language::expression::convert;
use crate::language::expression::scope::Scope;
use std::collections::{BTreeMap, BTreeSet};

/// A compiled step.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) field: Field,
    pub(crate) when: Option<Expression>,
    pub(crate) action: Action,
}

/// What a step does.
#[derive(Debug, Clone)]
pub(crate) enum Action {
    Set(Path, Source),
    Default(Path, Source),
    Rename { from: Path, to: Path, keep: bool },
    Copy(Path, Path),
    Move(Path, Path),
    Remove(Path),
    Convert(Path, ConvertTo),
    MapValues { path: Path, values: BTreeMap<String, Value>, otherwise: Otherwise },
    Increment { path: Path, from: Value, to: Value, steps: Vec<Step> },
}

/// Where a step's value comes from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Literal(Value),
    Computed(Box<Expression>),
}

/// What happens to a value that `map_values` does not name.
#[derive(Debug, Clone)]
pub(crate) enum Otherwise {
    Invalid,
    Keep,
    Set(Value),
}

/// A step that cannot be carried out.
#[derive(Debug)]
pub(crate) struct Failed<'s> {
    pub(crate) field: &'s Field,
    pub(crate) reason: String,
}

/// Called after each step that was carried out, with its field and the item after it.
pub(crate) type Watch<'w> = dyn FnMut(&Field, &Item) + 'w;

/// Applies steps in order. `key` is the item's key, or the item as it was read.
pub(crate) fn apply<'s>(
    steps: &'s [Step],
    item: &mut Item,
    key: &Item,
    watch: &mut Watch<'_>,
) -> Result<(), Failed<'s>> {
    for step in steps {
        let failed = |reason| Failed { field: &step.field, reason };
        let scope = Scope { item, key, element: None };
        let wanted = step.when.as_ref().map_or(Ok(true), |when| when.holds_in(&scope));
        if !wanted.map_err(|error| failed(format!("`when` {error}")))? {
            continue;
        }
        match &step.action {
            Action::Increment { path, from, to, steps } => {
                if is_version(path, from, item).map_err(failed)? {
                    apply(steps, item, key, watch)?;
                    put(path, item, to.clone()).map_err(failed)?;
                    watch(&step.field, item);
                }
            }
            action => {
                action.apply(item, key).map_err(failed)?;
                watch(&step.field, item);
            }
        }
    }
    Ok(())
}

fn is_version(path: &Path, from: &Value, item: &Item) -> Result<bool, String> {
    match path.get(item) {
        None | Some(Value::Null(_)) => Ok(false),
        Some(found) if found.type_name() == from.type_name() => Ok(found == from),
        Some(found) => {
            let (found, wanted) = (found.type_name(), from.type_name());
            Err(format!("`{path}` is of type {found}, but `increment_version` expects a version of type {wanted}"))
        }
    }
}

impl Action {
    fn apply(&self, item: &mut Item, key: &Item) -> Result<(), String> {
        match self {
            Self::Set(path, source) => set(path, source, item, key, |_| true),
            Self::Default(path, source) => set(path, source, item, key, |there| !there),
            Self::Rename { from, to, keep: true } | Self::Copy(from, to) => {
                each(from, item, |place, item| copy(place, &to.at(place), item))
            }
            Self::Rename { from, to, keep: false } => each(from, item, |place, item| {
                let to = to.at(place);
                transfer(place, &to, item, |item, value| put(&to, item, value))
            }),
            Self::Move(from, to) => each(from, item, |place, item| {
                let to = to.at(place);
                transfer(place, &to, item, |item, value| to.put_deep(item, value).map_err(|error| error.to_string()))
            }),
            Self::Remove(path) => each(path, item, |place, item| {
                place.take(item);
                Ok(())
            }),
            Self::Convert(path, to) => change(path, item, |value| convert::convert(value, *to)),
            Self::MapValues { path, values, otherwise } => change(path, item, |value| map(value, values, otherwise)),
            Self::Increment { .. } => Ok(()),
        }
    }

    /// The paths that the step itself may set or remove.
    pub(crate) fn written(&self) -> Vec<&Path> {
        match self {
            Self::Rename { from, to, keep: false } | Self::Move(from, to) => vec![from, to],
            Self::Set(path, _)
            | Self::Default(path, _)
            | Self::Copy(_, path)
            | Self::Rename { to: path, .. }
            | Self::Remove(path)
            | Self::Convert(path, _)
            | Self::MapValues { path, .. }
            | Self::Increment { path, .. } => vec![path],
        }
    }

    /// The steps within this step.
    pub(crate) fn inner(&self) -> &[Step] {
        match self {
            Self::Increment { steps, .. } => steps,
            _ => &[],
        }
    }

    /// The expression that gives the value.
    pub(crate) fn computed(&self) -> Option<&Expression> {
        match self {
            Self::Set(_, Source::Computed(expression)) | Self::Default(_, Source::Computed(expression)) => {
                Some(expression)
            }
            _ => None,
        }
    }

    fn source_path(&self) -> Option<&Path> {
        match self {
            Self::Copy(from, _) | Self::Rename { from, .. } | Self::Move(from, _) => Some(from),
            _ => None,
        }
    }
}

impl Step {
    /// This step and those within it.
    pub(crate) fn all(&self) -> Vec<&Step> {
        let inner = self.action.inner().iter().flat_map(Step::all);
        std::iter::once(self).chain(inner).collect()
    }

    /// The expressions of this step itself, with their positions.
    pub(crate) fn expressions(&self) -> impl Iterator<Item = (Field, &Expression)> {
        let when = self.when.iter().map(|when| (self.field.named("when"), when));
        when.chain(self.action.computed().map(|to| (self.field.named("to"), to)))
    }

    /// The top-level attributes that this step itself may set or remove.
    pub(crate) fn touches(&self) -> impl Iterator<Item = &str> {
        self.action.written().into_iter().map(Path::root)
    }

    /// The top-level attributes that this step itself reads, apart from those that it touches.
    pub(crate) fn reads(&self) -> BTreeSet<String> {
        let computed = self.expressions().flat_map(|(_, e)| e.reads().clone()).collect::<Vec<_>>();
        computed.into_iter().chain(self.action.source_path().map(|path| path.root().to_owned())).collect()
    }
}

impl Source {
    fn value(&self, scope: &Scope<'_>) -> Result<Value, String> {
        match self {
            Self::Literal(value) => Ok(value.clone()),
            Self::Computed(expression) => expression.value_in(scope).map_err(|error| format!("`to` {error}")),
        }
    }
}

/// Acts at every place that a path names, last first, so that removing an element does not shift the others.
fn each(path: &Path, item: &mut Item, act: impl Fn(&Path, &mut Item) -> Result<(), String>) -> Result<(), String> {
    if !path.is_many() {
        return act(path, item);
    }
    let places: Vec<Path> =
        path.places(item).map_err(|error| error.to_string())?.into_iter().map(|place| place.into_owned()).collect();
    places.iter().rev().try_for_each(|place| act(place, item))
}

fn set(path: &Path, source: &Source, item: &mut Item, key: &Item, wanted: fn(bool) -> bool) -> Result<(), String> {
    let element = path.element();
    each(path, item, |place, item| {
        if !wanted(place.get(item).is_some()) {
            return Ok(());
        }
        let element = element.as_ref().map(|element| element.at(place));
        let scope = Scope { item, key, element: element.as_ref().and_then(|element| element.get(item)) };
        let value = source.value(&scope)?;
        put(place, item, value)
    })
}

fn put(path: &Path, item: &mut Item, value: Value) -> Result<(), String> {
    path.put(item, value).map_err(|error| error.to_string())
}

fn copy(from: &Path, to: &Path, item: &mut Item) -> Result<(), String> {
    let Some(value) = from.get(item) else { return Ok(()) };
    refuse_other(value, to, item)?;
    let value = value.clone();
    put(to, item, value)
}

fn transfer(
    from: &Path,
    to: &Path,
    item: &mut Item,
    put: impl Fn(&mut Item, Value) -> Result<(), String>,
) -> Result<(), String> {
    let Some(value) = from.get(item) else { return Ok(()) };
    refuse_other(value, to, item)?;
    let Some(value) = from.take(item) else { return Ok(()) };
    put(item, value)
}

fn refuse_other(value: &Value, to: &Path, item: &Item) -> Result<(), String> {
    match to.get(item) {
        Some(other) if other != value => {
            Err(format!("`{to}` already exists and holds another value; only `set` overwrites"))
        }
        _ => Ok(()),
    }
}

/// Changes every value that a path names, unless it is missing or null.
fn change(path: &Path, item: &mut Item, to: impl Fn(&Value) -> Result<Option<Value>, String>) -> Result<(), String> {
    each(path, item, |place, item| match place.get_mut(item) {
        None | Some(Value::Null(_)) => Ok(()),
        Some(value) => {
            let changed = to(value).map_err(|reason| format!("`{place}` {reason}"))?;
            changed.into_iter().for_each(|changed| *value = changed);
            Ok(())
        }
    })
}

fn map(value: &Value, values: &BTreeMap<String, Value>, otherwise: &Otherwise) -> Result<Option<Value>, String> {
    let new = match value {
        Value::S(text) => values.get(text),
        Value::N(number) => values.get(numbers::normal(number).as_deref().unwrap_or(number)),
        _ => None,
    };
    match (new, otherwise) {
        (Some(new), _) => Ok(Some(new.clone())),
        (None, _) if values.values().any(|new| new == value) => Ok(None),
        (None, Otherwise::Keep) => Ok(None),
        (None, Otherwise::Set(value)) => Ok(Some(value.clone())),
        (None, Otherwise::Invalid) => {
            Err("holds a value that `values` does not name; name it, or set `otherwise`".into())
        }
    }
}

#[cfg(test)]
mod tests;
