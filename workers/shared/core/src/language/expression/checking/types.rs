//! The types of values, where they are known without an item. How an expression's type follows from its parts is in
//! `inference`, what each function gives in [`functions`](crate::language::expression::functions).

/// The type of a value, if it is known without an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// True or false.
    Bool,
    /// A number.
    Number,
    /// A string.
    Text,
    /// Bytes.
    Bytes,
    /// A list.
    List,
    /// A map.
    Map,
    /// A set of strings, of numbers or of binary values.
    Set,
    /// Null.
    Null,
    /// It depends on the item.
    Unknown,
}

impl Type {
    /// The type as messages call it, with its article.
    pub fn name(self) -> &'static str {
        match self {
            Type::Bool => "true or false",
            Type::Number => "a number",
            Type::Text => "a string",
            Type::Bytes => "bytes",
            Type::List => "a list",
            Type::Map => "a map",
            Type::Set => "a set",
            Type::Null => "null",
            Type::Unknown => "a value",
        }
    }

    /// Whether two types are both known and differ.
    pub(crate) fn differs(self, other: Type) -> bool {
        self != other && self != Type::Unknown && other != Type::Unknown
    }
}
