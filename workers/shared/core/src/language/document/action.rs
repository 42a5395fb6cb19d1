//! The fields of the single actions: paths, types and values, as an author writes them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A source and a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FromTo {
    /// The path that is read. It has the same `[*]` as `to`.
    #[schemars(example = &"address.zip")]
    pub from: String,
    /// The path that is written.
    #[schemars(example = &"postal.code")]
    pub to: String,
}

/// An attribute's old and new name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// The attribute's path. Its last part is a name, not an index.
    #[schemars(example = &"address.zip")]
    pub from: String,
    /// The same path with another last name.
    #[schemars(example = &"address.postalCode")]
    pub to: String,
    /// Whether the old attribute stays beside the new one while old code still reads it (*expand*). A later migration
    /// then removes it (*contract*).
    #[serde(default, skip_serializing_if = "is_false")]
    #[schemars(example = true)]
    pub keep: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// A conversion to another type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Convert {
    /// The attribute's path.
    #[schemars(example = &"price")]
    pub path: String,
    /// The type that the attribute gets.
    #[schemars(example = &"number")]
    pub to: ConvertTo,
}

/// What a value can be converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConvertTo {
    /// A number, from a string that holds a decimal number of at most 38 digits.
    Number,
    /// A string, from a number (its decimal digits as DynamoDB stores them) or a boolean (`true`, `false`).
    String,
    /// A boolean, from the strings `true` and `false` or the numbers 1 and 0.
    Boolean,
    /// A number of seconds since 1970, from a string that holds an ISO 8601 time with its offset, as in
    /// `2026-11-22T10:00:00Z`. A fraction of a second is kept.
    EpochSeconds,
    /// A string that holds the ISO 8601 time in UTC, from a number of seconds since 1970. A string that holds such a time
    /// stays as it is.
    IsoTime,
    /// A list, from a set: its elements in ascending order.
    List,
    /// A set of strings, from a list of strings that is not empty. Order and repetitions are lost: a set has neither.
    StringSet,
    /// A set of numbers, from a list of numbers that is not empty. Order and repetitions are lost: a set has neither.
    NumberSet,
    /// A set of binary values, from a list of binary values that is not empty. Order and repetitions are lost: a set
    /// has neither.
    BinarySet,
    /// Binary, from a string that holds it as base64.
    Binary,
}

/// Old values and their replacements.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapValues {
    /// The attribute's path.
    #[schemars(example = &"status")]
    pub path: String,
    /// What each old value becomes. Old values are strings or numbers; both are written as strings. New values are of any
    /// type and are set as they are.
    #[schemars(extend("minProperties" = 1), example = serde_json::json!({"OPEN": "active", "DONE": "closed"}))]
    pub values: BTreeMap<String, serde_json::Value>,
    /// What happens to a value that is neither an old nor a new one. Left out: `invalid`.
    #[serde(default, skip_serializing_if = "Otherwise::is_invalid")]
    #[schemars(example = &"keep")]
    pub otherwise: Otherwise,
}

/// What happens to a value that `values` does not name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// The item is invalid: it is reported and not written.
    #[default]
    Invalid,
    /// The value stays as it is.
    Keep,
    /// The value is replaced by this one.
    Set(serde_json::Value),
}

impl Otherwise {
    fn is_invalid(&self) -> bool {
        *self == Self::Invalid
    }
}
