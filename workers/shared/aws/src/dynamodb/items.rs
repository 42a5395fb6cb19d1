//! Converts items between the core's and the SDK's types, without loss.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use tableshift_core::item::value::{Binary, Item, Value};

/// Converts an item to the SDK's type.
pub fn to_sdk(item: &Item) -> HashMap<String, AttributeValue> {
    item.iter().map(|(name, value)| (name.clone(), value_to_sdk(value))).collect()
}

/// Converts an item from the SDK's type. Attributes of a type that DynamoDB does not have today are left out.
pub fn from_sdk(item: HashMap<String, AttributeValue>) -> Item {
    item.into_iter().filter_map(|(name, value)| Some((name, value_from_sdk(value)?))).collect()
}

/// Converts a value to the SDK's type.
pub fn value_to_sdk(value: &Value) -> AttributeValue {
    match value {
        Value::S(text) => AttributeValue::S(text.clone()),
        Value::N(text) => AttributeValue::N(text.clone()),
        Value::B(bytes) => AttributeValue::B(Blob::new(bytes.0.clone())),
        Value::Bool(b) => AttributeValue::Bool(*b),
        Value::Null(b) => AttributeValue::Null(*b),
        Value::M(map) => AttributeValue::M(to_sdk(map)),
        Value::L(list) => AttributeValue::L(list.iter().map(value_to_sdk).collect()),
        Value::Ss(set) => AttributeValue::Ss(set.iter().cloned().collect()),
        Value::Ns(set) => AttributeValue::Ns(set.iter().cloned().collect()),
        Value::Bs(set) => AttributeValue::Bs(set.iter().map(|b| Blob::new(b.0.clone())).collect()),
    }
}

/// Converts a value from the SDK's type; `None` for a type that DynamoDB does not have today.
fn value_from_sdk(value: AttributeValue) -> Option<Value> {
    Some(match value {
        AttributeValue::S(text) => Value::S(text),
        AttributeValue::N(text) => Value::N(text),
        AttributeValue::B(bytes) => Value::B(Binary(bytes.into_inner())),
        AttributeValue::Bool(b) => Value::Bool(b),
        AttributeValue::Null(b) => Value::Null(b),
        AttributeValue::M(map) => Value::M(from_sdk(map)),
        AttributeValue::L(list) => Value::L(list.into_iter().filter_map(value_from_sdk).collect()),
        AttributeValue::Ss(set) => Value::Ss(set.into_iter().collect()),
        AttributeValue::Ns(set) => Value::Ns(set.into_iter().collect()),
        AttributeValue::Bs(set) => Value::Bs(set.into_iter().map(|b| Binary(b.into_inner())).collect()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ten_types_go_to_the_sdk_and_back_unchanged() {
        let text = r#"{"b":{"B":"AAEC"},"t":{"BOOL":false},"bs":{"BS":["AA==","AQ=="]},"l":{"L":[{"N":"1"},{"NULL":true}]},"m":{"M":{"x":{"S":""}}},"n":{"N":"12345678901234567890123456789012345678"},"ns":{"NS":["1","2.50"]},"z":{"NULL":true},"s":{"S":"ü"},"ss":{"SS":["a","b"]}}"#;
        let item: Item = serde_json::from_str(text).unwrap();
        assert_eq!(from_sdk(to_sdk(&item)), item);
    }
}
