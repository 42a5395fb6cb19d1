//! Migrations of every kind of step, often with conditions that make them idempotent.

use super::items::name;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A path to a top-level attribute, or to one within.
fn path() -> BoxedStrategy<String> {
    prop_oneof![
        6 => name().prop_map(|name| quoted(&name)),
        1 => (name(), name()).prop_map(|(a, b)| format!("{}.{}", quoted(&a), quoted(&b))),
        1 => (name(), 0usize..2).prop_map(|(a, index)| format!("{}[{index}]", quoted(&a))),
        1 => prop::sample::select(vec!["orders[*].a", "orders[*].b", "orders[0].c"]).prop_map(String::from),
    ]
    .boxed()
}

/// Two paths in the same place.
fn names_in_place() -> BoxedStrategy<(String, String)> {
    let place = prop::sample::select(vec!["", "", "", "a.", "orders[*].", "orders[1]."]);
    (place, name(), name())
        .prop_map(|(place, a, b)| (format!("{place}{}", quoted(&a)), format!("{place}{}", quoted(&b))))
        .boxed()
}

fn to() -> BoxedStrategy<Json> {
    prop_oneof![
        Just(json!(2)),
        Just(json!("null")),
        Just(json!({"x": [1, "y", true]})),
        prop::sample::select(vec![
            "item.a",
            "'text'",
            "{'v': item.b, 'w': [item.c]}",
            "number(item.a)",
            "string(item.b) + '#' + key.pk",
            "decimal(item.a) * 2",
            "has(item.a) ? item.a : 'none'",
            "lower(item.a)",
            "string_set(split(item.a, ','))",
            "item.version + 1",
            "item.orders.map(o, size(o))",
            "sha256(item.status)",
            "epoch_seconds(item.c)",
            r"extract(item.a, r'^(?<street>[^,]+), *(?<city>.+)$')",
        ])
        .prop_map(|cel| json!(cel)),
    ]
    .boxed()
}

fn condition() -> BoxedStrategy<String> {
    let known = || prop::sample::select(vec!["a", "b", "c", "d", "status"]);
    prop_oneof![
        3 => known().prop_map(|a| format!("has(item.{a})")),
        3 => known().prop_map(|a| format!("!has(item.{a})")),
        2 => (known(), known()).prop_map(|(a, b)| format!("has(item.{a}) && !has(item.{b})")),
        2 => (1i64..3).prop_map(|v| format!("has(item.version) && item.version == {v}")),
        1 => (1i64..3).prop_map(|v| format!("!has(item.version) || item.version < {v}")),
        1 => (known(), prop::sample::select(vec!["S", "N", "M"])).prop_map(|(a, t)| format!("has(item.{a}) && type(item.{a}) == '{t}'")),
        1 => known().prop_map(|a| format!("has(item.{a}) && item.{a} != 'x'")),
    ]
    .boxed()
}

fn simple_step() -> BoxedStrategy<Json> {
    let kinds = [
        "number",
        "string",
        "boolean",
        "epoch_seconds",
        "iso_time",
        "list",
        "string_set",
        "number_set",
        "binary_set",
        "binary",
    ];
    prop_oneof![
        3 => (path(), to()).prop_map(|(path, to)| json!({"set": path, "to": to})),
        2 => (path(), to()).prop_map(|(path, to)| json!({"default": path, "to": to})),
        2 => (names_in_place(), any::<bool>()).prop_map(|((from, to), keep)| json!({"rename": {"from": from, "to": to, "keep": keep}})),
        1 => (path(), path()).prop_map(|(from, to)| json!({"copy": {"from": from, "to": to}})),
        2 => (path(), path()).prop_map(|(from, to)| json!({"move": {"from": from, "to": to}})),
        2 => path().prop_map(|path| json!({"remove": path})),
        2 => (path(), prop::sample::select(kinds.to_vec())).prop_map(|(path, to)| json!({"convert": {"path": path, "to": to}})),
        1 => (path(), prop::sample::select(vec![json!("keep"), json!("invalid"), json!({"set": "z"})])).prop_map(|(path, otherwise)| {
            json!({"map_values": {"path": path, "values": {"OPEN": "active", "x": 1, "2": "two"}, "otherwise": otherwise}})
        }),
    ]
    .boxed()
}

fn step() -> BoxedStrategy<Json> {
    let increment = (1i64..4, proptest::collection::vec(simple_step(), 0..2))
        .prop_map(|(from, change)| json!({"increment_version": {"from": from, "to": from + 1, "change": change}}));
    (prop_oneof![6 => simple_step(), 1 => increment], proptest::option::weighted(0.15, condition()))
        .prop_map(|(mut step, when)| {
            if let Some(when) = when {
                step["when"] = json!(when);
            }
            step
        })
        .boxed()
}

fn rule() -> BoxedStrategy<Json> {
    (proptest::option::weighted(0.8, condition()), vec(step(), 1..4))
        .prop_map(|(condition, change)| match condition {
            Some(condition) => json!({"where": condition, "change": change}),
            None => json!({"change": change}),
        })
        .boxed()
}

/// The everyday migration: `where` says that one attribute is there and another is not, and the steps are about them.
fn everyday() -> BoxedStrategy<Json> {
    let known = || prop::sample::select(vec!["a", "b", "c", "d", "status"]);
    let pairs = (known(), known()).prop_filter("two names", |(a, b)| a != b);
    let steps = |(a, b): (&'static str, &'static str)| {
        let steps = vec![
            json!({"rename": {"from": a, "to": b}}),
            json!({"rename": {"from": a, "to": b, "keep": true}}),
            json!({"move": {"from": a, "to": b}}),
            json!({"copy": {"from": a, "to": b}}),
            json!({"set": b, "to": format!("item.{a}")}),
            json!({"default": b, "to": 1}),
        ];
        let more =
            vec![json!({"set": "version", "to": 4}), json!({"default": "added", "to": []}), json!({"remove": b})];
        let steps = (prop::sample::select(steps), proptest::option::of(prop::sample::select(more)));
        steps.prop_map(move |(first, second)| {
            let change: Vec<Json> = [first].into_iter().chain(second).collect();
            json!({"where": format!("has(item.{a}) && !has(item.{b})"), "change": change})
        })
    };
    pairs.prop_flat_map(steps).boxed()
}

/// A migration as a document; some have no meaning.
pub fn migration() -> BoxedStrategy<Json> {
    prop_oneof![
        6 => prop_oneof![2 => rule(), 1 => everyday()].prop_map(|mut rule| {
            rule["id"] = json!("generated");
            rule
        }),
        1 => vec(rule(), 1..4).prop_map(|rules| json!({"id": "generated", "rules": rules})),
    ]
    .boxed()
}
