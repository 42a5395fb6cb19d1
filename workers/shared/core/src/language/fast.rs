//! The everyday part of CEL, evaluated on the item itself: presence, equality with a fixed value, `extract`, `number`,
//! and maps of these.
//!
//! It answers only where there is nothing to interpret. A missing attribute, another type, a pattern that does not
//! match: each gives no answer, and CEL is asked, which knows every rule and every error. So this can be fast, and
//! cannot mean anything else; a property test holds the two against each other.

use super::functions::Pattern;
use super::numbers;
use crate::value::{Item, Value};
use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, operators};
use std::collections::BTreeMap;

/// A condition.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Has(Vec<String>),
    Equal(Vec<String>, Value),
    Not(Box<Test>),
    And(Box<Test>, Box<Test>),
    Or(Box<Test>, Box<Test>),
}

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum Give {
    Path(Vec<String>),
    Literal(Value),
    Extract(Vec<String>, Pattern),
    Number(Vec<String>),
    Map(Vec<(String, Give)>),
}

impl Test {
    /// The condition, if it is of the everyday part.
    pub(crate) fn of(expression: &IdedExpr) -> Option<Self> {
        match &expression.expr {
            Expr::Select(select) if select.test => {
                let mut path = of_item(&select.operand)?;
                path.push(select.field.clone());
                Some(Test::Has(path))
            }
            Expr::Call(call) => match (call.func_name.as_str(), call.args.as_slice()) {
                (operators::LOGICAL_NOT, [inner]) => Some(Test::Not(Box::new(Test::of(inner)?))),
                (operators::LOGICAL_AND, [a, b]) => Some(Test::And(Box::new(Test::of(a)?), Box::new(Test::of(b)?))),
                (operators::LOGICAL_OR, [a, b]) => Some(Test::Or(Box::new(Test::of(a)?), Box::new(Test::of(b)?))),
                (operators::EQUALS, [a, b]) => equal(a, b),
                (operators::NOT_EQUALS, [a, b]) => Some(Test::Not(Box::new(equal(a, b)?))),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether it holds, where that is plain.
    pub(crate) fn holds(&self, item: &Item) -> Option<bool> {
        match self {
            Test::Has(path) => has(item, path),
            Test::Equal(path, value) => is_equal(follow(item, path)?, value),
            Test::Not(inner) => Some(!inner.holds(item)?),
            Test::And(a, b) => Some(a.holds(item)? && b.holds(item)?),
            Test::Or(a, b) => Some(a.holds(item)? || b.holds(item)?),
        }
    }
}

impl Give {
    /// The value, if it is of the everyday part.
    pub(crate) fn of(expression: &IdedExpr) -> Option<Self> {
        if let Some(path) = path(expression) {
            return Some(Give::Path(path));
        }
        match &expression.expr {
            Expr::Literal(_) => literal(expression).map(Give::Literal),
            Expr::Call(call) => match (call.func_name.as_str(), call.target.as_ref(), call.args.as_slice()) {
                ("extract", None, [text, pattern]) => match literal(pattern)? {
                    Value::S(pattern) => Some(Give::Extract(path(text)?, Pattern::of(&pattern).ok()?)),
                    _ => None,
                },
                ("number", None, [text]) => Some(Give::Number(path(text)?)),
                _ => None,
            },
            Expr::Map(map) => {
                let entries = map.entries.iter().map(|entry| match &entry.expr {
                    EntryExpr::MapEntry(entry) if !entry.optional => match literal(&entry.key)? {
                        Value::S(name) => Some((name, Give::of(&entry.value)?)),
                        _ => None,
                    },
                    _ => None,
                });
                let entries = entries.collect::<Option<Vec<_>>>()?;
                let distinct: std::collections::BTreeSet<_> = entries.iter().map(|(name, _)| name).collect();
                (distinct.len() == entries.len()).then_some(Give::Map(entries))
            }
            _ => None,
        }
    }

    /// Whether this is a plain path, which gives the very value whatever its type.
    pub(crate) fn is_path(&self) -> bool {
        matches!(self, Give::Path(_))
    }

    /// The value, where it is plain.
    pub(crate) fn value(&self, item: &Item) -> Option<Value> {
        match self {
            Give::Path(path) => follow(item, path).cloned(),
            Give::Literal(value) => Some(value.clone()),
            Give::Extract(path, pattern) => match follow(item, path)? {
                Value::S(text) => pattern
                    .groups(text)
                    .map(|groups| Value::M(groups.map(|(name, part)| (name.to_owned(), Value::s(part))).collect())),
                _ => None,
            },
            Give::Number(path) => match follow(item, path)? {
                Value::S(text) => numbers::normal(text).map(Value::N),
                _ => None,
            },
            Give::Map(entries) => {
                // A plain path within a map is CEL's: sets become lists there.
                let values = entries.iter().map(|(name, give)| match give.value(item)? {
                    Value::Ss(_) | Value::Ns(_) | Value::Bs(_) | Value::N(_) | Value::M(_) | Value::L(_)
                        if give.is_path() =>
                    {
                        None
                    }
                    value => Some((name.clone(), value)),
                });
                values.collect::<Option<BTreeMap<_, _>>>().map(Value::M)
            }
        }
    }
}

/// Presence is plain unless something above the last name is missing or no map: that is an error.
fn has(item: &Item, path: &[String]) -> Option<bool> {
    let (last, parents) = path.split_last()?;
    let map = match parents {
        [] => item,
        parents => match follow(item, parents)? {
            Value::M(map) => map,
            _ => return None,
        },
    };
    Some(map.contains_key(last))
}

/// Equality is plain for two texts, two booleans, and two integers that are written alike.
fn is_equal(found: &Value, wanted: &Value) -> Option<bool> {
    match (found, wanted) {
        (Value::S(a), Value::S(b)) => Some(a == b),
        (Value::Bool(a), Value::Bool(b)) => Some(a == b),
        (Value::N(a), Value::N(b)) => {
            let integer = |text: &str| text.parse::<i64>().ok().filter(|i| i.to_string() == *text);
            Some(integer(a)? == integer(b)?)
        }
        _ => None,
    }
}

fn follow<'i>(item: &'i Item, path: &[String]) -> Option<&'i Value> {
    let (root, rest) = path.split_first()?;
    rest.iter().try_fold(item.get(root)?, |value, name| match value {
        Value::M(map) => map.get(name),
        _ => None,
    })
}

/// The path of `item.a.b`; not of `item` itself.
fn path(expression: &IdedExpr) -> Option<Vec<String>> {
    of_item(expression).filter(|path| !path.is_empty())
}

fn of_item(expression: &IdedExpr) -> Option<Vec<String>> {
    match &expression.expr {
        Expr::Ident(name) if name == "item" => Some(Vec::new()),
        Expr::Select(select) if !select.test => {
            let mut path = of_item(&select.operand)?;
            path.push(select.field.clone());
            Some(path)
        }
        _ => None,
    }
}

fn equal(a: &IdedExpr, b: &IdedExpr) -> Option<Test> {
    let (path, value) = path(a).zip(literal(b)).or_else(|| path(b).zip(literal(a)))?;
    Some(Test::Equal(path, value))
}

fn literal(expression: &IdedExpr) -> Option<Value> {
    match &expression.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(Value::s(text.inner())),
        Expr::Literal(LiteralValue::Boolean(b)) => Some(Value::Bool(*b.inner())),
        Expr::Literal(LiteralValue::Int(i)) => Some(Value::N(i.inner().to_string())),
        _ => None,
    }
}
