//! What can be known of an item's attributes without seeing the item: from a condition that holds, and from steps that
//! were applied.

use crate::item::value::Value;
use crate::language::expression::functions::Function;
use crate::language::expression::node::{Node, Operator, Variable};
use crate::language::expression::operators;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of one top-level attribute. All but `present` is about its value, if it is there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fact {
    /// Whether it is there, if that is known.
    pub(crate) present: Option<bool>,
    /// Its type, if that is known.
    pub(crate) kind: Option<&'static str>,
    /// The values that it may have, if they are known.
    pub(crate) one_of: Option<Vec<Value>>,
    /// Values that it surely does not have.
    pub(crate) not: Vec<Value>,
}

impl Fact {
    pub(crate) fn absent() -> Self {
        Self { present: Some(false), ..Self::default() }
    }

    pub(crate) fn of_kind(kind: Option<&'static str>) -> Self {
        Self { present: Some(true), kind, ..Self::default() }
    }

    pub(crate) fn of_values(values: Vec<Value>) -> Self {
        let kinds: BTreeSet<&'static str> = values.iter().map(Value::type_name).collect();
        let kind = if kinds.len() == 1 { kinds.first().copied() } else { None };
        Self { present: Some(true), kind, one_of: Some(values), not: Vec::new() }
    }

    /// The one value that it has, if that is known.
    pub(crate) fn value(&self) -> Option<&Value> {
        match (self.present, self.one_of.as_deref()) {
            (Some(true), Some([value])) => Some(value),
            _ => None,
        }
    }

    fn excludes(&self, value: &Value) -> bool {
        let among = |values: &[Value]| values.iter().any(|other| is_same(other, value));
        among(&self.not) || self.one_of.as_ref().is_some_and(|values| !among(values))
    }

    /// What is known if either of two is so.
    fn or(self, other: Self) -> Self {
        match (self.present, other.present) {
            (Some(false), Some(false)) => self,
            (Some(false), _) => Self { present: None, ..other },
            (_, Some(false)) => Self { present: None, ..self },
            _ => {
                let not = self.not.iter().chain(&other.not).filter(|v| self.excludes(v) && other.excludes(v));
                let not: Vec<Value> = not.cloned().collect();
                let one_of = self.one_of.zip(other.one_of).map(|(a, b)| a.into_iter().chain(b).collect());
                Self {
                    present: if self.present == other.present { self.present } else { None },
                    kind: if self.kind == other.kind { self.kind } else { None },
                    one_of,
                    not,
                }
            }
        }
    }
}

fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::N(a), Value::N(b)) => crate::item::numbers::compare(a, b) == Some(std::cmp::Ordering::Equal),
        (a, b) => a == b,
    }
}

/// What is known of an item's top-level attributes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Facts {
    known: BTreeMap<String, Fact>,
}

/// How a condition may come out: true, false, an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Outcomes {
    pub(crate) holds: bool,
    pub(crate) fails: bool,
    pub(crate) errs: bool,
}

impl Outcomes {
    const ANY: Self = Self { holds: true, fails: true, errs: true };

    /// Whether it is surely false.
    pub(crate) fn is_false(self) -> bool {
        !self.holds && !self.errs
    }

    fn may(self, wanted: bool) -> bool {
        if wanted { self.holds } else { self.fails }
    }
}

/// A test of one attribute against what is fixed.
struct Tested<'n> {
    name: &'n str,
    test: Test<'n>,
}

enum Test<'n> {
    Value(Operator, &'n Value),
    Kind(bool, &'n str),
    In(Vec<&'n Value>),
    Holds,
}

impl Facts {
    /// What is known of an attribute.
    pub(crate) fn of(&self, name: &str) -> Fact {
        self.known.get(name).cloned().unwrap_or_default()
    }

    /// Notes what an attribute now is.
    pub(crate) fn set(&mut self, name: &str, fact: Fact) {
        self.known.insert(name.to_owned(), fact);
    }

    /// What is known if either of two is so.
    pub(crate) fn or(self, other: Self) -> Self {
        let names: BTreeSet<String> = self.known.keys().filter(|n| other.known.contains_key(*n)).cloned().collect();
        let known = names.into_iter().map(|name| {
            let fact = self.of(&name).or(other.of(&name));
            (name, fact)
        });
        Self { known: known.collect() }
    }

    /// How a condition may come out for an item of which this is known.
    pub(crate) fn outcomes(&self, node: &Node) -> Outcomes {
        match node {
            Node::Literal(Value::Bool(b)) => Outcomes { holds: *b, fails: !*b, errs: false },
            Node::HasAttribute(Variable::Item, name) => match self.of(name).present {
                Some(present) => Outcomes { holds: present, fails: !present, errs: false },
                None => Outcomes { holds: true, fails: true, errs: false },
            },
            Node::HasAttribute(Variable::Key, _) => Outcomes { holds: true, fails: true, errs: false },
            Node::Not(inner) => {
                let Outcomes { holds, fails, errs } = self.outcomes(inner);
                Outcomes { holds: fails, fails: holds, errs }
            }
            Node::And(a, b) => {
                let (a, b) = (self.outcomes(a), self.outcomes(b));
                let errs = (a.errs && (b.holds || b.errs)) || (b.errs && (a.holds || a.errs));
                Outcomes { holds: a.holds && b.holds, fails: a.fails || b.fails, errs }
            }
            Node::Or(a, b) => {
                let (a, b) = (self.outcomes(a), self.outcomes(b));
                let errs = (a.errs && (b.fails || b.errs)) || (b.errs && (a.fails || a.errs));
                Outcomes { holds: a.holds || b.holds, fails: a.fails && b.fails, errs }
            }
            node => tested(node).map_or(Outcomes::ANY, |tested| self.outcomes_of_test(&tested)),
        }
    }

    fn outcomes_of_test(&self, tested: &Tested<'_>) -> Outcomes {
        let fact = self.of(tested.name);
        let mut outcomes = Outcomes { holds: true, fails: true, errs: fact.present != Some(true) };
        if fact.present == Some(false) {
            return Outcomes { holds: false, fails: false, errs: true };
        }
        match (&tested.test, &fact.one_of) {
            (test, Some(values)) => {
                let each: Vec<Option<bool>> = values.iter().map(|value| test.of(value)).collect();
                outcomes.holds = each.contains(&Some(true));
                outcomes.fails = each.contains(&Some(false));
                outcomes.errs |= each.contains(&None);
            }
            (Test::Kind(wanted, kind), None) => {
                if let Some(known) = fact.kind {
                    outcomes.holds = (known == *kind) == *wanted;
                    outcomes.fails = !outcomes.holds;
                }
            }
            (Test::Value(operator @ (Operator::Equal | Operator::NotEqual), value), None) => {
                if fact.excludes(value) || fact.kind.is_some_and(|kind| kind != value.type_name()) {
                    outcomes.holds = *operator == Operator::NotEqual;
                    outcomes.fails = !outcomes.holds;
                }
            }
            (Test::Value(_, value), None) => outcomes.errs |= fact.kind != Some(value.type_name()),
            (Test::In(values), None) => outcomes.holds = !values.iter().all(|value| fact.excludes(value)),
            (Test::Holds, None) => outcomes.errs |= fact.kind != Some("BOOL"),
        }
        outcomes
    }

    /// What is known of an item for which a condition comes out like this, or nothing if it never does.
    pub(crate) fn given(self, node: &Node, wanted: bool) -> Option<Self> {
        if !self.outcomes(node).may(wanted) {
            return None;
        }
        match (node, wanted) {
            (Node::Not(inner), wanted) => self.given(inner, !wanted),
            (Node::And(a, b), true) | (Node::Or(a, b), false) => self.given(a, wanted)?.given(b, wanted),
            (Node::And(a, b), false) | (Node::Or(a, b), true) => {
                match (self.clone().given(a, wanted), self.given(b, wanted)) {
                    (Some(a), Some(b)) => Some(a.or(b)),
                    (one, other) => one.or(other),
                }
            }
            (Node::HasAttribute(Variable::Item, name), wanted) => {
                let fact = if wanted { Fact { present: Some(true), ..self.of(name) } } else { Fact::absent() };
                Some(self.with(name, fact))
            }
            (node, wanted) => Some(match tested(node) {
                Some(tested) => {
                    let fact = tested.test.learnt(self.of(tested.name), wanted);
                    self.with(tested.name, fact)
                }
                None => self,
            }),
        }
    }

    fn with(mut self, name: &str, fact: Fact) -> Self {
        self.set(name, fact);
        self
    }
}

impl Test<'_> {
    /// How it comes out for a value; none if that is an error.
    fn of(&self, value: &Value) -> Option<bool> {
        match self {
            Test::Kind(wanted, kind) => Some((value.type_name() == *kind) == *wanted),
            Test::In(values) => Some(values.iter().any(|other| is_same(other, value))),
            Test::Holds => match value {
                Value::Bool(holds) => Some(*holds),
                _ => None,
            },
            Test::Value(operator, other) => operators::of_values(*operator, value, other),
        }
    }

    /// What is learnt of an attribute when the test came out like this.
    fn learnt(&self, mut fact: Fact, wanted: bool) -> Fact {
        fact.present = Some(true);
        if let Some(values) = &mut fact.one_of {
            values.retain(|value| self.of(value) == Some(wanted));
        }
        match (self, wanted) {
            (Test::Value(Operator::Equal, value), true) | (Test::Value(Operator::NotEqual, value), false) => {
                fact = Fact { not: fact.not, ..Fact::of_values(vec![(*value).clone()]) };
            }
            (Test::Value(Operator::Equal, value), false) | (Test::Value(Operator::NotEqual, value), true) => {
                fact.not.push((*value).clone());
            }
            (Test::Value(_, value), _) => fact.kind = Some(value.type_name()),
            (Test::Kind(as_said, kind), wanted) if *as_said == wanted => fact.kind = known_kind(kind),
            (Test::Kind(..), _) => {}
            (Test::In(values), true) if fact.one_of.is_none() => {
                fact = Fact { not: fact.not, ..Fact::of_values(values.iter().map(|v| (*v).clone()).collect()) };
            }
            (Test::In(_), true) => {}
            (Test::In(values), false) => fact.not.extend(values.iter().map(|v| (*v).clone())),
            (Test::Holds, wanted) => fact = Fact::of_values(vec![Value::Bool(wanted)]),
        }
        fact
    }
}

/// DynamoDB's name of a type, as a name that lives for ever.
pub(crate) fn known_kind(kind: &str) -> Option<&'static str> {
    ["S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"].into_iter().find(|known| *known == kind)
}

fn tested(node: &Node) -> Option<Tested<'_>> {
    if let Some(name) = attribute(node) {
        return Some(Tested { name, test: Test::Holds });
    }
    let Node::Binary(operator, sides) = node else { return None };
    let (a, b) = (&sides[0], &sides[1]);
    match (operator, a, b) {
        (Operator::In, a, Node::List(values)) => {
            let values = values.iter().map(literal).collect::<Option<Vec<_>>>()?;
            Some(Tested { name: attribute(a)?, test: Test::In(values) })
        }
        (Operator::Equal | Operator::NotEqual, Node::Call(Function::Type, of), Node::Literal(Value::S(kind))) => {
            let name = attribute(of.first()?)?;
            Some(Tested { name, test: Test::Kind(*operator == Operator::Equal, kind) })
        }
        (operator, a, b) => {
            if let Some((name, value)) = attribute(a).zip(literal(b)) {
                return is_comparison(*operator).then_some(Tested { name, test: Test::Value(*operator, value) });
            }
            let (name, value) = attribute(b).zip(literal(a))?;
            is_comparison(*operator).then_some(Tested { name, test: Test::Value(operator.turned(), value) })
        }
    }
}

fn is_comparison(operator: Operator) -> bool {
    use Operator as O;
    matches!(operator, O::Equal | O::NotEqual | O::Less | O::LessEqual | O::Greater | O::GreaterEqual)
}

/// A top-level attribute of the item.
pub(crate) fn attribute(node: &Node) -> Option<&str> {
    match node {
        Node::Path(Variable::Item, names) if names.len() == 1 => names.first().map(String::as_str),
        _ => None,
    }
}

fn literal(node: &Node) -> Option<&Value> {
    match node {
        Node::Literal(value) => Some(value),
        _ => None,
    }
}
