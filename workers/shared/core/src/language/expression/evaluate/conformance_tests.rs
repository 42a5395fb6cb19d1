//! What expressions share with CEL means what the interpreter of the crate `cel` makes of it.

use crate::item::value::{Binary, Item, Value};
use crate::language::expression::cel::Expression;
use cel::objects::Key;
use cel::{Context, Program, Value as Cel};
use proptest::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

fn to_cel(value: &Value) -> Cel {
    match value {
        Value::S(text) => Cel::from(text.clone()),
        Value::N(number) => Cel::Int(number.parse().unwrap()),
        Value::B(bytes) => Cel::Bytes(Arc::new(bytes.0.clone())),
        Value::Bool(b) => Cel::Bool(*b),
        Value::M(map) => map_to_cel(map),
        Value::L(list) => Cel::List(Arc::new(list.iter().map(to_cel).collect())),
        _ => Cel::Null,
    }
}

fn map_to_cel(map: &Item) -> Cel {
    let entries = map.iter().map(|(name, value)| (Key::from(name.clone()), to_cel(value)));
    Cel::Map(entries.collect::<HashMap<_, _>>().into())
}

fn from_cel(value: &Cel) -> Option<Value> {
    Some(match value {
        Cel::Int(i) => Value::N(i.to_string()),
        Cel::String(text) => Value::s(text.as_str()),
        Cel::Bytes(bytes) => Value::B(Binary(bytes.to_vec())),
        Cel::Bool(b) => Value::Bool(*b),
        Cel::Null => Value::Null(true),
        Cel::List(list) => Value::L(list.iter().map(from_cel).collect::<Option<_>>()?),
        Cel::Map(map) => {
            let entry = |(key, value): (&Key, &Cel)| match key {
                Key::String(name) => Some((name.to_string(), from_cel(value)?)),
                _ => None,
            };
            Value::M(map.map.iter().map(entry).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

fn in_cel(source: &str, item: &Item) -> Option<Value> {
    let mut context = Context::default();
    context.add_variable_from_value("item", map_to_cel(item));
    from_cel(&Program::compile(source).unwrap().execute(&context).ok()?)
}

fn value() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        prop::sample::select(vec!["", "x", "xy", "y", "ü"]).prop_map(Value::s),
        prop::sample::select(vec!["0", "1", "-2", "9223372036854775807"]).prop_map(Value::n),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null(true)),
        Just(Value::B(Binary(vec![1]))),
    ];
    plain.prop_recursive(2, 6, 2, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::L),
            // The interpreter loops over a map's keys in an order of chance; here it is the keys' own. One key has one.
            proptest::collection::btree_map("[abx]", inner, 0..2).prop_map(Value::M),
        ]
    })
}

/// Expressions of every operator and macro that is shared. Integer division is not: it may not cut off here.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => prop::sample::select(vec!["item.a", "item.b", "item.a.x", "item['b'].a", "item.missing"]).prop_map(String::from),
        2 => prop::sample::select(vec!["1", "-1", "0", "2", "'x'", "''", "true", "false", "null", "[]", "{}"]).prop_map(String::from),
        1 => prop::sample::select(vec!["has(item.a)", "has(item.a.b)", "has(item.missing)", "has(item.b.x)"]).prop_map(String::from),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operator =
            prop::sample::select(vec!["-", "*", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in"]);
        let macros = prop::sample::select(vec!["all", "exists", "exists_one", "map", "filter"]);
        let body = prop::sample::select(vec!["v == 1", "v", "v != 'x'", "v > 0", "true", "item.a == v", "has(v.a)"]);
        let method = prop::sample::select(vec!["startsWith", "endsWith", "contains"]);
        prop_oneof![
            4 => (inner.clone(), operator, inner.clone()).prop_map(|(a, o, b)| format!("({a}) {o} ({b})")),
            // The interpreter adds a map to a list, which CEL does not: what is added is of a type that is known.
            2 => (inner.clone(), prop::sample::select(vec!["1", "'x'", "[]", "[1, 'x']"])).prop_map(|(a, b)| format!("({a}) + {b}")),
            1 => inner.clone().prop_map(|a| format!("!({a})")),
            1 => inner.clone().prop_map(|a| format!("-({a})")),
            1 => (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a}) ? ({b}) : ({c})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            1 => inner.clone().prop_map(|a| format!("{{'k': {a}}}")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            1 => inner.clone().prop_map(|a| format!("size({a})")),
            1 => (inner.clone(), method, inner.clone()).prop_map(|(a, m, b)| format!("({a}).{m}({b})")),
            1 => (inner, macros, body).prop_map(|(a, m, body)| format!("({a}).{m}(v, {body})")),
        ]
    })
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2_000)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn what_is_shared_with_cel_means_what_cel_means(source in expression(), values in proptest::collection::vec(proptest::option::of(value()), 2)) {
        let named = ["a", "b"].into_iter().zip(values);
        let item: Item = named.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        let ours = Expression::compile(&source).unwrap().value(&item);
        prop_assert_eq!(ours.clone().ok(), in_cel(&source, &item), "{}: {:?}", source, ours);
    }
}
