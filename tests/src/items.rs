//! Items for the tests' tables, whose keys are `pk` and `sk`.

use tableshift_core::item::value::{Item, Value};

/// The sort key of every item, unless a test needs several items with one partition key.
pub(crate) const SORT_KEY: &str = "profile";

/// An item with this partition key that has only attributes that no migration may touch.
pub(crate) fn untouched(pk: &str) -> Item {
    let json = r#"{"n":{"N":"12345678901234567890123456789012345678"},"ns":{"NS":["1","2.5"]},"b":{"B":"AAEC"},"deep":{"M":{"l":{"L":[{"NULL":true},{"BOOL":false},{"S":""}]}}}}"#;
    let mut item: Item = serde_json::from_str(json).expect("DynamoDB JSON");
    item.insert("pk".into(), Value::s(pk));
    item.insert("sk".into(), Value::s(SORT_KEY));
    item
}

/// `count` items in the old shape of [`MIGRATION`](crate::MIGRATION), each with attributes that no migration may touch.
pub fn old_items(count: usize) -> Vec<Item> {
    let old_item = |number: usize| {
        let mut item = untouched(&person(number));
        item.insert("address".into(), Value::s(format!("{number} Main St, Boston, MA")));
        item.insert("zip".into(), Value::s(format!("{number:05}")));
        item.insert("legacy".into(), Value::Bool(true));
        item
    };
    (0..count).map(old_item).collect()
}

/// An item in the old shape with this key and a padding of `bytes` bytes, for tests that count capacity units.
pub fn old_item_of_size(pk: &str, sk: &str, bytes: usize) -> Item {
    let address = Value::s("1 Main St, Boston, MA");
    let pad = Value::s("x".repeat(bytes));
    [("pk", Value::s(pk)), ("sk", Value::s(sk)), ("address", address), ("pad", pad)]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

/// `count` items as [`old_item_of_size`] makes them, each with its own partition key.
pub fn old_items_of_size(count: usize, bytes: usize) -> Vec<Item> {
    (0..count).map(|number| old_item_of_size(&person(number), SORT_KEY, bytes)).collect()
}

/// The partition key of an item.
fn person(number: usize) -> String {
    format!("person-{number:06}")
}
