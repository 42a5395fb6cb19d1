//! The migration document as an author writes it, in YAML or JSON.
//!
//! Reading checks the shape only (unknown fields, exactly one action a step); [`compiled`](super::compiled) checks the
//! meaning.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A migration: which items, what to change, what must hold after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// The migration's name for ever: letters, digits, `.`, `_` and `-`, at most 80. A date first keeps them in order,
    /// as in `20261122-split-address`.
    pub id: String,
    /// One sentence for the people who approve it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// CEL over `item` and `key`: which items to change. It must be false once an item is changed. Left out: every item
    /// that the steps change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#where: Option<String>,
    /// The steps, applied in order; each sees what the ones before it did.
    #[schemars(length(min = 1))]
    pub change: Vec<Step>,
    /// CEL over `item` and `key` that must hold for every item after its change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
}

/// One step: exactly one of `set`, `default`, `rename`, `copy` and `remove`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"required": ["set", "to"]}, {"required": ["default", "to"]},
    {"required": ["rename"]}, {"required": ["copy"]}, {"required": ["remove"]}
]))]
pub struct Step {
    /// Sets the attribute at this path to `to`, whether it is there or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// Sets the attribute at this path to `to` where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// What `set` and `default` set: CEL if it is a text (a fixed text is quoted twice: `"'general'"`), else the very
    /// value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "serde_json::Value")]
    pub to: Option<serde_json::Value>,
    /// Moves an attribute to another name, whatever its type. Nothing happens where `from` is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rename: Option<FromTo>,
    /// Copies an attribute, whatever its type. Nothing happens where `from` is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy: Option<FromTo>,
    /// Removes the attribute at this path. Nothing happens where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remove: Option<String>,
}

/// Two paths.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FromTo {
    /// The path that is read.
    pub from: String,
    /// The path that is written.
    pub to: String,
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
        serde_saphyr::from_str(text).map_err(|error| DocumentError::Yaml(Box::new(error)))
    }

    /// Reads an inline document from an execution's input.
    pub fn from_json(value: &serde_json::Value) -> Result<Self, DocumentError> {
        serde_path_to_error::deserialize(value)
            .map_err(|error| DocumentError::Json { path: error.path().to_string(), source: error.into_inner() })
    }

    /// The hash that stands for this content: SHA-256 in hex over its normal form, so that neither layout nor the
    /// choice between YAML and JSON matters.
    pub fn hash(&self) -> String {
        crate::hash::of_json(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const YAML: &str = "id: 20261122-x\nwhere: has(item.a)\nchange:\n  - set: b\n    to: 2\n  - rename: { from: zip, to: postalCode }\n";

    #[test]
    fn yaml_and_json_of_the_same_migration_have_the_same_hash() {
        let yaml = Document::from_yaml(YAML).unwrap();
        let json = Document::from_json(&serde_json::to_value(&yaml).unwrap()).unwrap();
        assert_eq!(yaml, json);
        assert_eq!(yaml.hash(), json.hash());
        assert_eq!(yaml.hash().len(), 64);
    }

    #[test]
    fn unknown_fields_are_refused_by_name() {
        let error = Document::from_yaml("id: x\nchnage: []\n").unwrap_err();
        let DocumentError::Yaml(source) = error else { panic!("{error}") };
        assert!(source.to_string().contains("chnage"), "{source}");
    }

    #[test]
    fn malformed_yaml_names_its_line() {
        let DocumentError::Yaml(source) = Document::from_yaml("id: x\n  change: [").unwrap_err() else { panic!() };
        assert!(source.to_string().contains("line 2"), "{source}");
    }
}
