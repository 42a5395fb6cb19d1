//! Literals of expressions, which must be values that DynamoDB stores as they are written.

use super::Translator;
use crate::item::numbers;
use crate::item::value::{Binary, Value};
use crate::language::expression::checking::faults;
use cel::common::ast::{IdedExpr, LiteralValue};

impl Translator<'_> {
    /// The value of a literal.
    pub(super) fn literal(&mut self, tree: &IdedExpr, value: &LiteralValue) -> Option<Value> {
        Some(match value {
            LiteralValue::Boolean(b) => Value::Bool(*b.inner()),
            LiteralValue::Int(i) => Value::N(i.inner().to_string()),
            LiteralValue::UInt(u) => Value::N(u.inner().to_string()),
            LiteralValue::Double(float) => return self.fraction(tree, *float.inner()),
            LiteralValue::String(string) => Value::s(string.inner()),
            LiteralValue::Bytes(bytes) => Value::B(Binary(bytes.inner().to_vec())),
            LiteralValue::Null => Value::Null(true),
        })
    }

    /// A number with a fraction or an exponent. The parser reads it as a float, so its digits are taken from the source.
    fn fraction(&mut self, tree: &IdedExpr, float: f64) -> Option<Value> {
        let span = self.span(tree);
        let written = &self.source[span.clone()];
        if numbers::may_be_rounded(written) {
            return self.fault(faults::long_number(written, span));
        }
        match numbers::from_float(float) {
            Some(number) => Some(Value::N(number)),
            None => self.fault(faults::unsupported("a number out of DynamoDB's range", span)),
        }
    }
}
