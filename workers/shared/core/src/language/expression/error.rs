//! Why an expression does not compile, and why it has no result for an item.

use crate::item::value::Value;
use crate::language::finding::Finding;
use thiserror::Error;

/// The longest source of an expression, in bytes.
pub const MAX_SOURCE_BYTES: usize = 8 * 1024;
/// How deep brackets and conditionals (`? :`) may nest.
pub const MAX_NESTING: u16 = 32;

/// Why an expression does not compile: at least one finding, at bytes of the expression's source.
#[derive(Debug, Error)]
#[error("{}", Finding::summaries(.0))]
pub struct CompileError(pub Vec<Finding>);

/// Why an expression has no result for an item. No message holds an attribute's value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EvaluationError {
    /// Something cannot be answered for this item.
    #[error("{0}")]
    Execution(String),
    /// A condition gave something else than true or false.
    #[error("gives no boolean")]
    NotBoolean,
    /// The evaluation was cut off.
    #[error("costs too much for this item: it was cut off; loop over less, or match shorter strings")]
    TooCostly,
}

impl EvaluationError {
    /// An operation on values of types that it does not take.
    pub(crate) fn wrong_type(operation: &str, given: &[Option<&Value>]) -> Self {
        let types: Vec<&str> = given.iter().map(|value| value.map_or("N", Value::type_name)).collect();
        Self::Execution(format!("{operation} cannot be applied to ({})", types.join(", ")))
    }

    /// A result that DynamoDB cannot hold without rounding.
    pub(crate) fn inexact() -> Self {
        Self::Execution("the result has no exact form of at most 38 digits; it would have to be rounded".into())
    }
}
