//! The values that an evaluation works with.

use crate::item::numbers;
use crate::item::value::Value;
use crate::language::expression::error::EvaluationError;
use bigdecimal::BigDecimal;
use std::borrow::Cow;
use std::rc::Rc;

/// The result of evaluating a part of an expression.
pub(crate) type Evaluated<'v> = Result<Datum<'v>, EvaluationError>;

/// A value during an evaluation.
#[derive(Debug, Clone)]
pub(crate) enum Datum<'v> {
    /// A value of the item, or a literal of the expression.
    Ref(&'v Value),
    /// A value that the expression created.
    Own(Value),
    /// An element of a list that the expression created: each use of a loop's variable is a cheap clone.
    Shared(Rc<Value>),
    /// A number that `decimal()` gave, or a result that was computed with one.
    Decimal(BigDecimal),
}

impl Datum<'_> {
    /// The value as a DynamoDB value; `None` for a decimal number, which has no digits yet.
    pub(crate) fn plain(&self) -> Option<&Value> {
        match self {
            Self::Ref(value) => Some(value),
            Self::Own(value) => Some(value),
            Self::Shared(value) => Some(value),
            Self::Decimal(_) => None,
        }
    }

    /// The string, if the value is one.
    pub(crate) fn string(&self) -> Option<&str> {
        match self.plain() {
            Some(Value::S(string)) => Some(string),
            _ => None,
        }
    }

    /// The digits of the number, if the value is one.
    pub(crate) fn number(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Decimal(number) => Some(Cow::Owned(number.normalized().to_plain_string())),
            other => match other.plain() {
                Some(Value::N(number)) => Some(Cow::Borrowed(number)),
                _ => None,
            },
        }
    }

    /// The integer, if the value is one that fits into 64 bits.
    pub(crate) fn integer(&self) -> Option<i64> {
        match self.plain() {
            Some(Value::N(number)) => numbers::integer(number),
            _ => None,
        }
    }

    /// Converts to a DynamoDB value. An error for a decimal number with more than 38 digits.
    pub(crate) fn into_value(self) -> Result<Value, EvaluationError> {
        match self {
            Self::Ref(value) => Ok(value.clone()),
            Self::Own(value) => Ok(value),
            Self::Shared(value) => Ok(Rc::unwrap_or_clone(value)),
            Self::Decimal(number) => numbers::of_decimal(&number).map(Value::N).ok_or_else(EvaluationError::inexact),
        }
    }
}
