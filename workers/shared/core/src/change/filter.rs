//! A filter that leaves out items when DynamoDB reads a table.

use crate::item::value::Value;
use std::collections::BTreeMap;

/// A FilterExpression with its names and values. Source: DynamoDB API reference, Scan, FilterExpression.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// FilterExpression.
    pub expression: String,
    /// ExpressionAttributeNames: attribute names by placeholder.
    pub names: BTreeMap<String, String>,
    /// ExpressionAttributeValues: values by placeholder.
    pub values: BTreeMap<String, Value>,
}
