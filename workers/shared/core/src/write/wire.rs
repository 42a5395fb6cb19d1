//! The JSON of the two DynamoDB calls that every item passes through: the answer of Scan and the request of
//! BatchExecuteStatement.
//!
//! The SDK's types would copy each item several times. This code is here and not next to the client because this crate is
//! compiled for speed, the others for size.

use serde::{Deserialize, Serialize};

use crate::item::value::{Item, Value};
use crate::write::statement::Statement;

/// The fields of a Scan answer that are used. Source: DynamoDB API reference, Scan, Response Elements.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ScanAnswer {
    /// The items that passed the filter.
    pub items: Vec<Item>,
    /// The number of items that were read, including those that the filter left out.
    pub scanned_count: u64,
    /// The cursor of the next page; `None` after the last page.
    pub last_evaluated_key: Option<Item>,
    consumed_capacity: Capacity,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Capacity {
    capacity_units: f64,
}

impl ScanAnswer {
    /// Parses an answer. Fails if a value has an unknown type; the caller then lets the SDK parse it.
    pub fn decode(body: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(body)
    }

    /// The consumed read units.
    pub fn units(&self) -> f64 {
        self.consumed_capacity.capacity_units
    }
}

/// The body of BatchExecuteStatement. Source: DynamoDB API reference, BatchExecuteStatement, Request Parameters.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Body<'s> {
    return_consumed_capacity: &'static str,
    statements: Vec<Entry<'s>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Entry<'s> {
    statement: &'s str,
    parameters: &'s [&'s Value],
    return_values_on_condition_check_failure: &'static str,
}

impl<'s> Entry<'s> {
    fn of(statement: &'s Statement<'s>) -> Self {
        Self {
            statement: &statement.text,
            parameters: &statement.parameters,
            return_values_on_condition_check_failure: "ALL_OLD",
        }
    }
}

/// The body of a BatchExecuteStatement request. Its answer contains the consumed capacity and, for each failed condition, the
/// item.
pub fn batch(statements: &[Statement<'_>]) -> Result<Vec<u8>, serde_json::Error> {
    let statements = statements.iter().map(Entry::of).collect();
    serde_json::to_vec(&Body { return_consumed_capacity: "TOTAL", statements })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scan_answer_is_parsed_and_missing_fields_are_empty() {
        let text = r#"{"Count":1,"ScannedCount":3,"Items":[{"pk":{"S":"a"},"n":{"N":"12345678901234567890123456789012345678"}}],
            "LastEvaluatedKey":{"pk":{"S":"a"}},"ConsumedCapacity":{"TableName":"t","CapacityUnits":0.5}}"#;
        let answer: ScanAnswer = ScanAnswer::decode(text.as_bytes()).unwrap();
        assert_eq!((answer.items.len(), answer.scanned_count, answer.units()), (1, 3, 0.5));
        assert_eq!(answer.last_evaluated_key.unwrap()["pk"].type_name(), "S");
        let empty: ScanAnswer = ScanAnswer::decode(br#"{"Count":0}"#).unwrap();
        assert!(empty.items.is_empty() && empty.last_evaluated_key.is_none());
    }

    #[test]
    fn a_value_of_an_unknown_type_is_an_error() {
        let text = r#"{"ScannedCount":1,"Items":[{"pk":{"VECTOR":[1]}}]}"#;
        assert!(ScanAnswer::decode(text.as_bytes()).is_err());
    }
}
