//! The type that an expression has for every item, where there is one.

use crate::item::value::Value;
use crate::language::expression::checking::types::Type;
use crate::language::expression::node::{Loop, Node, Operator};

impl Type {
    /// The type of an expression; unknown if it has a fault.
    pub(crate) fn of(node: Option<&Node>) -> Type {
        match node {
            None => Type::Unknown,
            Some(Node::Literal(value)) => of_value(value),
            Some(Node::List(_)) => Type::List,
            Some(Node::Map(_) | Node::Extract(..)) => Type::Map,
            Some(Node::HasAttribute(..) | Node::Has(..) | Node::Not(_) | Node::And(..) | Node::Or(..)) => Type::Bool,
            Some(Node::Matches(..)) => Type::Bool,
            Some(Node::Negate(_)) => Type::Number,
            Some(Node::Conditional(parts)) => match (Type::of(Some(&parts[1])), Type::of(Some(&parts[2]))) {
                (yes, no) if yes == no => yes,
                _ => Type::Unknown,
            },
            Some(Node::Binary(operator, sides)) => of_operator(*operator, sides),
            Some(Node::Call(function, _)) => function.signature().result,
            Some(Node::Loop(_, Loop::Collect { .. })) => Type::List,
            Some(Node::Loop(..)) => Type::Bool,
            Some(Node::Path(..) | Node::Local(_) | Node::Select(..) | Node::Index(..)) => Type::Unknown,
        }
    }
}

fn of_value(value: &Value) -> Type {
    match value {
        Value::Bool(_) => Type::Bool,
        Value::N(_) => Type::Number,
        Value::S(_) => Type::Text,
        Value::B(_) => Type::Bytes,
        Value::L(_) => Type::List,
        Value::M(_) => Type::Map,
        Value::Ss(_) | Value::Ns(_) | Value::Bs(_) => Type::Set,
        Value::Null(_) => Type::Null,
    }
}

fn of_operator(operator: Operator, [a, b]: &[Node; 2]) -> Type {
    match operator {
        Operator::Add => match (Type::of(Some(a)), Type::of(Some(b))) {
            (a, Type::Unknown) | (Type::Unknown, a) => a,
            (a, b) if a == b => a,
            _ => Type::Unknown,
        },
        Operator::Subtract | Operator::Multiply | Operator::Divide | Operator::Modulo => Type::Number,
        _ => Type::Bool,
    }
}
