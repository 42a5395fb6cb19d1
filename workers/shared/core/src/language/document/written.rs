//! The migration document as an author writes it, in YAML or JSON.
//!
//! Reading checks the shape only (unknown, missing and mistyped fields); [`compiled`](crate::language::compile::compiled) checks the
//! meaning. The comments of the fields are the reference that editors show and the reference page prints.

use crate::item::numbers;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle};
use std::collections::BTreeMap;
use thiserror::Error;

/// A migration: which items, what to change, what must hold after. It has either `change`, with `where` and `check`
/// beside it, or `rules`, each with its own, or `code`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["change"]},
    {"required": ["rules"], "not": {"anyOf": [{"required": ["where"]}, {"required": ["check"]}]}},
    {"required": ["code"], "not": {"anyOf": [{"required": ["where"]}, {"required": ["check"]}]}}
]))]
pub struct Document {
    /// The migration's name for ever: letters, digits, `.`, `_` and `-`, at most 80. A date first keeps them in order.
    #[schemars(example = &"20261122-split-address")]
    pub id: String,
    /// One sentence for the people who approve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"address becomes addressDetails {street, city, state}")]
    pub description: Option<String>,
    /// Which half of a change in two halves this is, with a release of the application in between: `expand` adds the new
    /// shape beside the old one, `contract` takes the old one away. `contract` needs `requires`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"contract")]
    pub kind: Option<Kind>,
    /// The id of the migration that must have been applied to the same table, and verified, before this one may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"20261122-split-address")]
    pub requires: Option<String>,
    /// For how long `requires` must have been in place: a number with `s`, `m`, `h` or `d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"48h")]
    pub bake: Option<String>,
    /// CEL over `item` and `key`: which items to change. It must be false once an item is changed. Left out: every item
    /// that the steps change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"has(item.address) && !has(item.addressDetails)")]
    pub r#where: Option<String>,
    /// The steps, applied in order; each sees what the ones before it did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1))]
    pub change: Vec<Step>,
    /// CEL over `item` and `key` that must hold for every item after its change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"has(item.addressDetails.city) && item.version == 2")]
    pub check: Option<String>,
    /// Several rules instead of one, for a table that holds several types of item. The first rule whose `where` is true
    /// for an item is the only one applied to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1))]
    pub rules: Vec<Rule>,
    /// For a migration that is written in Rust: its revision, which says that the build knows the migration of this `id` in
    /// just this form. Nothing else is written then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), example = 1)]
    pub code: Option<u32>,
}

/// A half of a change that is made in two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The new shape comes, beside the old one.
    Expand,
    /// The old shape goes.
    Contract,
}

/// One rule of several: its own `where`, `change` and `check`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What messages call the rule. Left out: its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"orders")]
    pub name: Option<String>,
    /// CEL over `item` and `key`: which items this rule is for. Left out: every item that no rule before it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"key.sk.startsWith('ORDER#') && !has(item.total)")]
    pub r#where: Option<String>,
    /// The steps, applied in order; each sees what the ones before it did.
    #[schemars(length(min = 1))]
    pub change: Vec<Step>,
    /// CEL over `item` and `key` that must hold for every item after this rule's change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"has(item.total)")]
    pub check: Option<String>,
}

/// One step: exactly one action, and where it needs them `to` and `when`.
///
/// A path is names joined by dots, as in `address.city`. `[0]` is a list's first element; `[*]` is every element of a
/// list, one after the other. A name that holds dots or brackets is put in double quotes: `"a.dotted.name".part`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["set", "to"]}, {"required": ["default", "to"]},
    {"required": ["rename"]}, {"required": ["copy"]}, {"required": ["move"]}, {"required": ["remove"]},
    {"required": ["convert"]}, {"required": ["map_values"]}, {"required": ["increment_version"]}
]))]
pub struct Step {
    /// CEL over `item` and `key`, the item as the steps before left it: the step is left out where this is false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"item.type == 'order'")]
    pub when: Option<String>,
    /// Sets the attribute at this path to `to`, whether it is there or not, and whatever it held. The map or list that
    /// it is in must be there, else the item is invalid. Of a list, only an element that is there can be set. With
    /// `[*]`, each element that is there; none where the list is missing or empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"email")]
    pub set: Option<String>,
    /// Sets the attribute at this path to `to` where it is missing. One that holds null is not missing. Else as `set`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"category")]
    pub default: Option<String>,
    /// What `set` and `default` set: CEL if it is a text (a fixed text is quoted twice: `"'general'"`), else the very
    /// value. If the path has a `[*]`, CEL may also read `element`, the element of the last `[*]`. A plain path, as in
    /// `item.address`, gives the very value, whatever its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "serde_json::Value", example = "lower(item.email)", example = "'general'", example = 2)]
    pub to: Option<serde_json::Value>,
    /// Gives an attribute another name in the same place, whatever its type and value, null included. Nothing happens
    /// where `from` is missing. Where `to` is there already and holds another value, the item is invalid: nothing is
    /// overwritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = serde_json::json!({"from": "zip", "to": "postalCode"}))]
    pub rename: Option<Rename>,
    /// Copies an attribute, whatever its type and value, null included. Nothing happens where `from` is missing. Where
    /// `to` is there already and holds another value, the item is invalid: nothing is overwritten. The map that `to` is
    /// in must be there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = serde_json::json!({"from": "address", "to": "location"}))]
    pub copy: Option<FromTo>,
    /// Moves an attribute to any other path, whatever its type and value, null included; maps that are missing above
    /// `to` are made. Nothing happens where `from` is missing. Where `to` is there already and holds another value, the
    /// item is invalid: nothing is overwritten. A map that the move leaves empty stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = serde_json::json!({"from": "address.zip", "to": "postal.code"}))]
    pub r#move: Option<FromTo>,
    /// Removes the attribute at this path. Nothing happens where it is missing. Removing a list's element closes the
    /// gap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"legacyStatus")]
    pub remove: Option<String>,
    /// Turns a value into the same value of another type, exactly or not at all. Nothing happens where the attribute is
    /// missing, null, or of that type already. What has no exact form in the other type makes the item invalid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = serde_json::json!({"path": "price", "to": "number"}))]
    pub convert: Option<Convert>,
    /// Replaces fixed values by others, as when the words of a status change. Nothing happens where the attribute is
    /// missing, null, or one of the new values already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = serde_json::json!({"path": "status", "values": {"OPEN": "active", "DONE": "closed"}}))]
    pub map_values: Option<MapValues>,
    /// Takes an item from one version of its schema to the next: where the version is `from`, its `change` is applied and
    /// the version is set to `to`. Nothing happens to items of any other version, or of none. Several in a row bring
    /// items of any version to the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = serde_json::json!({"from": 1, "to": 2, "change": [{"rename": {"from": "zip", "to": "postalCode"}}]}))]
    pub increment_version: Option<IncrementVersion>,
}

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
    pub change: Vec<Step>,
}

fn version_path() -> String {
    "version".into()
}

fn is_version_path(path: &str) -> bool {
    path == "version"
}

/// Why a document cannot be read.
#[derive(Debug, Error)]
pub enum DocumentError {
    /// The text is no YAML, or has an unknown, missing or mistyped field. The source names line and column.
    #[error("the migration document cannot be read: mend the place that is named here")]
    Yaml(#[source] Box<serde_saphyr::Error>),
    /// The inline document has an unknown, missing or mistyped field.
    #[error("`migration.{path}` cannot be read; mend it as said here")]
    Json {
        /// The field, as a path into the document.
        path: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A number that would be rounded when it is read.
    #[error(
        "line {line} of the migration document has the number {number}, which would be rounded when it is read; write it as an expression: \"decimal('{number}')\""
    )]
    Rounded {
        /// The line's number, from 1.
        line: usize,
        /// The number as written.
        number: String,
    },
    /// The document is longer than any migration.
    #[error("the migration document has {bytes} bytes, more than the {MAX_DOCUMENT_BYTES} that a migration may have")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// Upper bound of a document, in bytes. An inline one must fit the 256 KiB of an execution's input anyway.
pub const MAX_DOCUMENT_BYTES: usize = 128 * 1024;

impl Document {
    /// Reads a document from YAML. JSON is YAML, so this reads both.
    pub fn from_yaml(text: &str) -> Result<Self, DocumentError> {
        if text.len() > MAX_DOCUMENT_BYTES {
            return Err(DocumentError::TooLong { bytes: text.len() });
        }
        let document = yaml(text).map_err(|error| DocumentError::Yaml(Box::new(error)))?;
        match rounded(text) {
            Some((line, number)) => Err(DocumentError::Rounded { line, number }),
            None => Ok(document),
        }
    }

    /// Reads an inline document from an execution's input.
    pub fn from_json(value: &serde_json::Value) -> Result<Self, DocumentError> {
        serde_path_to_error::deserialize(value)
            .map_err(|error| DocumentError::Json { path: error.path().to_string(), source: error.into_inner() })
    }

    /// The hash that stands for this content: SHA-256 in hex over its normal form, so that neither layout nor the
    /// choice between YAML and JSON matters.
    pub fn hash(&self) -> String {
        crate::item::hash::of_json(self)
    }
}

/// Reads YAML by the rules of YAML 1.2, where only `true` and `false` are booleans: `no` is a text, as its author means it.
pub(crate) fn yaml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    serde_saphyr::from_str_with_options(text, serde_saphyr::options! { strict_booleans: true })
}

/// The first number in a YAML text that reading it rounds, with its line from 1: numbers are read as 64-bit integers or
/// floats. A text that is no YAML has none.
pub(crate) fn rounded(text: &str) -> Option<(usize, String)> {
    let events = Parser::new_from_str(text).map_while(Result::ok);
    events.into_iter().find_map(|(event, span)| match event {
        Event::Scalar(number, ScalarStyle::Plain, ..) if is_rounded(&number) => {
            Some((span.start.line(), number.into_owned()))
        }
        _ => None,
    })
}

fn is_rounded(number: &str) -> bool {
    // Infinity and what is no number would be read as null.
    let unsigned = number.trim_start_matches(['-', '+']).to_ascii_lowercase();
    if unsigned == ".inf" || unsigned == ".nan" {
        return true;
    }
    numbers::is_rounded_when_read(number)
}

#[cfg(test)]
mod tests;
