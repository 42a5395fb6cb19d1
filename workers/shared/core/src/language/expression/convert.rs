//! Converts values to another type, exactly or not at all: what the `convert` step does.

use crate::item::numbers;
use crate::item::value::{Binary, Value};
use crate::language::document::ConvertTo;
use crate::language::expression::time;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeSet;

/// Converts a value. `None` if it has the type already. The error says what is wrong with the attribute: "is of type ..." or
/// "holds ...".
pub(crate) fn convert(value: &Value, to: ConvertTo) -> Result<Option<Value>, String> {
    match to {
        ConvertTo::Number => number(value),
        ConvertTo::String => string(value),
        ConvertTo::Boolean => boolean(value),
        ConvertTo::EpochSeconds => epoch_seconds(value),
        ConvertTo::IsoTime => iso_time(value),
        ConvertTo::List => list(value),
        ConvertTo::StringSet => string_set(value),
        ConvertTo::NumberSet => number_set(value),
        ConvertTo::BinarySet => binary_set(value),
        ConvertTo::Binary => binary(value),
    }
}

type Converted = Result<Option<Value>, String>;

fn refused(value: &Value, wanted: &str) -> Converted {
    Err(format!("is of type {}, which cannot become {wanted}", value.type_name()))
}

fn number(value: &Value) -> Converted {
    match value {
        Value::N(_) => Ok(None),
        Value::S(string) => match numbers::normal(string) {
            Some(number) => Ok(Some(Value::N(number))),
            None => Err("holds a string that is not a decimal number of at most 38 digits".into()),
        },
        other => refused(other, "a number"),
    }
}

fn string(value: &Value) -> Converted {
    match value {
        Value::S(_) => Ok(None),
        Value::N(digits) => Ok(Some(Value::S(digits.clone()))),
        Value::Bool(b) => Ok(Some(Value::s(b.to_string()))),
        other => refused(other, "a string"),
    }
}

fn boolean(value: &Value) -> Converted {
    match value {
        Value::Bool(_) => Ok(None),
        Value::S(string) if string == "true" || string == "false" => Ok(Some(Value::Bool(string == "true"))),
        Value::N(number) if number == "1" || number == "0" => Ok(Some(Value::Bool(number == "1"))),
        Value::S(_) => Err("holds a string that is neither `true` nor `false`".into()),
        Value::N(_) => Err("holds a number that is neither 1 nor 0".into()),
        other => refused(other, "a boolean"),
    }
}

fn epoch_seconds(value: &Value) -> Converted {
    match value {
        Value::N(_) => Ok(None),
        Value::S(string) => time::epoch_seconds(string).map(|seconds| Some(Value::N(seconds))),
        other => refused(other, "epoch seconds"),
    }
}

fn iso_time(value: &Value) -> Converted {
    match value {
        Value::S(string) => time::epoch_seconds(string).map(|_| None),
        Value::N(seconds) => time::iso_time(seconds).map(|time| Some(Value::S(time))),
        other => refused(other, "an ISO time"),
    }
}

fn list(value: &Value) -> Converted {
    match value {
        Value::L(_) => Ok(None),
        Value::Ss(set) => Ok(Some(Value::L(set.iter().cloned().map(Value::S).collect()))),
        Value::Ns(set) => Ok(Some(Value::L(numbers::ascending(set).into_iter().map(Value::N).collect()))),
        Value::Bs(set) => Ok(Some(Value::L(set.iter().cloned().map(Value::B).collect()))),
        other => refused(other, "a list"),
    }
}

fn string_set(value: &Value) -> Converted {
    let element = |value: &Value| match value {
        Value::S(string) => Some(string.clone()),
        _ => None,
    };
    match value {
        Value::Ss(_) => Ok(None),
        Value::L(list) => Ok(Some(Value::Ss(set_of(list, "strings", element)?))),
        other => refused(other, "a set of strings"),
    }
}

fn number_set(value: &Value) -> Converted {
    let element = |value: &Value| match value {
        Value::N(number) => Some(numbers::normal(number).unwrap_or_else(|| number.clone())),
        _ => None,
    };
    match value {
        Value::Ns(_) => Ok(None),
        Value::L(list) => Ok(Some(Value::Ns(set_of(list, "numbers", element)?))),
        other => refused(other, "a set of numbers"),
    }
}

fn binary_set(value: &Value) -> Converted {
    let element = |value: &Value| match value {
        Value::B(bytes) => Some(bytes.clone()),
        _ => None,
    };
    match value {
        Value::Bs(_) => Ok(None),
        Value::L(list) => Ok(Some(Value::Bs(set_of(list, "binary values", element)?))),
        other => refused(other, "a set of binary values"),
    }
}

fn set_of<T: Ord>(list: &[Value], of: &str, element: fn(&Value) -> Option<T>) -> Result<BTreeSet<T>, String> {
    if list.is_empty() {
        return Err("holds an empty list, and DynamoDB has no empty sets".into());
    }
    let set = list.iter().map(element).collect::<Option<BTreeSet<T>>>();
    set.ok_or_else(|| format!("holds a list with elements that are not {of}"))
}

fn binary(value: &Value) -> Converted {
    match value {
        Value::B(_) => Ok(None),
        Value::S(string) => match STANDARD.decode(string) {
            Ok(bytes) => Ok(Some(Value::B(Binary(bytes)))),
            Err(_) => Err("holds a string that is not base64".into()),
        },
        other => refused(other, "binary"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConvertTo::{
        Binary as Bytes, BinarySet, Boolean, EpochSeconds, IsoTime, List, Number, NumberSet, String as Text, StringSet,
    };

    fn converted(json: &str, to: ConvertTo) -> String {
        let value: Value = serde_json::from_str(json).unwrap();
        match convert(&value, to) {
            Ok(Some(value)) => serde_json::to_string(&value).unwrap(),
            Ok(None) => "unchanged".into(),
            Err(reason) => reason,
        }
    }

    #[test]
    fn conversions_are_exact() {
        let long = "12345678901234567890123456789012345678";
        let cases = [
            (r#"{"S":"007.50"}"#, Number, r#"{"N":"7.5"}"#.to_owned()),
            (&format!(r#"{{"S":"{long}"}}"#), Number, format!(r#"{{"N":"{long}"}}"#)),
            (&format!(r#"{{"N":"{long}"}}"#), Text, format!(r#"{{"S":"{long}"}}"#)),
            (r#"{"BOOL":true}"#, Text, r#"{"S":"true"}"#.into()),
            (r#"{"S":"false"}"#, Boolean, r#"{"BOOL":false}"#.into()),
            (r#"{"N":"1"}"#, Boolean, r#"{"BOOL":true}"#.into()),
            (r#"{"S":"2026-11-22T11:00:00+01:00"}"#, EpochSeconds, r#"{"N":"1795341600"}"#.into()),
            (r#"{"N":"1795341600"}"#, IsoTime, r#"{"S":"2026-11-22T10:00:00Z"}"#.into()),
            (r#"{"NS":["10","9"]}"#, List, r#"{"L":[{"N":"9"},{"N":"10"}]}"#.into()),
            (r#"{"L":[{"S":"b"},{"S":"a"},{"S":"b"}]}"#, StringSet, r#"{"SS":["a","b"]}"#.into()),
            (r#"{"L":[{"N":"1"},{"N":"1.0"}]}"#, NumberSet, r#"{"NS":["1"]}"#.into()),
            (r#"{"L":[{"B":"AA=="}]}"#, BinarySet, r#"{"BS":["AA=="]}"#.into()),
            (r#"{"S":"AA=="}"#, Bytes, r#"{"B":"AA=="}"#.into()),
        ];
        for (before, to, after) in cases {
            assert_eq!(converted(before, to), after, "{before}");
        }
    }

    #[test]
    fn a_value_that_has_the_type_already_stays_as_it_is() {
        let cases = [
            (r#"{"N":"1.50"}"#, Number),
            (r#"{"S":""}"#, Text),
            (r#"{"BOOL":false}"#, Boolean),
            (r#"{"N":"1"}"#, EpochSeconds),
            (r#"{"S":"2026-11-22T11:00:00+01:00"}"#, IsoTime),
            (r#"{"L":[]}"#, List),
            (r#"{"SS":["a"]}"#, StringSet),
            (r#"{"NS":["1"]}"#, NumberSet),
            (r#"{"BS":["AA=="]}"#, BinarySet),
            (r#"{"B":""}"#, Bytes),
        ];
        for (value, to) in cases {
            assert_eq!(converted(value, to), "unchanged", "{value}");
        }
    }

    #[test]
    fn a_value_without_an_exact_form_is_refused_and_not_shown() {
        let cases = [
            (r#"{"S":"twelve"}"#, Number),
            (r#"{"S":""}"#, Number),
            (r#"{"BOOL":true}"#, Number),
            (r#"{"L":[]}"#, Text),
            (r#"{"B":"AA=="}"#, Text),
            (r#"{"S":"yes"}"#, Boolean),
            (r#"{"N":"2"}"#, Boolean),
            (r#"{"S":"yesterday"}"#, EpochSeconds),
            (r#"{"N":"1e40"}"#, IsoTime),
            (r#"{"S":"yesterday"}"#, IsoTime),
            (r#"{"S":"twelve"}"#, List),
            (r#"{"L":[]}"#, StringSet),
            (r#"{"L":[{"S":"twelve"},{"N":"1"}]}"#, StringSet),
            (r#"{"L":[{"S":"twelve"}]}"#, NumberSet),
            (r#"{"SS":["twelve"]}"#, BinarySet),
            (r#"{"S":"?"}"#, Bytes),
        ];
        for (value, to) in cases {
            let reason = converted(value, to);
            assert!(reason.starts_with("is of type") || reason.contains("hold"), "{value}: {reason}");
            assert!(!reason.contains("twelve") && !reason.contains("yesterday"), "{reason}");
        }
    }
}
