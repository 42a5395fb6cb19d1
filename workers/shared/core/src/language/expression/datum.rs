//! Values on their way through an expression.

use crate::item::numbers;
use crate::item::value::Value;
use crate::language::expression::error::EvaluationError;
use bigdecimal::BigDecimal;
use std::borrow::Cow;
use std::rc::Rc;

/// A value on its way through an expression: borrowed from the item, made, or a decimal number to compute with.
#[derive(Debug, Clone)]
pub(crate) enum Datum<'v> {
    Ref(&'v Value),
    Own(Value),
    Shared(Rc<Value>),
    Decimal(BigDecimal),
}

impl Datum<'_> {
    /// The DynamoDB value that this is; none for a decimal number, which is not written out yet.
    pub(crate) fn plain(&self) -> Option<&Value> {
        match self {
            Self::Ref(value) => Some(value),
            Self::Own(value) => Some(value),
            Self::Shared(value) => Some(value),
            Self::Decimal(_) => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self.plain() {
            Some(Value::S(text)) => Some(text),
            _ => None,
        }
    }

    /// The number's text, if this is a number.
    pub(crate) fn number(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Decimal(number) => Some(Cow::Owned(number.normalized().to_plain_string())),
            other => match other.plain() {
                Some(Value::N(number)) => Some(Cow::Borrowed(number)),
                _ => None,
            },
        }
    }

    /// The integer that this is, if it is one of 64 bits.
    pub(crate) fn integer(&self) -> Option<i64> {
        match self.plain() {
            Some(Value::N(number)) => numbers::integer(number),
            _ => None,
        }
    }

    /// As a DynamoDB value.
    pub(crate) fn into_value(self) -> Result<Value, EvaluationError> {
        match self {
            Self::Ref(value) => Ok(value.clone()),
            Self::Own(value) => Ok(value),
            Self::Shared(value) => Ok(Rc::unwrap_or_clone(value)),
            Self::Decimal(number) => numbers::of_decimal(&number).map(Value::N).ok_or_else(EvaluationError::inexact),
        }
    }
}
