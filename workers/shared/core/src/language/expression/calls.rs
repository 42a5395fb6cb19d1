//! What each function answers.

use crate::item::numbers;
use crate::item::value::{Binary, Value};
use crate::language::expression::budget::Budget;
use crate::language::expression::datum::Datum;
use crate::language::expression::error::EvaluationError;
use crate::language::expression::evaluate::Evaluated;
use crate::language::expression::functions::Function;
use crate::language::expression::time;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::BTreeSet;
use uuid::Uuid;

impl Function {
    /// Calls it. There are as many arguments as it takes.
    pub(crate) fn call<'v>(self, arguments: &[Datum<'v>], budget: &Budget) -> Evaluated<'v> {
        let [first, more @ ..] = arguments else { return Err(EvaluationError::Execution("no argument".into())) };
        charge(self, arguments, budget)?;
        let made = match (self, more) {
            (Self::Number, _) if first.number().is_some() => return Ok(first.clone()),
            (Self::Decimal, _) => return decimal(first),
            (Self::Split, [separator]) => split(first, separator, budget),
            (Self::Join, [separator]) => join(first, separator, budget),
            (Self::UuidFrom, [name]) => uuid_from(first, name),
            (Self::Contains, [part]) => both_texts("contains()", first, part, |text, part| text.contains(part)),
            (Self::StartsWith, [part]) => both_texts("startsWith()", first, part, |text, part| text.starts_with(part)),
            (Self::EndsWith, [part]) => both_texts("endsWith()", first, part, |text, part| text.ends_with(part)),
            _ => self.call_with_one(first),
        };
        made.map(Datum::Own)
    }

    fn call_with_one(self, given: &Datum<'_>) -> Made {
        let text = || given.text().ok_or_else(|| self.refuse(given));
        Ok(match self {
            Self::Trim => Value::s(text()?.trim()),
            Self::Lower => Value::S(text()?.to_lowercase()),
            Self::Upper => Value::S(text()?.to_uppercase()),
            Self::Number => Value::N(numbers::normal(text()?).ok_or_else(|| failed("number", NO_NUMBER))?),
            Self::Text => string(self, given)?,
            Self::Int => int(self, given)?,
            Self::Boolean => boolean(self, given)?,
            Self::EpochSeconds => Value::N(time::epoch_seconds(text()?).map_err(|why| failed("epoch_seconds", why))?),
            Self::IsoTime => {
                let seconds = given.number().ok_or_else(|| self.refuse(given))?;
                Value::S(time::iso_time(&seconds).map_err(|why| failed("iso_time", why))?)
            }
            Self::StringSet => set("string_set", given, element_text, Value::Ss)?,
            Self::NumberSet => set("number_set", given, element_number, Value::Ns)?,
            Self::BinarySet => set("binary_set", given, element_bytes, Value::Bs)?,
            Self::FromBase64 => {
                let bytes = BASE64.decode(text()?).map_err(|_| failed("binary", "the text is no base64"))?;
                Value::B(Binary(bytes))
            }
            Self::ToBase64 => Value::S(BASE64.encode(bytes_of(given).ok_or_else(|| self.refuse(given))?)),
            Self::Bytes => Value::B(Binary(text()?.as_bytes().to_vec())),
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

const NO_NUMBER: &str = "the text is no decimal number of at most 38 digits";

fn failed(function: &str, why: impl std::fmt::Display) -> EvaluationError {
    EvaluationError::Execution(format!("{function}(): {why}"))
}

/// A call costs what its arguments weigh.
fn charge(function: Function, arguments: &[Datum<'_>], budget: &Budget) -> Result<(), EvaluationError> {
    if matches!(function, Function::Type | Function::StartsWith | Function::EndsWith) {
        return Ok(());
    }
    let weigh = |given: &Datum<'_>| match given.plain() {
        Some(Value::M(map)) => map.len(),
        Some(Value::L(list)) if function == Function::Size => list.len(),
        Some(value) => crate::item::value::value_bytes(value),
        None => 40,
    };
    budget.charge_bytes(arguments.iter().map(weigh).sum())
}

fn decimal<'v>(given: &Datum<'v>) -> Evaluated<'v> {
    if let Datum::Decimal(_) = given {
        return Ok(given.clone());
    }
    let number = given.number().or_else(|| given.text().map(Into::into));
    let Some(number) = number else {
        return Err(EvaluationError::wrong_type("decimal()", &[given.plain()]));
    };
    numbers::decimal(&number).map(Datum::Decimal).ok_or_else(|| failed("decimal", NO_NUMBER))
}

fn split(text: &Datum<'_>, separator: &Datum<'_>, budget: &Budget) -> Made {
    let (Some(text), Some(separator)) = (text.text(), separator.text()) else {
        return Err(EvaluationError::wrong_type("split()", &[text.plain(), separator.plain()]));
    };
    if separator.is_empty() {
        return Err(failed("split", "the separator is empty"));
    }
    let mut parts = Vec::new();
    for part in text.split(separator) {
        budget.charge_made(part.len())?;
        parts.push(Value::s(part));
    }
    Ok(Value::L(parts))
}

fn join<'d>(list: &'d Datum<'_>, separator: &'d Datum<'_>, budget: &Budget) -> Made {
    let wrong = || EvaluationError::wrong_type("join()", &[list.plain(), separator.plain()]);
    let separator = separator.text().ok_or_else(wrong)?;
    let parts: Vec<&str> = match list.plain() {
        Some(Value::Ss(set)) => set.iter().map(String::as_str).collect(),
        Some(Value::L(list)) => {
            let text = |part: &'d Value| match part {
                Value::S(text) => Some(text.as_str()),
                _ => None,
            };
            list.iter().map(text).collect::<Option<_>>().ok_or_else(|| failed("join", "takes a list of texts"))?
        }
        _ => return Err(wrong()),
    };
    let bytes = parts.iter().map(|part| part.len()).sum::<usize>() + separator.len() * parts.len().saturating_sub(1);
    budget.charge_made(bytes)?;
    Ok(Value::S(parts.join(separator)))
}

fn string(function: Function, given: &Datum<'_>) -> Made {
    if let Some(number) = given.number() {
        return Ok(Value::S(numbers::normal(&number).unwrap_or_else(|| number.into_owned())));
    }
    match given.plain() {
        Some(Value::S(text)) => Ok(Value::s(text)),
        Some(Value::Bool(b)) => Ok(Value::S(b.to_string())),
        Some(Value::B(bytes)) => match std::str::from_utf8(&bytes.0) {
            Ok(text) => Ok(Value::s(text)),
            Err(_) => Err(failed("string", "the bytes are no UTF-8 text; base64(...) takes any bytes")),
        },
        _ => Err(function.refuse(given)),
    }
}

fn int(function: Function, given: &Datum<'_>) -> Made {
    let number = given.number().or_else(|| given.text().map(Into::into)).ok_or_else(|| function.refuse(given))?;
    match numbers::integer(&number) {
        Some(integer) => Ok(Value::N(integer.to_string())),
        None => Err(failed("int", "it is no 64-bit integer")),
    }
}

fn boolean(function: Function, given: &Datum<'_>) -> Made {
    match given.plain() {
        Some(Value::Bool(b)) => Ok(Value::Bool(*b)),
        Some(Value::S(text)) if text == "true" || text == "false" => Ok(Value::Bool(text == "true")),
        Some(Value::S(_)) => Err(failed("bool", "the text is neither `true` nor `false`")),
        _ => Err(function.refuse(given)),
    }
}

fn sha256(function: Function, given: &Datum<'_>) -> Made {
    let bytes = given.text().map(str::as_bytes).or_else(|| bytes_of(given));
    Ok(Value::S(crate::item::hash::of_bytes(bytes.ok_or_else(|| function.refuse(given))?)))
}

fn uuid_from(namespace: &Datum<'_>, name: &Datum<'_>) -> Made {
    let (Some(namespace), Some(name)) = (namespace.text(), name.text()) else {
        return Err(EvaluationError::wrong_type("uuid_from()", &[namespace.plain(), name.plain()]));
    };
    let namespace = Uuid::parse_str(namespace).map_err(|_| failed("uuid_from", "the namespace is no UUID"))?;
    Ok(Value::S(Uuid::new_v5(&namespace, name.as_bytes()).to_string()))
}

fn both_texts(function: &str, a: &Datum<'_>, b: &Datum<'_>, holds: fn(&str, &str) -> bool) -> Made {
    match (a.text(), b.text()) {
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
        Value::S(text) => text.chars().count(),
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
    set.map(make).ok_or_else(|| failed(function, "the list holds an element of another type"))
}

fn element_text(value: &Value) -> Option<String> {
    match value {
        Value::S(text) => Some(text.clone()),
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
