//! Any string as an expression, evaluated on any item. The first line, or everything up to a line of dashes, is the
//! expression; the remainder is an item in DynamoDB JSON.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use tableshift_core::language::expression::cel::Expression;
use tableshift_core::item::value::Item;

static ITEMS: LazyLock<Vec<Item>> =
    LazyLock::new(|| serde_json::from_str(include_str!("items.json")).expect("items in DynamoDB JSON"));

fuzz_target!(|text: &str| {
    let (source, item) = text.split_once("\n---\n").unwrap_or((text, ""));
    let Ok(expression) = Expression::compile(source) else { return };
    let own = serde_json::from_str::<Item>(item).ok();
    for item in ITEMS.iter().chain(&own) {
        let value = expression.value(item);
        assert_eq!(value, expression.value(item));
        let _ = expression.holds(item);
    }
});
