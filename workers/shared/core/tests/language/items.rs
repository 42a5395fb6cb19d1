//! Items of every shape that DynamoDB takes, common shapes more often.

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::*;
use tableshift_core::item::value::{Binary, Item, Value};

/// Names that trip programs up: reserved words, dots, placeholders, brackets, quotes, letters of other scripts.
const NAMES: [&str; 12] = ["a", "b", "c", "d", "status", "a.b", "#n0", ":v0", "x[0]", "sa\"y", "größe", "__proto__"];

/// An attribute's name.
pub fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => prop::sample::select(&NAMES[..5]).prop_map(String::from),
        2 => prop::sample::select(&NAMES[..]).prop_map(String::from),
        1 => "[a-z._#:\\[\\]\" ]{1,6}",
    ]
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (-3i64..100).prop_map(|n| n.to_string()),
        1 => any::<i64>().prop_map(|n| n.to_string()),
        1 => "[1-9][0-9]{37}",
        1 => "-?[1-9]\\.[0-9]{0,36}[1-9]",
        1 => "[1-9]E-1[0-2][0-9]",
        1 => prop::sample::select(vec!["0", "-0", "0.0", "1E+125", "-9.9999999999999999999999999999999999999E+125", "1E-130"])
            .prop_map(String::from),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => prop::sample::select(vec!["", "x", "1 Main St, Boston, MA", "12.50", "true", "OPEN", "2026-11-22T10:00:00Z", "AQI="])
            .prop_map(String::from),
        1 => "\\PC{0,12}",
    ]
}

fn binary() -> impl Strategy<Value = Binary> {
    vec(any::<u8>(), 0..6).prop_map(Binary)
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => text().prop_map(Value::S),
        4 => number().prop_map(Value::N),
        1 => binary().prop_map(Value::B),
        2 => any::<bool>().prop_map(Value::Bool),
        1 => Just(Value::Null(true)),
        1 => btree_set(text(), 1..4).prop_map(Value::Ss),
        1 => btree_set(number(), 1..4).prop_map(Value::Ns),
        1 => btree_set(binary(), 1..4).prop_map(Value::Bs),
    ]
}

/// A value of any of the ten types.
pub fn value() -> impl Strategy<Value = Value> {
    let nested = leaf().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![vec(inner.clone(), 0..4).prop_map(Value::L), btree_map(name(), inner, 0..4).prop_map(Value::M),]
    });
    prop_oneof![
        12 => nested,
        // As deep as DynamoDB nests.
        1 => (leaf(), 28usize..31).prop_map(|(leaf, depth)| (0..depth).fold(leaf, |inner, level| match level % 2 {
            0 => Value::L(vec![inner]),
            _ => Value::M(Item::from([("a".into(), inner)])),
        })),
    ]
}

/// An item with its key, `pk`.
pub fn item() -> impl Strategy<Value = Item> {
    let orders = vec(btree_map(prop::sample::select(vec!["a", "b", "c"]).prop_map(String::from), leaf(), 0..3), 0..3);
    let orders = orders.prop_map(|orders| Value::L(orders.into_iter().map(Value::M).collect()));
    let one = (prop::sample::select(vec!["a", "b", "c", "d", "status"]), value());
    let attributes = (btree_map(name(), value(), 0..6), one);
    (attributes, proptest::option::of(orders), proptest::option::of(0i64..4)).prop_map(
        |((mut item, (name, value)), orders, version)| {
            item.insert(name.into(), value);
            item.insert("pk".into(), Value::s("k"));
            item.extend(orders.map(|orders| ("orders".into(), orders)));
            item.extend(version.map(|version| ("version".into(), Value::n(version.to_string()))));
            item
        },
    )
}
