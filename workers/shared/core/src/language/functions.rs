//! The functions that expressions may call beside CEL's own.
//!
//! Each is pure: the same arguments give the same result. A call that cannot be answered is an error, which makes the
//! item *invalid*; it never is a guess.

use super::numbers::{ExactNumber, normal, to_cel};
use crate::value::Binary;
use cel::objects::Key;
use cel::{Context, ExecutionError, ResolveResult, Value as Cel};
use regex::Regex;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// A set on its way out of an expression; CEL itself has lists only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetValue {
    /// A set of strings.
    Strings(BTreeSet<String>),
    /// A set of numbers as decimal texts.
    Numbers(BTreeSet<String>),
    /// A set of byte strings.
    Binaries(BTreeSet<Binary>),
}

impl cel::objects::Opaque for SetValue {
    fn runtime_type_name(&self) -> &str {
        "tableshift.Set"
    }
}

/// The names of tableshift's own functions, for the check that an expression calls nothing unknown.
pub const OWN: [&str; 9] = ["extract", "split", "join", "trim", "lower", "upper", "number", "string_set", "number_set"];

/// CEL's standard functions that expressions may call by name.
pub const STANDARD: [&str; 12] = [
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "bytes",
    "type",
];

/// The one context that every expression runs in: a scope of its own per item is all that an evaluation costs.
pub static ROOT: LazyLock<Context<'static, 'static>> = LazyLock::new(|| {
    let mut context = Context::default();
    let added = [
        context.add_function("extract", extract),
        context.add_function("split", split),
        context.add_function("join", join),
        context.add_function("trim", |text: Arc<String>| text.trim().to_owned()),
        context.add_function("lower", |text: Arc<String>| text.to_lowercase()),
        context.add_function("upper", |text: Arc<String>| text.to_uppercase()),
        context.add_function("number", number),
        context.add_function("string_set", string_set),
        context.add_function("number_set", number_set),
    ];
    for result in added {
        result.expect("no two functions share a name");
    }
    context
});

/// A compiled pattern. Clones share it, and with it the memory that matching works in.
#[derive(Debug, Clone)]
pub(crate) struct Pattern(Arc<Regex>);

/// Upper bound of a compiled pattern, in bytes.
const MAX_PATTERN_BYTES: usize = 1 << 20;
/// Compiled patterns by their text. Patterns come from documents, so there are few; the cap guards against a pattern that
/// is computed from items.
static PATTERNS: LazyLock<Mutex<HashMap<String, Pattern>>> = LazyLock::new(Mutex::default);
const MAX_PATTERNS: usize = 64;

impl Pattern {
    /// Compiles a pattern, or finds it compiled.
    pub(crate) fn of(text: &str) -> Result<Self, ExecutionError> {
        let mut patterns = PATTERNS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = patterns.get(text) {
            return Ok(known.clone());
        }
        let compiled = regex::RegexBuilder::new(text).size_limit(MAX_PATTERN_BYTES).build();
        let compiled = compiled.map_err(|error| ExecutionError::function_error("extract", error))?;
        let compiled = Self(Arc::new(compiled));
        if patterns.len() >= MAX_PATTERNS {
            patterns.clear();
        }
        patterns.insert(text.to_owned(), compiled.clone());
        Ok(compiled)
    }

    /// The named groups of a text that the pattern matches.
    pub(crate) fn groups<'p>(&'p self, text: &'p str) -> Option<impl Iterator<Item = (&'p str, &'p str)>> {
        let captures = self.0.captures(text)?;
        let names = self.0.capture_names().enumerate();
        Some(names.filter_map(move |(index, name)| Some((name?, captures.get(index)?.as_str()))))
    }
}

/// `extract(text, pattern)`: a map of the pattern's named groups. An error where the pattern does not match.
fn extract(text: Arc<String>, expression: Arc<String>) -> ResolveResult {
    let pattern = Pattern::of(&expression)?;
    let Some(groups) = pattern.groups(&text) else {
        return Err(ExecutionError::function_error("extract", "the pattern does not match"));
    };
    let groups: HashMap<Key, Cel> =
        groups.map(|(name, part)| (Key::from(name.to_owned()), Cel::from(part.to_owned()))).collect();
    Ok(Cel::Map(groups.into()))
}

/// `split(text, separator)`: a list of strings.
fn split(text: Arc<String>, separator: Arc<String>) -> ResolveResult {
    let parts: Vec<Cel> = text.split(separator.as_str()).map(|part| Cel::from(part.to_owned())).collect();
    Ok(Cel::List(Arc::new(parts)))
}

/// `join(list, separator)`: one string of a list of strings.
fn join(list: Arc<Vec<Cel>>, separator: Arc<String>) -> ResolveResult {
    let parts = list.iter().map(|part| text_of("join", part)).collect::<Result<Vec<_>, _>>()?;
    Ok(Cel::from(parts.join(&separator)))
}

/// `number(text)`: the number that a decimal text holds, exactly; numbers pass as they are.
fn number(value: Cel) -> ResolveResult {
    let text = match value {
        Cel::String(text) => text,
        Cel::Int(_) | Cel::UInt(_) | Cel::Float(_) | Cel::Opaque(_) => return Ok(value),
        _ => return Err(ExecutionError::function_error("number", "takes a decimal text or a number")),
    };
    match normal(&text) {
        Some(number) => Ok(to_cel(&number)),
        None => {
            Err(ExecutionError::function_error("number", "the text is not a decimal number that DynamoDB can hold"))
        }
    }
}

/// `string_set(list)`: a set of strings, which must not be empty.
fn string_set(list: Arc<Vec<Cel>>) -> ResolveResult {
    let set = list.iter().map(|part| text_of("string_set", part)).collect::<Result<BTreeSet<_>, _>>()?;
    opaque_set("string_set", set.is_empty(), SetValue::Strings(set))
}

/// `number_set(list)`: a set of numbers, which must not be empty.
fn number_set(list: Arc<Vec<Cel>>) -> ResolveResult {
    let set = list.iter().map(number_text).collect::<Result<BTreeSet<_>, _>>()?;
    opaque_set("number_set", set.is_empty(), SetValue::Numbers(set))
}

fn number_text(value: &Cel) -> Result<String, ExecutionError> {
    let text = match value {
        Cel::Int(i) => Some(i.to_string()),
        Cel::UInt(u) => Some(u.to_string()),
        Cel::Float(f) => super::numbers::from_float(*f),
        Cel::Opaque(opaque) => opaque.downcast_ref::<ExactNumber>().map(|n| n.0.clone()),
        _ => None,
    };
    text.ok_or_else(|| ExecutionError::function_error("number_set", "takes a list of numbers"))
}

fn opaque_set(function: &str, empty: bool, set: SetValue) -> ResolveResult {
    if empty {
        return Err(ExecutionError::function_error(function, "DynamoDB has no empty sets"));
    }
    Ok(Cel::Opaque(Arc::new(set)))
}

fn text_of(function: &str, value: &Cel) -> Result<String, ExecutionError> {
    match value {
        Cel::String(text) => Ok(text.to_string()),
        _ => Err(ExecutionError::function_error(function, "takes a list of strings")),
    }
}
