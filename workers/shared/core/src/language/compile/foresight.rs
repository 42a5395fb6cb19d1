//! What steps make of what is known of an item, and whether they would change anything at all.

use crate::item::numbers;
use crate::item::path::Path;
use crate::item::value::Value;
use crate::language::compile::facts::{Fact, Facts, attribute};
use crate::language::compile::steps::{Action, Otherwise, Source, Step};
use crate::language::document::ConvertTo;
use crate::language::expression::functions::Function;
use crate::language::expression::node::Node;
use std::collections::BTreeMap;

/// What is known after the steps were applied without an error.
pub(crate) fn after(steps: &[Step], facts: Facts) -> Facts {
    steps.iter().fold(facts, |facts, step| {
        let outcomes = step.when.as_ref().map(|when| facts.outcomes(when.root()));
        match (&step.when, outcomes) {
            (Some(_), Some(outcomes)) if !outcomes.holds => facts,
            (Some(when), Some(outcomes)) => {
                let applied = facts.clone().given(when.root(), true).map(|facts| after_action(&step.action, facts));
                let left_out = outcomes.fails.then(|| facts.clone().given(when.root(), false)).flatten();
                match (applied, left_out) {
                    (Some(applied), Some(left_out)) => applied.or(left_out),
                    (one, other) => one.or(other).unwrap_or(facts),
                }
            }
            _ => after_action(&step.action, facts),
        }
    })
}

fn after_action(action: &Action, mut facts: Facts) -> Facts {
    match action {
        Action::Set(path, source) => {
            let fact = if path.is_root() { given_by(source, &facts) } else { held(path, &facts) };
            facts.set(path.root(), fact);
        }
        Action::Default(path, source) => {
            let fact = match (path.is_root(), facts.of(path.root()).present) {
                (true, Some(true)) => facts.of(path.root()),
                (true, Some(false)) => given_by(source, &facts),
                (true, None) => Fact::of_kind(None),
                (false, _) => held(path, &facts),
            };
            facts.set(path.root(), fact);
        }
        Action::Rename { from, to, keep } => transferred(from, to, *keep, &mut facts),
        Action::Copy(from, to) => transferred(from, to, true, &mut facts),
        Action::Move(from, to) => transferred(from, to, false, &mut facts),
        Action::Remove(path) if path.is_root() => facts.set(path.root(), Fact::absent()),
        Action::Remove(path) => {
            let fact = altered(facts.of(path.root()));
            facts.set(path.root(), fact);
        }
        Action::Convert(path, to) => {
            let fact = converted(facts.of(path.root()), path, *to);
            facts.set(path.root(), fact);
        }
        Action::MapValues { path, values, otherwise } => {
            let fact = facts.of(path.root());
            let fact = if path.is_root() { mapped(fact, values, otherwise) } else { altered(fact) };
            facts.set(path.root(), fact);
        }
        Action::Increment { path, from, to, steps } => return incremented(path, (from, to), steps, facts),
    }
    facts
}

/// An attribute that is there if it was, with something else within.
fn altered(fact: Fact) -> Fact {
    Fact { one_of: None, not: Vec::new(), ..fact }
}

/// An attribute that holds what was set within it. A `[*]` may have found nothing to set.
fn held(path: &Path, facts: &Facts) -> Fact {
    let fact = altered(facts.of(path.root()));
    if path.is_many() { fact } else { Fact { present: Some(true), ..fact } }
}

fn given_by(source: &Source, facts: &Facts) -> Fact {
    match source {
        Source::Literal(value) => Fact::of_values(vec![value.clone()]),
        Source::Computed(expression) => match expression.root() {
            Node::Literal(value) => Fact::of_values(vec![value.clone()]),
            node => match attribute(node) {
                Some(name) => Fact { present: Some(true), ..facts.of(name) },
                None => Fact::of_kind(kind_of(node)),
            },
        },
    }
}

/// The type of what an expression gives, where its outermost operation says so.
pub(crate) fn kind_of(node: &Node) -> Option<&'static str> {
    use Function as F;
    match node {
        Node::Literal(value) => Some(value.type_name()),
        Node::Extract(..) | Node::Map(_) => Some("M"),
        Node::List(_) => Some("L"),
        Node::HasAttribute(..) | Node::Has(..) | Node::Not(_) | Node::And(..) | Node::Or(..) | Node::Matches(..) => {
            Some("BOOL")
        }
        Node::Negate(_) => Some("N"),
        Node::Conditional(parts) => kind_of(&parts[1]).filter(|kind| kind_of(&parts[2]) == Some(kind)),
        Node::Binary(operator, sides) => operator.kind().or_else(|| kind_of(&sides[0]).or_else(|| kind_of(&sides[1]))),
        Node::Call(function, _) => Some(match function {
            F::Split => "L",
            F::Number | F::Decimal | F::Int | F::EpochSeconds | F::Size => "N",
            F::StringSet => "SS",
            F::NumberSet => "NS",
            F::BinarySet => "BS",
            F::FromBase64 | F::Bytes => "B",
            F::Boolean | F::Contains | F::StartsWith | F::EndsWith => "BOOL",
            F::Join | F::Trim | F::Lower | F::Upper | F::Text | F::IsoTime => "S",
            F::ToBase64 | F::Sha256 | F::UuidFrom | F::Type => "S",
        }),
        _ => None,
    }
}

fn transferred(from: &Path, to: &Path, keep: bool, facts: &mut Facts) {
    let source = facts.of(from.root());
    if source.present == Some(false) {
        return;
    }
    let moved = source.present == Some(true) && from.is_root();
    let target = facts.of(to.root());
    let target = match to.is_root() {
        true if moved => source.clone(),
        // It is what it was, or what was moved there.
        true if target.present == Some(true) => target,
        true => Fact::default(),
        false if moved => Fact { present: Some(true), ..altered(target) },
        false => Fact { present: target.present.filter(|present| *present), ..altered(target) },
    };
    if !keep {
        let left = if from.is_root() { Fact::absent() } else { altered(source) };
        facts.set(from.root(), left);
    }
    facts.set(to.root(), target);
}

fn converted(fact: Fact, path: &Path, to: ConvertTo) -> Fact {
    // Null stays null, so what the type is now is known only where it was known not to be null.
    let kind = match (fact.kind, path.is_root()) {
        (Some("NULL"), true) => Some("NULL"),
        (Some(_), true) => Some(kind_after(to)),
        (kind, false) => kind,
        (None, true) => None,
    };
    Fact { kind, ..altered(fact) }
}

fn kind_after(to: ConvertTo) -> &'static str {
    match to {
        ConvertTo::Number | ConvertTo::EpochSeconds => "N",
        ConvertTo::String | ConvertTo::IsoTime => "S",
        ConvertTo::Boolean => "BOOL",
        ConvertTo::List => "L",
        ConvertTo::StringSet => "SS",
        ConvertTo::NumberSet => "NS",
        ConvertTo::BinarySet => "BS",
        ConvertTo::Binary => "B",
    }
}

fn mapped(fact: Fact, values: &BTreeMap<String, Value>, otherwise: &Otherwise) -> Fact {
    let each = |value: &Value| match (new_value(value, values), otherwise) {
        (Some(new), _) => new.clone(),
        (None, Otherwise::Set(other)) if !values.values().any(|new| new == value) => other.clone(),
        _ => value.clone(),
    };
    match &fact.one_of {
        Some(known) if !known.iter().any(|value| matches!(value, Value::Null(_))) => {
            Fact { present: fact.present, ..Fact::of_values(known.iter().map(each).collect()) }
        }
        _ => Fact { kind: None, ..altered(fact) },
    }
}

fn new_value<'v>(value: &Value, values: &'v BTreeMap<String, Value>) -> Option<&'v Value> {
    match value {
        Value::S(text) => values.get(text),
        Value::N(number) => values.get(numbers::normal(number).as_deref().unwrap_or(number)),
        _ => None,
    }
}

fn incremented(path: &Path, (from, to): (&Value, &Value), steps: &[Step], facts: Facts) -> Facts {
    let fact = facts.of(path.root());
    if !path.is_root() {
        let mut applied = after(steps, facts.clone());
        applied.set(path.root(), altered(fact));
        return applied.or(facts);
    }
    let may = fact.present != Some(false)
        && fact.one_of.as_ref().is_none_or(|values| values.contains(from))
        && !fact.not.contains(from);
    if !may {
        return facts;
    }
    let mut applied = facts.clone();
    applied.set(path.root(), Fact::of_values(vec![from.clone()]));
    let mut applied = after(steps, applied);
    applied.set(path.root(), Fact::of_values(vec![to.clone()]));
    if fact.value() == Some(from) {
        return applied;
    }
    let mut other = fact;
    other.one_of = other.one_of.map(|values| values.into_iter().filter(|value| value != from).collect());
    other.not.push(from.clone());
    let mut left_out = facts;
    left_out.set(path.root(), other);
    applied.or(left_out)
}

/// Whether the steps surely change nothing of an item of which this is known, and fail at nothing.
pub(crate) fn change_nothing(steps: &[Step], facts: &Facts) -> bool {
    steps.iter().all(|step| {
        let outcomes = step.when.as_ref().map(|when| facts.outcomes(when.root()));
        match outcomes {
            Some(outcomes) if outcomes.is_false() => true,
            Some(outcomes) if outcomes.errs => false,
            _ => changes_nothing(&step.action, facts),
        }
    })
}

fn changes_nothing(action: &Action, facts: &Facts) -> bool {
    let is_absent = |path: &Path| facts.of(path.root()).present == Some(false);
    match action {
        Action::Set(path, source) => {
            let (now, set) = (facts.of(path.root()), given_by(source, facts));
            path.is_root() && now.value().is_some() && now.value() == set.value()
        }
        Action::Default(path, _) => path.is_root() && facts.of(path.root()).present == Some(true),
        Action::Rename { from, .. } | Action::Copy(from, _) | Action::Move(from, _) => is_absent(from),
        Action::Remove(path) => is_absent(path),
        Action::Convert(path, to) => {
            let kind = facts.of(path.root()).kind;
            let has_it = kind == Some(kind_after(*to)) && *to != ConvertTo::IsoTime;
            is_absent(path) || (path.is_root() && (has_it || kind == Some("NULL")))
        }
        Action::MapValues { path, values, .. } => {
            let is_new = |value: &Value| new_value(value, values).is_none() && values.values().any(|new| new == value);
            let all_new = facts.of(path.root()).one_of.is_some_and(|known| known.iter().all(is_new));
            is_absent(path) || (path.is_root() && all_new)
        }
        Action::Increment { path, from, .. } => {
            let fact = facts.of(path.root());
            let other = fact.not.contains(from) || fact.one_of.as_ref().is_some_and(|values| !values.contains(from));
            is_absent(path) || (path.is_root() && fact.kind == Some(from.type_name()) && other)
        }
    }
}
