//! What a step's action says beside its name: paths, types, values and versions, as an author writes them.

use crate::language::document::step::{Step, StepFields};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Two paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FromTo {
    /// The path that is read. Its `[*]` are those of `to`.
    #[schemars(example = &"address.zip")]
    pub from: String,
    /// The path that is written.
    #[schemars(example = &"postal.code")]
    pub to: String,
}

/// An old and a new name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// The attribute's path. Its last part is a name.
    #[schemars(example = &"address.zip")]
    pub from: String,
    /// The same path with another last name.
    #[schemars(example = &"address.postalCode")]
    pub to: String,
    /// Whether the old attribute stays beside the new one, for the time in which old code still reads it (*expand*). A
    /// later migration then removes it (*contract*).
    #[serde(default, skip_serializing_if = "is_false")]
    #[schemars(example = true)]
    pub keep: bool,
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// A conversion in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Convert {
    /// The attribute's path.
    #[schemars(example = &"price")]
    pub path: String,
    /// The type it is to have.
    #[schemars(example = &"number")]
    pub to: ConvertTo,
}

/// What a value can be converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConvertTo {
    /// A number, from a text that holds a decimal number of at most 38 digits.
    Number,
    /// A text, from a number (its decimal digits as DynamoDB holds them) or a boolean (`true`, `false`).
    String,
    /// A boolean, from the texts `true` and `false` or the numbers 1 and 0.
    Boolean,
    /// A number of seconds since 1970, from a text that holds an ISO 8601 time with its offset, as in
    /// `2026-11-22T10:00:00Z`; a fraction of a second is kept.
    EpochSeconds,
    /// A text that holds the ISO 8601 time in UTC, from a number of seconds since 1970. Texts stay as they are if they
    /// hold such a time.
    IsoTime,
    /// A list, from a set: its elements in ascending order.
    List,
    /// A set of strings, from a list of strings, not empty. Order and repetitions are lost: a set has none.
    StringSet,
    /// A set of numbers, from a list of numbers, not empty. Order and repetitions are lost: a set has none.
    NumberSet,
    /// A set of binary values, from a list of binary values, not empty. Order and repetitions are lost: a set has none.
    BinarySet,
    /// Binary, from a text that holds it as base64.
    Binary,
}

/// Old values and their new ones.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MapValues {
    /// The attribute's path.
    #[schemars(example = &"status")]
    pub path: String,
    /// What each old value becomes. Old values are texts or numbers, both written as text; new values are the very
    /// values, of any type.
    #[schemars(extend("minProperties" = 1), example = serde_json::json!({"OPEN": "active", "DONE": "closed"}))]
    pub values: BTreeMap<String, serde_json::Value>,
    /// What a value that is neither an old nor a new one becomes. Left out: `invalid`.
    #[serde(default, skip_serializing_if = "Otherwise::is_invalid")]
    #[schemars(example = &"keep")]
    pub otherwise: Otherwise,
}

/// What becomes of a value that `values` does not name.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// The item is invalid: it is reported and not written.
    #[default]
    Invalid,
    /// The value stays as it is.
    Keep,
    /// The value becomes this very value.
    Set(serde_json::Value),
}

impl Otherwise {
    fn is_invalid(&self) -> bool {
        *self == Self::Invalid
    }
}

/// From one version of a schema to the next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IncrementVersion {
    /// The path of the attribute that holds the version. Left out: `version`.
    #[serde(default = "version_path", skip_serializing_if = "is_version_path")]
    #[schemars(example = &"schemaVersion")]
    pub path: String,
    /// The version that an item must have: a number or a text. An item whose version is of the other type is invalid.
    #[schemars(example = 1)]
    pub from: serde_json::Value,
    /// The version that it gets, of the same type.
    #[schemars(example = 2)]
    pub to: serde_json::Value,
    /// The steps that make the difference, applied before the version is set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<StepFields>")]
    pub change: Vec<Step>,
}

fn version_path() -> String {
    "version".into()
}

fn is_version_path(path: &str) -> bool {
    path == "version"
}
