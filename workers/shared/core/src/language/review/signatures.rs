//! What the functions of expressions take and give, as far as a review can tell without an item.

use super::types::Type;

/// One function: its name, how many arguments it takes (what it is called on counts as one), and what it gives.
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// The fewest and the most arguments.
    pub arguments: (usize, usize),
    /// The type of its result, if that is always the same.
    pub gives: Type,
    /// How it is written.
    pub form: &'static str,
}

const fn of(name: &'static str, arguments: (usize, usize), gives: Type, form: &'static str) -> Signature {
    Signature { name, arguments, gives, form }
}

/// Every function that has a signature worth checking.
pub const SIGNATURES: &[Signature] = &[
    of("extract", (2, 2), Type::Map, "extract(text, pattern)"),
    of("split", (2, 2), Type::List, "split(text, separator)"),
    of("join", (2, 2), Type::Text, "join(list, separator)"),
    of("trim", (1, 1), Type::Text, "trim(text)"),
    of("lower", (1, 1), Type::Text, "lower(text)"),
    of("upper", (1, 1), Type::Text, "upper(text)"),
    of("number", (1, 1), Type::Number, "number(text)"),
    of("string_set", (1, 1), Type::Set, "string_set(list)"),
    of("number_set", (1, 1), Type::Set, "number_set(list)"),
    of("size", (1, 1), Type::Number, "size(value)"),
    of("contains", (2, 2), Type::Bool, "text.contains(part)"),
    of("startsWith", (2, 2), Type::Bool, "text.startsWith(part)"),
    of("endsWith", (2, 2), Type::Bool, "text.endsWith(part)"),
    of("matches", (2, 2), Type::Bool, "text.matches(pattern)"),
    of("int", (1, 1), Type::Number, "int(value)"),
    of("uint", (1, 1), Type::Number, "uint(value)"),
    of("double", (1, 1), Type::Number, "double(value)"),
    of("string", (1, 1), Type::Text, "string(value)"),
    of("bool", (1, 1), Type::Bool, "bool(value)"),
    of("bytes", (1, 1), Type::Bytes, "bytes(text)"),
    of("type", (1, 1), Type::Unknown, "type(value)"),
];

/// The signature of a function.
pub fn signature(name: &str) -> Option<&'static Signature> {
    SIGNATURES.iter().find(|known| known.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::functions::{OWN, STANDARD};

    #[test]
    fn every_function_of_the_language_has_a_signature_and_no_other() {
        for name in OWN.iter().chain(&STANDARD) {
            assert!(signature(name).is_some(), "{name}");
        }
        for known in SIGNATURES {
            assert!(OWN.contains(&known.name) || STANDARD.contains(&known.name), "{}", known.name);
        }
    }
}
