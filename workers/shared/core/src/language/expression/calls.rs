//! Evaluates calls of the functions.

use crate::item::numbers;
use crate::item::value::{Binary, Value};
use crate::language::expression::budget::Budget;
use crate::language::expression::datum::{Datum, Evaluated};
use crate::language::expression::error::EvaluationError;
use crate::language::expression::functions::Function;
use crate::language::expression::time;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::BTreeSet;
use uuid::Uuid;

impl Function {
    /// Calls the function. The number of arguments was checked when the expression was compiled.
    pub(crate) fn call<'v>(self, arguments: &[Datum<'v>], budget: &Budget) -> Evaluated<'v> {
        let [first, more @ ..] = arguments else { return Err(EvaluationError::Execution("no argument".into())) };
        charge(self, arguments, budget)?;
        let made = match (self, more) {
            (Self::Number, _) if first.number().is_some() => return Ok(first.clone()),
            (Self::Decimal, _) => return decimal(first),
            (Self::Split, [separator]) => split(first, separator, budget),
            (Self::Join, [separator]) => join(first, separator, budget),
            (Self::UuidFrom, [name]) => uuid_from(first, name),
            (Self::Contains, [part]) => both_strings("contains()", first, part, |string, part| string.contains(part)),
            (Self::StartsWith, [part]) => {
                both_strings("startsWith()", first, part, |string, part| string.starts_with(part))
            }
            (Self::EndsWith, [part]) => both_strings("endsWith()", first, part, |string, part| string.ends_with(part)),
            _ => self.call_with_one(first),
        };
        made.map(Datum::Own)
    }

    fn call_with_one(self, given: &Datum<'_>) -> Made {
        let input = || given.string().ok_or_else(|| self.refuse(given));
        Ok(match self {
            Self::Trim => Value::s(input()?.trim()),
            Self::Lower => Value::S(input()?.to_lowercase()),
            Self::Upper => Value::S(input()?.to_uppercase()),
            Self::Number => Value::N(numbers::normal(input()?).ok_or_else(|| failed("number", NO_NUMBER))?),
            Self::Text => string(self, given)?,
            Self::Int => int(self, given)?,
            Self::Boolean => boolean(self, given)?,
            Self::EpochSeconds => Value::N(time::epoch_seconds(input()?).map_err(|why| failed("epoch_seconds", why))?),
            Self::IsoTime => {
                let seconds = given.number().ok_or_else(|| self.refuse(given))?;
                Value::S(time::iso_time(&seconds).map_err(|why| failed("iso_time", why))?)
            }
            Self::StringSet => set("string_set", given, element_string, Value::Ss)?,
            Self::NumberSet => set("number_set", given, element_number, Value::Ns)?,
            Self::BinarySet => set("binary_set", given, element_bytes, Value::Bs)?,
            Self::FromBase64 => {
                let bytes = BASE64.decode(input()?).map_err(|_| failed("binary", "the string is not base64"))?;
                Value::B(Binary(bytes))
            }
            Self::ToBase64 => Value::S(BASE64.encode(bytes_of(given).ok_or_else(|| self.refuse(given))?)),
            Self::Bytes => Value::B(Binary(input()?.as_bytes().to_vec())),
            Self::Sha256 => sha256(self, given)?,
            Self::Type => Value::s(given.plain().map_or("N", Value::type_name)),
            Self::Size => Value::N(size(given).ok_or_else(|| self.refuse(given))?.to_string()),
            _ => return Err(failed(self.signature().name, "takes more arguments")),
        })
    }

    fn refuse(self, given: &Datum<'_>) -> EvaluationError {
        EvaluationError::wrong_type(&format!("{}()", self.signature().name), &[given.plain()])
    }
}

type Made = Result<Value, EvaluationError>;

const NO_NUMBER: &str = "the string is not a decimal number of at most 38 digits";

fn failed(function: &str, why: impl std::fmt::Display) -> EvaluationError {
    EvaluationError::Execution(format!("{function}(): {why}"))
}

/// Charges for a call by the size of its arguments in bytes.
fn charge(function: Function, arguments: &[Datum<'_>], budget: &Budget) -> Result<(), EvaluationError> {
    if matches!(function, Function::Type | Function::StartsWith | Function::EndsWith) {
        return Ok(());
    }
    let bytes = |given: &Datum<'_>| match given.plain() {
        Some(Value::M(map)) => map.len(),
        Some(Value::L(list)) if function == Function::Size => list.len(),
        Some(value) => crate::item::value::value_bytes(value),
        None => 40,
    };
    budget.charge_bytes(arguments.iter().map(bytes).sum())
}

fn decimal<'v>(given: &Datum<'v>) -> Evaluated<'v> {
    if let Datum::Decimal(_) = given {
        return Ok(given.clone());
    }
    let number = given.number().or_else(|| given.string().map(Into::into));
    let Some(number) = number else {
        return Err(EvaluationError::wrong_type("decimal()", &[given.plain()]));
    };
    numbers::decimal(&number).map(Datum::Decimal).ok_or_else(|| failed("decimal", NO_NUMBER))
}

fn split(string: &Datum<'_>, separator: &Datum<'_>, budget: &Budget) -> Made {
    let (Some(given), Some(separator)) = (string.string(), separator.string()) else {
        return Err(EvaluationError::wrong_type("split()", &[string.plain(), separator.plain()]));
    };
    if separator.is_empty() {
        return Err(failed("split", "the separator is empty"));
    }
    let mut parts = Vec::new();
    for part in given.split(separator) {
        budget.charge_created(part.len())?;
        parts.push(Value::s(part));
    }
    Ok(Value::L(parts))
}

fn join<'d>(list: &'d Datum<'_>, separator: &'d Datum<'_>, budget: &Budget) -> Made {
    let wrong = || EvaluationError::wrong_type("join()", &[list.plain(), separator.plain()]);
    let separator = separator.string().ok_or_else(wrong)?;
    let parts: Vec<&str> = match list.plain() {
        Some(Value::Ss(set)) => set.iter().map(String::as_str).collect(),
        Some(Value::L(list)) => {
            let string = |part: &'d Value| match part {
                Value::S(string) => Some(string.as_str()),
                _ => None,
            };
            list.iter().map(string).collect::<Option<_>>().ok_or_else(|| failed("join", "takes a list of strings"))?
        }
        _ => return Err(wrong()),
    };
    let bytes = parts.iter().map(|part| part.len()).sum::<usize>() + separator.len() * parts.len().saturating_sub(1);
    budget.charge_created(bytes)?;
    Ok(Value::S(parts.join(separator)))
}

fn string(function: Function, given: &Datum<'_>) -> Made {
    if let Some(number) = given.number() {
        return Ok(Value::S(numbers::normal(&number).unwrap_or_else(|| number.into_owned())));
    }
    match given.plain() {
        Some(Value::S(string)) => Ok(Value::s(string)),
        Some(Value::Bool(b)) => Ok(Value::S(b.to_string())),
        Some(Value::B(bytes)) => match std::str::from_utf8(&bytes.0) {
            Ok(string) => Ok(Value::s(string)),
            Err(_) => Err(failed("string", "the bytes are not UTF-8; base64(...) takes any bytes")),
        },
        _ => Err(function.refuse(given)),
    }
}

fn int(function: Function, given: &Datum<'_>) -> Made {
    let number = given.number().or_else(|| given.string().map(Into::into)).ok_or_else(|| function.refuse(given))?;
    match numbers::integer(&number) {
        Some(integer) => Ok(Value::N(integer.to_string())),
        None => Err(failed("int", "the value is not a 64-bit integer")),
    }
}

fn boolean(function: Function, given: &Datum<'_>) -> Made {
    match given.plain() {
        Some(Value::Bool(b)) => Ok(Value::Bool(*b)),
        Some(Value::S(string)) if string == "true" || string == "false" => Ok(Value::Bool(string == "true")),
        Some(Value::S(_)) => Err(failed("bool", "the string is neither `true` nor `false`")),
        _ => Err(function.refuse(given)),
    }
}

fn sha256(function: Function, given: &Datum<'_>) -> Made {
    let bytes = given.string().map(str::as_bytes).or_else(|| bytes_of(given));
    Ok(Value::S(crate::item::hash::of_bytes(bytes.ok_or_else(|| function.refuse(given))?)))
}

fn uuid_from(namespace: &Datum<'_>, name: &Datum<'_>) -> Made {
    let (Some(namespace), Some(name)) = (namespace.string(), name.string()) else {
        return Err(EvaluationError::wrong_type("uuid_from()", &[namespace.plain(), name.plain()]));
    };
    let namespace = Uuid::parse_str(namespace).map_err(|_| failed("uuid_from", "the namespace is not a UUID"))?;
    Ok(Value::S(Uuid::new_v5(&namespace, name.as_bytes()).to_string()))
}

fn both_strings(function: &str, a: &Datum<'_>, b: &Datum<'_>, holds: fn(&str, &str) -> bool) -> Made {
    match (a.string(), b.string()) {
        (Some(a), Some(b)) => Ok(Value::Bool(holds(a, b))),
        _ => Err(EvaluationError::wrong_type(function, &[a.plain(), b.plain()])),
    }
}

fn bytes_of<'d>(given: &'d Datum<'_>) -> Option<&'d [u8]> {
    match given.plain() {
        Some(Value::B(bytes)) => Some(&bytes.0),
        _ => None,
    }
}

fn size(given: &Datum<'_>) -> Option<usize> {
    Some(match given.plain()? {
        Value::S(string) => string.chars().count(),
        Value::B(bytes) => bytes.0.len(),
        Value::L(list) => list.len(),
        Value::M(map) => map.len(),
        Value::Ss(set) | Value::Ns(set) => set.len(),
        Value::Bs(set) => set.len(),
        _ => return None,
    })
}

fn set<T: Ord>(
    function: &str,
    given: &Datum<'_>,
    element: fn(&Value) -> Option<T>,
    make: fn(BTreeSet<T>) -> Value,
) -> Made {
    let list = match given.plain() {
        Some(Value::L(list)) => list,
        other => return Err(EvaluationError::wrong_type(&format!("{function}()"), &[other])),
    };
    if list.is_empty() {
        return Err(failed(function, "DynamoDB has no empty sets"));
    }
    let set = list.iter().map(element).collect::<Option<BTreeSet<T>>>();
    set.map(make).ok_or_else(|| failed(function, "the list has an element of another type"))
}

fn element_string(value: &Value) -> Option<String> {
    match value {
        Value::S(string) => Some(string.clone()),
        _ => None,
    }
}

fn element_number(value: &Value) -> Option<String> {
    match value {
        Value::N(number) => numbers::normal(number),
        _ => None,
    }
}

fn element_bytes(value: &Value) -> Option<Binary> {
    match value {
        Value::B(bytes) => Some(bytes.clone()),
        _ => None,
    }
}
