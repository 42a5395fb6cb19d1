//! Evaluates checked expressions directly on DynamoDB values. Nothing is converted, so nothing is lost.
//!
//! Expressions mean what they mean in CEL, with three differences that keep results exact: numbers are decimal numbers,
//! never floats; sets stay sets; and a result that would have to be rounded is an error. A property test compares the part
//! that both have with the interpreter of the crate `cel`.
//!
//! Each step is charged to a [`Budget`], so the cost of one item has a limit, whatever the item holds.

use crate::item::value::{Item, Value};
use crate::language::expression::budget::Budget;
use crate::language::expression::datum::{Datum, Evaluated};
use crate::language::expression::error::EvaluationError;
use crate::language::expression::node::{Loop, Node, Variable};
use crate::language::expression::operators;
use crate::language::expression::scope::Scope;
use regex::Regex;
use std::cell::RefCell;
use std::collections::BTreeMap;

/// The evaluation of one expression on one item.
pub(crate) struct Evaluation<'v> {
    scope: Scope<'v>,
    /// The variables of the loops that the evaluation is in, the outermost first.
    pub(super) locals: RefCell<Vec<Datum<'v>>>,
    pub(crate) budget: Budget,
}

impl<'v> Evaluation<'v> {
    /// An evaluation with a full budget.
    pub(crate) fn on(scope: Scope<'v>) -> Self {
        Self { scope, locals: RefCell::new(Vec::new()), budget: Budget::full() }
    }

    /// Evaluates a part of an expression to a value.
    pub(crate) fn value(&self, node: &'v Node) -> Evaluated<'v> {
        self.budget.charge(1)?;
        match node {
            Node::Literal(value) => Ok(Datum::Ref(value)),
            Node::Path(variable, names) => self.follow(*variable, names),
            Node::Local(depth) => Ok(self.locals.borrow()[*depth].clone()),
            Node::Select(of, name) => self.select(self.value(of)?, name),
            Node::Index(of, at) => self.index(self.value(of)?, &self.value(at)?),
            Node::Extract(string, pattern) => self.extract(string, pattern),
            Node::Matches(string, pattern) => self.matches(string, pattern),
            Node::Call(function, arguments) => {
                let arguments = arguments.iter().map(|argument| self.value(argument)).collect::<Result<Vec<_>, _>>()?;
                function.call(&arguments, &self.budget)
            }
            Node::Binary(operator, sides) => {
                operators::binary(*operator, self.value(&sides[0])?, self.value(&sides[1])?, &self.budget)
            }
            Node::Negate(inner) => operators::negate(&self.value(inner)?),
            Node::Conditional(parts) => match self.holds(&parts[0])? {
                true => self.value(&parts[1]),
                false => self.value(&parts[2]),
            },
            Node::List(nodes) => self.list(nodes),
            Node::Map(entries) => self.map(entries),
            Node::Loop(range, Loop::Collect { when, element }) => self.collect(range, when.as_deref(), element),
            Node::HasAttribute(..) | Node::Has(..) | Node::Not(_) | Node::And(..) | Node::Or(..) | Node::Loop(..) => {
                self.holds(node).map(|holds| Datum::Own(Value::Bool(holds)))
            }
        }
    }

    /// Evaluates a part of an expression to true or false.
    pub(crate) fn holds(&self, node: &'v Node) -> Result<bool, EvaluationError> {
        match node {
            Node::HasAttribute(variable, name) => self.has_attribute(*variable, name),
            Node::Has(of, name) => match self.value(of)?.plain() {
                Some(Value::M(map)) => Ok(map.contains_key(name)),
                _ => Err(EvaluationError::Execution(format!(
                    "has() needs a map to look for `{name}` in, and this is not a map"
                ))),
            },
            Node::Not(inner) => Ok(!self.holds(inner)?),
            Node::And(a, b) => self.decide(a, b, false),
            Node::Or(a, b) => self.decide(a, b, true),
            Node::Loop(range, Loop::All(body)) => self.search(range, body, false).map(|found| !found),
            Node::Loop(range, Loop::Exists(body)) => self.search(range, body, true),
            Node::Loop(range, Loop::ExistsOne(body)) => self.count(range, body).map(|count| count == 1),
            _ => match self.value(node)?.plain() {
                Some(Value::Bool(holds)) => Ok(*holds),
                _ => Err(EvaluationError::NotBoolean),
            },
        }
    }

    /// Evaluates `&&` (decided by false) or `||` (decided by true). A side that decides alone hides an error of the other
    /// side, as in CEL.
    fn decide(&self, a: &'v Node, b: &'v Node, decisive: bool) -> Result<bool, EvaluationError> {
        self.budget.charge(1)?;
        let first = match self.holds(a) {
            Ok(holds) if holds == decisive => return Ok(decisive),
            Err(EvaluationError::TooCostly) => return Err(EvaluationError::TooCostly),
            first => first,
        };
        match self.holds(b)? {
            holds if holds == decisive => Ok(decisive),
            _ => first,
        }
    }

    fn root(&self, variable: Variable) -> &'v Item {
        match variable {
            Variable::Key => self.scope.key,
            Variable::Item | Variable::Element => self.scope.item,
        }
    }

    fn has_attribute(&self, variable: Variable, name: &str) -> Result<bool, EvaluationError> {
        self.budget.charge(1)?;
        match (variable, self.scope.element) {
            (Variable::Element, Some(Value::M(map))) => Ok(map.contains_key(name)),
            (Variable::Element, _) => Err(EvaluationError::Execution(format!(
                "has() needs a map to look for `{name}` in, and this element is not a map"
            ))),
            (variable, _) => Ok(self.root(variable).contains_key(name)),
        }
    }

    fn follow(&self, variable: Variable, names: &'v [String]) -> Evaluated<'v> {
        let (first, rest) = match (variable, names) {
            (Variable::Element, names) => {
                let none = || {
                    EvaluationError::Execution(
                        "there is no `element` here; only steps with `[*]` in their path have one".into(),
                    )
                };
                (self.scope.element.ok_or_else(none)?, names)
            }
            (variable, [first, rest @ ..]) => (self.root(variable).get(first).ok_or_else(|| missing(first))?, rest),
            (_, []) => {
                return Err(EvaluationError::Execution("the whole item is not a value; name an attribute".into()));
            }
        };
        let value = rest.iter().try_fold(first, |value, name| member(value, name))?;
        Ok(Datum::Ref(value))
    }

    fn select(&self, of: Datum<'v>, name: &str) -> Evaluated<'v> {
        match of {
            Datum::Ref(value) => member(value, name).map(Datum::Ref),
            of => {
                let value = member(of.plain().ok_or_else(|| no_map(name))?, name)?;
                self.budget.charge_bytes(crate::item::value::value_bytes(value))?;
                Ok(Datum::Own(value.clone()))
            }
        }
    }

    fn index(&self, of: Datum<'v>, at: &Datum<'v>) -> Evaluated<'v> {
        if let Some(name) = at.string() {
            // The name may be a value of the item, and messages do not contain values.
            let unnamed = |error| match error {
                EvaluationError::TooCostly => EvaluationError::TooCostly,
                _ => EvaluationError::Execution("`[...]` names a key that the map does not have".into()),
            };
            return self.select(of, name).map_err(unnamed);
        }
        let out = || EvaluationError::Execution("an index is out of bounds".into());
        let position = at.integer().ok_or_else(|| EvaluationError::Execution("an index is not an integer".into()))?;
        let position = usize::try_from(position).map_err(|_| out())?;
        match of {
            Datum::Ref(Value::L(list)) => list.get(position).map(Datum::Ref).ok_or_else(out),
            of => match of.plain() {
                Some(Value::L(list)) => {
                    let value = list.get(position).ok_or_else(out)?;
                    self.budget.charge_bytes(crate::item::value::value_bytes(value))?;
                    Ok(Datum::Own(value.clone()))
                }
                other => Err(EvaluationError::wrong_type("`[...]`", &[other])),
            },
        }
    }

    fn extract(&self, string: &'v Node, pattern: &'v Regex) -> Evaluated<'v> {
        let given = self.value(string)?;
        let string = given.string().ok_or_else(|| EvaluationError::wrong_type("extract()", &[given.plain()]))?;
        self.charge_match(string)?;
        let Some(found) = pattern.captures(string) else {
            return Err(EvaluationError::Execution("extract(): the pattern does not match".into()));
        };
        self.budget.charge_created(string.len())?;
        let groups = pattern.capture_names().enumerate();
        let groups = groups.filter_map(|(index, name)| Some((name?.to_owned(), Value::s(found.get(index)?.as_str()))));
        Ok(Datum::Own(Value::M(groups.collect())))
    }

    fn matches(&self, string: &'v Node, pattern: &'v Regex) -> Evaluated<'v> {
        let given = self.value(string)?;
        let string = given.string().ok_or_else(|| EvaluationError::wrong_type("matches()", &[given.plain()]))?;
        self.charge_match(string)?;
        Ok(Datum::Own(Value::Bool(pattern.is_match(string))))
    }

    /// The time of a match grows with the length of the string and the size of the pattern, and that size has a limit.
    fn charge_match(&self, string: &str) -> Result<(), EvaluationError> {
        self.budget.charge(string.len() * 4 + 8)
    }

    fn list(&self, nodes: &'v [Node]) -> Evaluated<'v> {
        let values = nodes.iter().map(|node| self.owned(node)).collect::<Result<Vec<_>, _>>()?;
        Ok(Datum::Own(Value::L(values)))
    }

    fn map(&self, entries: &'v [(Node, Node)]) -> Evaluated<'v> {
        let mut map = BTreeMap::new();
        for (name, value) in entries {
            let name = self.value(name)?;
            let Some(name) = name.string() else {
                return Err(EvaluationError::Execution("the keys of a map must be strings".into()));
            };
            if map.insert(name.to_owned(), self.owned(value)?).is_some() {
                return Err(EvaluationError::Execution("a map has the same key twice".into()));
            }
        }
        Ok(Datum::Own(Value::M(map)))
    }

    pub(super) fn owned(&self, node: &'v Node) -> Result<Value, EvaluationError> {
        let value = self.value(node)?;
        if let Datum::Ref(value) = &value {
            self.budget.charge_bytes(crate::item::value::value_bytes(value))?;
        }
        value.into_value()
    }
}

fn member<'v>(value: &'v Value, name: &str) -> Result<&'v Value, EvaluationError> {
    match value {
        Value::M(map) => map.get(name).ok_or_else(|| missing(name)),
        _ => Err(no_map(name)),
    }
}

fn missing(name: &str) -> EvaluationError {
    EvaluationError::Execution(format!("`{name}` is missing; ask has(...) first, or leave such items out by `where`"))
}

fn no_map(name: &str) -> EvaluationError {
    EvaluationError::Execution(format!("`.{name}` needs a map, and this is not a map"))
}

#[cfg(test)]
mod conformance_tests;

#[cfg(test)]
mod cost_tests;
