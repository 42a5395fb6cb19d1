//! The filter that the Scan gets for `where`, compared with the local evaluation on a real engine: the filter may pass too
//! many items, but never too few.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use tableshift_aws::dynamodb::items::to_sdk;
use tableshift_aws::dynamodb::scan::{PageRequest, ScanSegment as _, TableItems};
use tableshift_core::item::value::{Item, Value};
use tableshift_core::language::expression::cel::Expression;
use tableshift_tests::Engines;

const NAMES: [&str; 3] = ["a", "b", "c"];

fn value() -> impl Strategy<Value = Value> {
    let number =
        prop::sample::select(vec!["0", "1", "1.5", "-1", "2", "12345678901234567890123456789012345678", "1E-100"]);
    prop_oneof![
        prop::sample::select(vec!["", "x", "xy", "1", "true"]).prop_map(Value::s),
        number.prop_map(Value::n),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null(true)),
        Just(Value::L(vec![Value::s("x")])),
        Just(Value::M(Item::from([("n".into(), Value::n("1"))]))),
        Just(Value::Ss(["x".to_string()].into())),
    ]
}

fn item() -> impl Strategy<Value = Item> {
    let attributes = proptest::collection::vec(proptest::option::of(value()), NAMES.len());
    attributes.prop_map(|values| {
        let named = NAMES.iter().zip(values).filter_map(|(name, value)| Some((name.to_string(), value?)));
        named.collect()
    })
}

fn condition() -> impl Strategy<Value = String> {
    let name = || prop::sample::select(NAMES.to_vec());
    let literal = prop::sample::select(vec!["'x'", "''", "'xy'", "1", "0", "-1", "2", "true", "false"]);
    let leaf = prop_oneof![
        3 => name().prop_map(|n| format!("has(item.{n})")),
        2 => (name(), literal.clone()).prop_map(|(n, l)| format!("item.{n} == {l}")),
        2 => (name(), literal.clone()).prop_map(|(n, l)| format!("{l} != item[\"{n}\"]")),
        1 => (name(), prop::sample::select(vec!["'x'", "''"])).prop_map(|(n, l)| format!("item.{n}.startsWith({l})")),
        2 => (name(), prop::sample::select(vec!["<", "<=", ">", ">="]), prop::sample::select(vec!["2", "1.5", "-1", "'x'", "''"]))
            .prop_map(|(n, o, l)| format!("item.{n} {o} {l}")),
        1 => name().prop_map(|n| format!("0 >= item.{n}")),
        1 => name().prop_map(|n| format!("item.{n}")),
        1 => name().prop_map(|n| format!("item.{n} in ['x', 1, true, '']")),
        1 => (name(), prop::sample::select(vec!["S", "N", "M", "SS", "BOOL"])).prop_map(|(n, t)| format!("type(item.{n}) != '{t}'")),
        1 => name().prop_map(|n| format!("item.{n}.contains('y')")),
        1 => (name(), literal).prop_map(|(n, l)| format!("item.{n}.n == {l}")),
        1 => name().prop_map(|n| format!("item.{n}.n < 2 || item.{n}.n.startsWith('x')")),
        1 => name().prop_map(|n| format!("size(item.{n}) > 0")),
        1 => name().prop_map(|n| format!("has(item.{n}.n)")),
    ];
    leaf.prop_recursive(4, 16, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|e| format!("!({e})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}) && ({b})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("({a}) || ({b})")),
        ]
    })
}

#[tokio::test]
async fn the_filter_passes_every_item_for_which_where_is_true_or_fails() {
    let engines = Engines::start().await;
    engines.create_table("filtered", "pk", None).await;
    let mut runner = TestRunner::new(Config::default());
    let mut items = Vec::new();
    for number in 0..150 {
        let mut item = item().new_tree(&mut runner).unwrap().current();
        item.insert("pk".into(), Value::s(format!("{number:03}")));
        let put = engines.dynamodb.put_item().table_name("filtered").set_item(Some(to_sdk(&item)));
        put.send().await.unwrap();
        items.push(item);
    }
    let table = TableItems::new(engines.dynamodb.clone(), "filtered");
    let (mut filtered, mut left_out) = (0, 0);
    for _ in 0..400 {
        let source = condition().new_tree(&mut runner).unwrap().current();
        let expression = Expression::compile(&source).unwrap();
        let Some(filter) = expression.filter() else { continue };
        let request =
            PageRequest { segment: 0, segments: 1, cursor: None, consistent: true, filter: Some(&filter), limit: None };
        let page = table.page(&request).await.unwrap();
        assert_eq!(page.scanned, items.len() as u64, "{source}");
        let through: std::collections::BTreeSet<&Value> = page.items.iter().map(|item| &item["pk"]).collect();
        for item in &items {
            let wanted = expression.holds(item).unwrap_or(true);
            assert!(!wanted || through.contains(&item["pk"]), "{source}\n{}\nleft out {item:?}", filter.expression);
        }
        filtered += 1;
        left_out += items.len() - through.len();
    }
    assert!(filtered > 100 && left_out > 1000, "{filtered} filters left out {left_out} items: the test shows nothing");
}
