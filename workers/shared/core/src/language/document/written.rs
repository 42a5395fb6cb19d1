//! The document itself: its fields, how it is read, and its hash. Steps are in [`step`](super::step).
//!
//! Reading checks the form only: unknown, missing and mistyped fields. The comments of the fields are the reference:
//! editors show them, and the reference page prints them.

use crate::item::numbers;
use crate::language::document::error::{DocumentError, MAX_DOCUMENT_BYTES};
use crate::language::document::step::{Step, StepFields};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle};

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
    /// The migration's permanent name: 1 to 80 letters, digits, `.`, `_` and `-`. Begin it with a date to keep migrations
    /// in order.
    #[schemars(example = &"20261122-split-address")]
    pub id: String,
    /// One sentence for the people who approve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"address becomes addressDetails {street, city, state}")]
    pub description: Option<String>,
    /// Which half of an expand-and-contract change this is, with a release of the application in between: `expand` adds
    /// the new shape beside the old one, `contract` removes the old one. `contract` needs `requires`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"contract")]
    pub kind: Option<Kind>,
    /// The id of the migration that must have been applied to the same table, and verified, before this one may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"20261122-split-address")]
    pub requires: Option<String>,
    /// How long ago `requires` must have been applied: a number with `s`, `m`, `h` or `d`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"48h")]
    pub bake: Option<String>,
    /// CEL over `item` and `key`: which items to change. It must be false once an item is changed. Left out: every item
    /// that the steps change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"has(item.address) && !has(item.addressDetails)")]
    pub r#where: Option<String>,
    /// The steps, applied in order. Each step reads the item as the steps before it left it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<StepFields>", length(min = 1))]
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
    /// For a migration that is written in Rust: its revision. The build must have the migration of this `id` in exactly
    /// this revision. The document then has no `where`, `change`, `check` or `rules`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1), example = 1)]
    pub code: Option<u32>,
}

/// A half of an expand-and-contract change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Adds the new shape beside the old one.
    Expand,
    /// Removes the old shape.
    Contract,
}

/// One rule of several: its own `where`, `change` and `check`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The rule's name in messages. Left out: its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"orders")]
    pub name: Option<String>,
    /// CEL over `item` and `key`: which items this rule applies to. Left out: every item that no earlier rule
    /// applies to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"key.sk.startsWith('ORDER#') && !has(item.total)")]
    pub r#where: Option<String>,
    /// The steps, applied in order. Each step reads the item as the steps before it left it.
    #[schemars(with = "Vec<StepFields>", length(min = 1))]
    pub change: Vec<Step>,
    /// CEL over `item` and `key` that must hold for every item after this rule's change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(example = &"has(item.total)")]
    pub check: Option<String>,
}

impl Document {
    /// Reads a document from YAML or JSON, of at most [`MAX_DOCUMENT_BYTES`]. Refuses a number that reading would round.
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

    /// The content hash: SHA-256 in hex over the document as JSON with sorted keys. Layout, comments and the choice
    /// between YAML and JSON do not change it.
    pub fn hash(&self) -> String {
        crate::item::hash::of_json(self)
    }
}

/// Reads YAML 1.2, where only `true` and `false` are booleans: `no` is a string, as its author means it.
pub fn yaml<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    serde_saphyr::from_str_with_options(text, serde_saphyr::options! { strict_booleans: true })
}

/// The first number that reading this YAML would round, with its line from 1. None if it is not YAML.
pub(crate) fn rounded(text: &str) -> Option<(usize, String)> {
    let events = Parser::new_from_str(text).map_while(Result::ok);
    events.into_iter().find_map(|(event, span)| match event {
        Event::Scalar(number, ScalarStyle::Plain, ..) if numbers::is_rounded_when_read(&number) => {
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
