//! Content hashes: SHA-256 in lower-case hex.

use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// The SHA-256 of bytes, in lower-case hex.
pub fn of_bytes(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SHA-256 of a value's compact JSON with sorted object keys, so that the order of fields does not matter.
pub fn of_json<T: Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).expect("plain data serialises");
    of_bytes(sorted(value).to_string().as_bytes())
}

fn sorted(value: serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Object(map) => {
            let ordered: std::collections::BTreeMap<_, _> = map.into_iter().map(|(k, v)| (k, sorted(v))).collect();
            serde_json::Value::Object(ordered.into_iter().collect())
        }
        serde_json::Value::Array(list) => serde_json::Value::Array(list.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_order_does_not_change_the_hash() {
        let a: serde_json::Value = serde_json::from_str(r#"{"a":1,"b":{"x":1,"y":[2]}}"#).unwrap();
        let b: serde_json::Value = serde_json::from_str(r#"{"b":{"y":[2],"x":1},"a":1}"#).unwrap();
        assert_eq!(of_json(&a), of_json(&b));
    }
}
