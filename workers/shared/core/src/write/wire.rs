//! DynamoDB's own JSON where every item passes through it: what Scan answers, and what BatchExecuteStatement is asked.
//!
//! The SDK's types would cost several copies of each item. They are here, and not beside the client, because what runs once
//! an item is compiled in this crate, for speed.

use serde::{Deserialize, Serialize};

use crate::item::value::{Item, Value};
use crate::write::statement::Statement;

/// What an answer of Scan holds, as far as it is used here. Field names are the API's.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ScanAnswer {
    /// The items.
    pub items: Vec<Item>,
    /// How many items were read, those included that the filter left out.
    pub scanned_count: u64,
    /// Where the next page begins; none after the last.
    pub last_evaluated_key: Option<Item>,
    consumed_capacity: Capacity,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Capacity {
    capacity_units: f64,
}

impl ScanAnswer {
    /// Reads an answer; an error if it holds what is not known here.
    pub fn decode(body: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(body)
    }

    /// Read units consumed.
    pub fn units(&self) -> f64 {
        self.consumed_capacity.capacity_units
    }
}

/// The body of BatchExecuteStatement. Field names are the API's.
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

/// The body of a request that asks what it consumed and, where a condition fails, for the item.
pub fn batch(statements: &[Statement<'_>]) -> Result<Vec<u8>, serde_json::Error> {
    let statements = statements.iter().map(Entry::of).collect();
    serde_json::to_vec(&Body { return_consumed_capacity: "TOTAL", statements })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_scan_is_read_and_what_it_lacks_is_nothing() {
        let text = r#"{"Count":1,"ScannedCount":3,"Items":[{"pk":{"S":"a"},"n":{"N":"12345678901234567890123456789012345678"}}],
            "LastEvaluatedKey":{"pk":{"S":"a"}},"ConsumedCapacity":{"TableName":"t","CapacityUnits":0.5}}"#;
        let answer: ScanAnswer = ScanAnswer::decode(text.as_bytes()).unwrap();
        assert_eq!((answer.items.len(), answer.scanned_count, answer.units()), (1, 3, 0.5));
        assert_eq!(answer.last_evaluated_key.unwrap()["pk"].type_name(), "S");
        let empty: ScanAnswer = ScanAnswer::decode(br#"{"Count":0}"#).unwrap();
        assert!(empty.items.is_empty() && empty.last_evaluated_key.is_none());
    }

    #[test]
    fn a_type_that_the_core_does_not_know_is_left_to_the_sdk() {
        let text = r#"{"ScannedCount":1,"Items":[{"pk":{"VECTOR":[1]}}]}"#;
        assert!(ScanAnswer::decode(text.as_bytes()).is_err());
    }
}
