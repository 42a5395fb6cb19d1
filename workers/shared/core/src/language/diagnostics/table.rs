//! What a migration does to the keys, the indexes and the time to live of its table.

use super::steps::StepView;
use crate::language::finding::{Code, Finding};
use serde_json::Value;
use std::collections::BTreeMap;
use thiserror::Error;

/// What a review knows of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The table's name, for messages.
    pub name: String,
    /// The names of its key attributes, partition key first.
    pub keys: Vec<String>,
    /// The key attributes of its indexes, with the type that the index demands (`S`, `N` or `B`).
    pub index_keys: BTreeMap<String, String>,
    /// The attribute that its time to live reads.
    pub time_to_live: Option<String>,
}

/// Why a table's description cannot be read.
#[derive(Debug, Error)]
pub enum DescriptionError {
    /// It is no JSON.
    #[error("the table's description is not JSON; write it with `aws dynamodb describe-table --table-name NAME`")]
    Json(#[source] serde_json::Error),
    /// It is some other JSON.
    #[error(
        "the table's description has no `Table.KeySchema`; write it with `aws dynamodb describe-table --table-name NAME`"
    )]
    NoTable,
}

impl Facts {
    /// Reads what `aws dynamodb describe-table` prints. Time to live is not in it.
    pub fn from_description(text: &str) -> Result<Self, DescriptionError> {
        let value: Value = serde_json::from_str(text).map_err(DescriptionError::Json)?;
        let table = value.get("Table").unwrap_or(&value);
        let keys = keys_of(table);
        if keys.is_empty() {
            return Err(DescriptionError::NoTable);
        }
        let definitions = table["AttributeDefinitions"].as_array().into_iter().flatten();
        let types: BTreeMap<&str, &str> = definitions
            .filter_map(|one| Some((one["AttributeName"].as_str()?, one["AttributeType"].as_str()?)))
            .collect();
        let indexes = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
        let indexes = indexes.iter().flat_map(|kind| table[*kind].as_array().into_iter().flatten());
        let index_keys = indexes
            .flat_map(keys_of)
            .filter(|name| !keys.contains(name))
            .map(|name| (name.clone(), types.get(name.as_str()).copied().unwrap_or("S").to_owned()))
            .collect();
        let name = table["TableName"].as_str().unwrap_or("the table").to_owned();
        Ok(Self { name, keys, index_keys, time_to_live: None })
    }
}

fn keys_of(described: &Value) -> Vec<String> {
    let mut keys: Vec<&Value> = described["KeySchema"].as_array().into_iter().flatten().collect();
    keys.sort_by_key(|key| key["KeyType"] != "HASH");
    keys.iter().filter_map(|key| Some(key["AttributeName"].as_str()?.to_owned())).collect()
}

/// Every step that touches what the table itself reads.
pub fn check(facts: &Facts, steps: &[StepView<'_>], findings: &mut Vec<Finding>) {
    for write in steps.iter().flat_map(|step| &step.writes) {
        let Some(root) = write.root() else { continue };
        let span = write.node.span.clone();
        if facts.keys.iter().any(|key| key == root) {
            let message = format!("`{root}` is a key attribute of {}, and keys cannot be changed in place", facts.name);
            let help =
                "write the items anew under other keys, into another table; an index's key can be composed by `set`";
            findings.push(Finding::error(Code::TouchesKey, span, message).label("touches the key").help(help));
        } else if let Some(wanted) = facts.index_keys.get(root) {
            let message = format!("`{root}` is a key attribute of an index of {}", facts.name);
            let note = format!(
                "each change of it is written to the index too, at its own cost; an item where it is not of type {wanted}, or \
                 empty, is invalid"
            );
            findings
                .push(Finding::warning(Code::TouchesIndexKey, span, message).label("read by an index").because(note));
        } else if facts.time_to_live.as_deref() == Some(root) {
            let message = format!("`{root}` is the time to live of {}: DynamoDB deletes items by it", facts.name);
            let note = "an item whose time would be in the past is invalid; one without it lives for ever";
            findings.push(
                Finding::warning(Code::TouchesTimeToLive, span, message)
                    .label("decides when items are deleted")
                    .because(note),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_by_the_aws_cli_tells_keys_and_index_keys() {
        let text = r#"{"Table": {"TableName": "orders", "KeySchema": [{"AttributeName": "sk", "KeyType": "RANGE"},
            {"AttributeName": "pk", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "due", "AttributeType": "N"}], "GlobalSecondaryIndexes": [{"IndexName": "by-due", "KeySchema":
            [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "due", "KeyType": "RANGE"}]}]}}"#;
        let facts = Facts::from_description(text).unwrap();
        assert_eq!(facts.name, "orders");
        assert_eq!(facts.keys, ["pk", "sk"]);
        assert_eq!(facts.index_keys, [("due".to_owned(), "N".to_owned())].into());
    }

    #[test]
    fn another_json_is_refused_with_the_command_that_writes_the_right_one() {
        let error = Facts::from_description("{}").unwrap_err();
        assert!(error.to_string().contains("describe-table"), "{error}");
    }
}
