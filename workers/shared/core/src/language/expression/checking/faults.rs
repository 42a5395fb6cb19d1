//! The faults that an expression can have, in words: message, advice and replacement. Whether and where an expression has
//! one is for [`translate`](super::translate) to find out.

use crate::language::expression::checking::types::Type;
use crate::language::expression::error::{MAX_NESTING, MAX_SOURCE_BYTES};
use crate::language::expression::functions::{FUNCTIONS, Signature, Style};
use crate::language::expression::node::Operator;
use crate::language::finding::suggest::nearest;
use crate::language::finding::{Code, Finding};
use std::ops::Range;

/// The macros that CEL expands on a list or a map.
const MACROS: [&str; 5] = ["all", "exists", "exists_one", "map", "filter"];
/// Functions of other languages whose result depends on when they are called.
const CLOCKS: [&str; 6] = ["now", "random", "uuid", "today", "rand", "Date"];

pub(crate) fn too_long(source: &str) -> Finding {
    let message =
        format!("this expression has {} bytes, and {MAX_SOURCE_BYTES} are the most that one may have", source.len());
    Finding::error(Code::Refused, 0..source.len(), message).help("split it into several steps")
}

pub(crate) fn too_deep(span: Range<usize>) -> Finding {
    let help = format!("at most {MAX_NESTING} brackets and conditionals (`? :`) may be open at once");
    Finding::error(Code::Refused, span, "this expression nests too deep").help(help)
}

/// A number with a fraction that a float does not hold exactly.
pub(crate) fn long_number(number: &str, span: Range<usize>) -> Finding {
    Finding::error(Code::Literal, span.clone(), "this number would be rounded when it is read")
        .label("more digits than a float holds")
        .suggest("write it as a decimal", span, format!("decimal('{number}')"))
}

pub(crate) fn whole_item(name: &str, span: Range<usize>) -> Finding {
    Finding::error(Code::WholeItem, span, format!("`{name}` cannot be used as a whole"))
        .label("which attribute?")
        .help(format!("name the attribute by a fixed name: `{name}.address` or `{name}[\"a name\"]`"))
        .help("every write guards what its migration reads, so that has to be known beforehand")
}

pub(crate) fn unknown_name<'n>(name: &str, span: Range<usize>, known: impl Iterator<Item = &'n str>) -> Finding {
    let near = nearest(name, known);
    let finding =
        Finding::error(Code::UnknownName, span.clone(), format!("there is no `{name}`")).label("not known here");
    if matches!(name, "now" | "today") {
        return finding.help("a migration must give the same result whenever it runs: write the time itself");
    }
    let meant = match name {
        "True" | "TRUE" => Some("true"),
        "False" | "FALSE" => Some("false"),
        "None" | "nil" | "undefined" | "NULL" | "Null" => Some("null"),
        _ => near,
    };
    match meant {
        Some(meant) => finding.suggest(format!("did you mean `{meant}`?"), span, meant),
        None => finding.suggest("an attribute is named with `item.` before it", span, format!("item.{name}")),
    }
}

/// An expression that is nothing but one unknown name: its author is likely to mean the fixed string.
pub(crate) fn unquoted(source: &str, mut finding: Finding) -> Finding {
    let Some(attribute) = finding.suggestion.take() else { return finding };
    finding.span = 0..source.len();
    finding.help(format!("for the attribute, write `{}`", attribute.replacement)).suggest(
        "for the fixed string, quote it once more",
        0..source.len(),
        format!("'{}'", source.trim()),
    )
}

pub(crate) fn unknown_function(name: &str, span: Range<usize>, on_value: bool) -> Finding {
    let finding = Finding::error(Code::UnknownFunction, span.clone(), format!("there is no function `{name}()`"));
    let known = FUNCTIONS.iter().map(|known| known.name).chain(MACROS.into_iter().filter(|_| on_value));
    if ["timestamp", "duration"].contains(&name) {
        finding.help("a time is a number of seconds: `epoch_seconds(string)` reads one, `iso_time(number)` writes one")
    } else if CLOCKS.contains(&name) {
        finding.help("a migration must give the same result whenever it runs, for the same item")
    } else if let Some(meant) = nearest(name, known) {
        finding.suggest(format!("did you mean `{meant}()`?"), span, meant)
    } else if name == "concat" {
        finding.help("strings are joined by `+`")
    } else if name == "replace" {
        finding.help("`join(split(string, old), new)` replaces a part of a string")
    } else {
        let names: Vec<&str> = FUNCTIONS.iter().map(|known| known.name).collect();
        finding.help(format!("the functions are {}", names.join(", ")))
    }
}

pub(crate) fn arguments(function: &Signature, span: Range<usize>, given: usize) -> Finding {
    let (name, wanted) = (function.name, function.arity());
    let arguments = if wanted == 1 { "argument" } else { "arguments" };
    let is = if given == 1 { "is" } else { "are" };
    let message = format!("{name}() takes {wanted} {arguments}, and {given} {is} given");
    Finding::error(Code::Arguments, span, message).help(as_in(function))
}

/// A function that is called like a method, or the reverse.
pub(crate) fn call_style(function: &Signature, span: Range<usize>) -> Finding {
    let message = match function.style {
        Style::Method => format!("{}() is called on a value", function.name),
        _ => format!("{}() is not called on a value", function.name),
    };
    Finding::error(Code::Arguments, span, message).help(as_in(function))
}

fn as_in(function: &Signature) -> String {
    format!("write it as in `{}`", function.example)
}

pub(crate) fn computed_pattern(function: &str, span: Range<usize>) -> Finding {
    Finding::error(Code::Pattern, span, format!("the pattern of {function}() must be a fixed string"))
        .help("what an item holds cannot be a pattern: its cost would have no bound")
}

pub(crate) fn pattern(error: &regex::Error, span: Range<usize>) -> Finding {
    match error {
        regex::Error::CompiledTooBig(_) => Finding::error(Code::Pattern, span, "this pattern is too large")
            .help("match fewer repetitions, or `[0-9]` and `[A-Za-z]` in place of `\\d` and `\\w`"),
        error => {
            let why = error.to_string();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
            Finding::error(Code::Pattern, span, "this pattern is not a regular expression").label(why)
        }
    }
}

pub(crate) fn message_of_cel(span: Range<usize>) -> Finding {
    Finding::error(Code::UnknownFunction, span, "there are no messages in migrations")
        .help("a map is written with quoted names: `{'street': item.street}`")
}

pub(crate) fn too_many_loops(span: Range<usize>) -> Finding {
    Finding::error(Code::Refused, span, "this is a loop within a loop within a loop")
        .help("loops may nest two deep: split the work into several steps")
}

/// A loop's variable with the name of something else.
pub(crate) fn shadowed(name: &str, span: Range<usize>) -> Finding {
    Finding::error(
        Code::Refused,
        span,
        format!("a loop's variable cannot be called `{name}`, which means something else"),
    )
    .help("choose another name")
}

pub(crate) fn unsupported(what: &str, span: Range<usize>) -> Finding {
    Finding::error(Code::Refused, span, format!("expressions over items do not have {what}"))
}

pub(crate) fn not_a_condition(gives: Type, span: Range<usize>) -> Finding {
    let message = format!("this gives {}, and a condition must give true or false", gives.name());
    Finding::error(Code::Type, span, message)
}

pub(crate) fn not_an_operand(given: Type, span: Range<usize>) -> Finding {
    Finding::error(Code::Type, span, format!("an operand here is {}, not true or false", given.name()))
}

/// What is wrong with an operator between two types that differ. A comparison that never holds is a warning.
pub(crate) fn operands(operator: Operator, a: Type, b: Type, span: Range<usize>) -> Option<Finding> {
    let (first, second) = (a.name(), b.name());
    match operator {
        Operator::Equal | Operator::NotEqual if ![a, b].contains(&Type::Null) => {
            let message = format!("this compares {first} with {second}, which are never equal");
            Some(Finding::warning(Code::NeverEqual, span, message))
        }
        Operator::Add => {
            let finding = Finding::error(Code::Type, span, format!("`+` cannot join {first} and {second}"));
            let help = "`string(...)` makes a string of a number";
            Some(if [a, b].contains(&Type::Text) { finding.help(help) } else { finding })
        }
        Operator::Less | Operator::LessEqual | Operator::Greater | Operator::GreaterEqual => {
            Some(Finding::error(Code::Type, span, format!("{first} and {second} have no order")))
        }
        _ => None,
    }
}
