//! Expressions in checked form: every name resolved, every pattern compiled.

use crate::item::value::Value;
use crate::language::expression::functions::Function;
use cel::common::ast::operators;
use regex::Regex;

/// What an expression can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Variable {
    Item,
    Key,
    Element,
}

/// An operator that takes both of its sides as values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
}

impl Operator {
    /// The operator that CEL's parser names so.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            operators::ADD => Self::Add,
            operators::SUBSTRACT => Self::Subtract,
            operators::MULTIPLY => Self::Multiply,
            operators::DIVIDE => Self::Divide,
            operators::MODULO => Self::Modulo,
            operators::EQUALS => Self::Equal,
            operators::NOT_EQUALS => Self::NotEqual,
            operators::LESS => Self::Less,
            operators::LESS_EQUALS => Self::LessEqual,
            operators::GREATER => Self::Greater,
            operators::GREATER_EQUALS => Self::GreaterEqual,
            operators::IN => Self::In,
            _ => return None,
        })
    }

    /// The operator with its sides exchanged: `2 > item.v` is `item.v < 2`.
    pub(crate) fn turned(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            other => other,
        }
    }
}

/// What a loop over a list makes of its elements.
#[derive(Debug, Clone)]
pub(crate) enum Loop {
    All(Box<Node>),
    Exists(Box<Node>),
    ExistsOne(Box<Node>),
    Collect { when: Option<Box<Node>>, element: Box<Node> },
}

/// A part of an expression.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    Literal(Value),
    /// Names within maps, from a variable on. From `item` and `key` on there is at least one.
    Path(Variable, Vec<String>),
    /// The variable of the loop that is this deep.
    Local(usize),
    Select(Box<Node>, String),
    Index(Box<Node>, Box<Node>),
    HasAttribute(Variable, String),
    Has(Box<Node>, String),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Conditional(Box<[Node; 3]>),
    Binary(Operator, Box<[Node; 2]>),
    Call(Function, Vec<Node>),
    Extract(Box<Node>, Regex),
    Matches(Box<Node>, Regex),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    Loop(Box<Node>, Loop),
}
