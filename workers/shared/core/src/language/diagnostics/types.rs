//! The type of an expression, where it is the same for every item.

use cel::common::ast::{Expr, IdedExpr, LiteralValue, operators};

/// A type, as far as it is known without an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// True or false.
    Bool,
    /// A number.
    Number,
    /// A text.
    Text,
    /// Bytes.
    Bytes,
    /// A list.
    List,
    /// A map.
    Map,
    /// A set.
    Set,
    /// Null.
    Null,
    /// It depends on the item.
    Unknown,
}

impl Type {
    /// What a reader would call it.
    pub fn name(self) -> &'static str {
        match self {
            Type::Bool => "true or false",
            Type::Number => "a number",
            Type::Text => "a text",
            Type::Bytes => "bytes",
            Type::List => "a list",
            Type::Map => "a map",
            Type::Set => "a set",
            Type::Null => "null",
            Type::Unknown => "a value",
        }
    }

    /// Whether two types are both known and differ.
    pub fn differs(self, other: Type) -> bool {
        self != other && self != Type::Unknown && other != Type::Unknown
    }

    /// The type of an expression.
    pub fn of(node: &IdedExpr) -> Type {
        match &node.expr {
            Expr::Literal(literal) => of_literal(literal),
            Expr::List(_) => Type::List,
            Expr::Map(_) => Type::Map,
            Expr::Select(select) if select.test => Type::Bool,
            Expr::Call(call) => of_call(&call.func_name, &call.args),
            _ => Type::Unknown,
        }
    }
}

fn of_literal(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Bytes(_) => Type::Bytes,
        LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => Type::Number,
        LiteralValue::Null => Type::Null,
        LiteralValue::String(_) => Type::Text,
    }
}

fn of_call(name: &str, arguments: &[IdedExpr]) -> Type {
    match (name, arguments) {
        (
            operators::LOGICAL_AND
            | operators::LOGICAL_OR
            | operators::LOGICAL_NOT
            | operators::EQUALS
            | operators::NOT_EQUALS
            | operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS
            | operators::IN,
            _,
        ) => Type::Bool,
        (operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO | operators::NEGATE, _) => {
            Type::Number
        }
        (operators::ADD, [a, b]) => match (Type::of(a), Type::of(b)) {
            (a, Type::Unknown) | (Type::Unknown, a) => a,
            (a, b) if a == b => a,
            _ => Type::Unknown,
        },
        (operators::CONDITIONAL, [_, a, b]) if Type::of(a) == Type::of(b) => Type::of(a),
        _ => of_function(name),
    }
}

/// What a function gives, where that is always the same type.
fn of_function(name: &str) -> Type {
    match name {
        "contains" | "startsWith" | "endsWith" | "matches" | "bool" => Type::Bool,
        "number" | "decimal" | "int" | "size" | "epoch_seconds" => Type::Number,
        "join" | "trim" | "lower" | "upper" | "string" | "iso_time" | "base64" | "sha256" | "uuid_from" | "type" => {
            Type::Text
        }
        "binary" | "bytes" => Type::Bytes,
        "split" => Type::List,
        "string_set" | "number_set" | "binary_set" => Type::Set,
        "extract" => Type::Map,
        _ => Type::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::expression::functions::FUNCTIONS;

    #[test]
    fn what_every_function_gives_is_known() {
        for function in FUNCTIONS {
            assert_ne!(of_function(function.name), Type::Unknown, "{}", function.name);
        }
    }
}
