//! A table's keys and indexes from the file that `aws dynamodb describe-table` writes, for `check --table-description`.

use serde_json::Value;
use std::collections::BTreeMap;
use tableshift_core::language::diagnostics::table::Facts;
use thiserror::Error;

/// Why a table's description cannot be read.
#[derive(Debug, Error)]
pub enum DescriptionError {
    /// It is not JSON.
    #[error("the table's description is not JSON; write it with `aws dynamodb describe-table --table-name NAME`")]
    Json(#[source] serde_json::Error),
    /// It is JSON, but not a table's description.
    #[error(
        "the table's description has no `Table.KeySchema`; write it with `aws dynamodb describe-table --table-name NAME`"
    )]
    NoTable,
}

/// Reads a description. It does not say which attribute is the time to live.
pub fn read(text: &str) -> Result<Facts, DescriptionError> {
    let value: Value = serde_json::from_str(text).map_err(DescriptionError::Json)?;
    let table = value.get("Table").unwrap_or(&value);
    let keys = keys_of(table);
    if keys.is_empty() {
        return Err(DescriptionError::NoTable);
    }
    let definitions = table["AttributeDefinitions"].as_array().into_iter().flatten();
    let types: BTreeMap<&str, &str> =
        definitions.filter_map(|one| Some((one["AttributeName"].as_str()?, one["AttributeType"].as_str()?))).collect();
    let indexes = ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"];
    let indexes = indexes.iter().flat_map(|kind| table[*kind].as_array().into_iter().flatten());
    let index_keys = indexes
        .flat_map(keys_of)
        .filter(|name| !keys.contains(name))
        .map(|name| (name.clone(), types.get(name.as_str()).copied().unwrap_or("S").to_owned()))
        .collect();
    let name = table["TableName"].as_str().unwrap_or("the table").to_owned();
    Ok(Facts { name, keys, index_keys, time_to_live: None })
}

/// The key attributes of a table or an index, partition key first.
fn keys_of(described: &Value) -> Vec<String> {
    let mut keys: Vec<&Value> = described["KeySchema"].as_array().into_iter().flatten().collect();
    keys.sort_by_key(|key| key["KeyType"] != "HASH");
    keys.iter().filter_map(|key| Some(key["AttributeName"].as_str()?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_by_the_aws_cli_has_keys_and_index_keys() {
        let text = r#"{"Table": {"TableName": "orders", "KeySchema": [{"AttributeName": "sk", "KeyType": "RANGE"},
            {"AttributeName": "pk", "KeyType": "HASH"}], "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "due", "AttributeType": "N"}], "GlobalSecondaryIndexes": [{"IndexName": "by-due", "KeySchema":
            [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "due", "KeyType": "RANGE"}]}]}}"#;
        let facts = read(text).unwrap();
        assert_eq!(facts.name, "orders");
        assert_eq!(facts.keys, ["pk", "sk"]);
        assert_eq!(facts.index_keys, [("due".to_owned(), "N".to_owned())].into());
    }

    #[test]
    fn another_json_is_refused_with_the_command_that_writes_the_right_one() {
        let error = read("{}").unwrap_err();
        assert!(error.to_string().contains("describe-table"), "{error}");
    }
}
