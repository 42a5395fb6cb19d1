//! Items with DynamoDB's ten attribute types, without loss.
//!
//! Numbers stay decimal strings, sets stay sets, binary stays bytes: a value that a migration does not compute is never
//! re-encoded. Serde uses DynamoDB JSON (`{"S": "text"}`), the format of exports, journals and fixtures.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};

/// One item: values by attribute name. The order of attributes has no meaning in DynamoDB.
pub type Item = BTreeMap<String, Value>;

/// One attribute value. Variants are named after DynamoDB's type descriptors.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Value {
    /// A string.
    S(String),
    /// A number as its decimal string: up to 38 significant digits, more than a float can hold.
    N(String),
    /// Bytes.
    B(Binary),
    /// A boolean.
    #[serde(rename = "BOOL")]
    Bool(bool),
    /// Null; DynamoDB only stores `true` here.
    #[serde(rename = "NULL")]
    Null(bool),
    /// A map.
    M(BTreeMap<String, Value>),
    /// A list.
    L(Vec<Value>),
    /// A set of strings.
    #[serde(rename = "SS")]
    Ss(BTreeSet<String>),
    /// A set of numbers, as decimal strings.
    #[serde(rename = "NS")]
    Ns(BTreeSet<String>),
    /// A set of byte strings.
    #[serde(rename = "BS")]
    Bs(BTreeSet<Binary>),
}

impl Value {
    /// DynamoDB's type descriptor, such as `S` or `BOOL`, as the function `attribute_type` takes it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::S(_) => "S",
            Value::N(_) => "N",
            Value::B(_) => "B",
            Value::Bool(_) => "BOOL",
            Value::Null(_) => "NULL",
            Value::M(_) => "M",
            Value::L(_) => "L",
            Value::Ss(_) => "SS",
            Value::Ns(_) => "NS",
            Value::Bs(_) => "BS",
        }
    }

    /// Makes a string.
    pub fn s(text: impl Into<String>) -> Self {
        Value::S(text.into())
    }

    /// Makes a number from its decimal string, which is not checked.
    pub fn n(text: impl Into<String>) -> Self {
        Value::N(text.into())
    }
}

/// Bytes that serialize as base64, as in DynamoDB JSON.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Binary(pub Vec<u8>);

impl Serialize for Binary {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Binary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        STANDARD.decode(text.as_bytes()).map(Binary).map_err(serde::de::Error::custom)
    }
}

/// The size in bytes that DynamoDB counts for an item: names and values.
/// Source: DynamoDB developer guide, "DynamoDB item sizes and formats".
pub fn item_bytes(item: &Item) -> usize {
    item.iter().map(|(name, value)| name.len() + value_bytes(value)).sum()
}

/// The size in bytes that DynamoDB counts for a value, without its attribute's name.
pub fn value_bytes(value: &Value) -> usize {
    match value {
        Value::S(text) => text.len(),
        Value::N(text) => number_bytes(text),
        Value::B(bytes) => bytes.0.len(),
        Value::Bool(_) | Value::Null(_) => 1,
        Value::M(map) => 3 + map.iter().map(|(name, v)| 1 + name.len() + value_bytes(v)).sum::<usize>(),
        Value::L(list) => 3 + list.iter().map(|v| 1 + value_bytes(v)).sum::<usize>(),
        Value::Ss(set) => set.iter().map(String::len).sum(),
        Value::Ns(set) => set.iter().map(|n| number_bytes(n)).sum(),
        Value::Bs(set) => set.iter().map(|b| b.0.len()).sum(),
    }
}

/// About one byte for every two significant digits, plus one, plus one more if the number is negative.
fn number_bytes(text: &str) -> usize {
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits = || mantissa.bytes().filter(u8::is_ascii_digit);
    let zero = |digit: &u8| *digit == b'0';
    let significant = digits().count() - digits().take_while(zero).count();
    let significant = significant.saturating_sub(digits().rev().take_while(zero).count());
    significant.div_ceil(2) + 1 + usize::from(text.starts_with('-'))
}

/// The write units of one write, given the item's size before and after in bytes: one for each 1 KB of the larger size,
/// rounded up.
/// Source: DynamoDB developer guide, "DynamoDB read and write operations".
pub fn write_units(before: usize, after: usize) -> u64 {
    before.max(after).div_ceil(1024).max(1) as u64
}

/// The read units of one consistent read, given the item's size in bytes: one for each 4 KB, rounded up. An item that does
/// not exist costs one.
/// Source: DynamoDB developer guide, "DynamoDB read and write operations".
pub fn read_units(bytes: usize) -> u64 {
    bytes.div_ceil(4096).max(1) as u64
}

/// DynamoDB's limit on nesting: the most levels that a value may have. A string has one level, a list of strings two.
/// Source: DynamoDB developer guide, "Quotas", Nested attribute depth.
pub const MAX_LEVELS: usize = 32;

/// The number of levels of a value: one, plus the levels of the deepest value in a list or map.
pub fn levels(value: &Value) -> usize {
    let inner = match value {
        Value::L(list) => list.iter().map(levels).max(),
        Value::M(map) => map.values().map(levels).max(),
        _ => None,
    };
    1 + inner.unwrap_or(0)
}

/// DynamoDB's limit on the size of an item, names included, in bytes. Source: DynamoDB developer guide, "Quotas".
pub const MAX_ITEM_BYTES: usize = 400 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dynamodb_json_of_all_ten_types_is_read_and_written_unchanged() {
        let text = r#"{"b":{"B":"AAEC"},"bool":{"BOOL":false},"bs":{"BS":["AA==","AQ=="]},"l":{"L":[{"N":"1"},{"NULL":true}]},"m":{"M":{"x":{"S":""}}},"n":{"N":"12345678901234567890123456789012345678"},"ns":{"NS":["1","2.50"]},"null":{"NULL":true},"s":{"S":"ü"},"ss":{"SS":["a","b"]}}"#;
        let item: Item = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&item).unwrap(), text);
    }

    #[test]
    fn write_units_count_whole_kilobytes_of_the_larger_size() {
        assert_eq!(write_units(0, 1), 1);
        assert_eq!(write_units(1024, 10), 1);
        assert_eq!(write_units(10, 1025), 2);
    }

    #[test]
    fn a_number_counts_one_byte_for_every_two_significant_digits() {
        let sizes =
            [("0", 1), ("000", 1), ("7", 2), ("-7", 3), ("1200", 2), ("0.0012", 2), ("-1.234E-7", 4), ("1001", 3)];
        for (text, bytes) in sizes {
            assert_eq!(value_bytes(&Value::n(text)), bytes, "{text}");
        }
    }

    #[test]
    fn levels_count_nested_lists_and_maps() {
        let map = |value| Value::M([("x".to_owned(), value)].into());
        assert_eq!(
            [Value::n("1"), Value::L(vec![]), map(Value::L(vec![Value::n("1")]))].each_ref().map(levels),
            [1, 1, 3]
        );
        assert_eq!(levels(&(1..MAX_LEVELS).fold(Value::n("1"), |inner, _| map(inner))), MAX_LEVELS);
    }

    #[test]
    fn item_size_counts_names_and_values() {
        let item = Item::from([("pk".into(), Value::s("abc")), ("n".into(), Value::n("-12.50"))]);
        assert_eq!(item_bytes(&item), 2 + 3 + 1 + 2 + 1 + 1);
    }
}
