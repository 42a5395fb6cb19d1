//! Reads journal objects with code of its own: plain JSON lines, numbers by value.

use serde_json::Value as Json;
use tableshift_core::item::value::Value;

use crate::campaign::actors::migrations::Image;

/// A line of a journal object.
#[derive(Debug)]
pub(super) enum Line {
    /// A write that was about to be sent.
    Entry { key: String, before: Image, after: Image },
    /// The entry of this item in the object with this name does not count.
    Void { object: String, key: String },
}

/// The lines of a journal object; `None` if one of them is neither an entry nor a void.
pub(super) fn lines(bytes: &[u8]) -> Option<Vec<Line>> {
    let content = std::str::from_utf8(bytes).ok()?;
    content.lines().map(|line| read(&serde_json::from_str(line).ok()?)).collect()
}

fn read(line: &Json) -> Option<Line> {
    let key = line["key"]["pk"]["S"].as_str()?.to_owned();
    match line["void"].as_str() {
        Some(object) => Some(Line::Void { object: object.to_owned(), key }),
        None => Some(Line::Entry { key, before: image(&line["before"])?, after: image(&line["after"])? }),
    }
}

fn image(json: &Json) -> Option<Image> {
    let read = |value: &Json| if value.is_null() { Some(None) } else { self::value(value).map(Some) };
    json.as_object()?.iter().map(|(name, value)| Some((name.clone(), read(value)?))).collect()
}

/// An attribute value in DynamoDB JSON. No migration of the campaign touches binary values or sets of numbers.
fn value(json: &Json) -> Option<Value> {
    let (kind, json) = json.as_object()?.iter().next()?;
    let string = |json: &Json| json.as_str().map(str::to_owned);
    Some(match kind.as_str() {
        "S" => Value::S(string(json)?),
        "N" => Value::N(by_value(json.as_str()?)),
        "BOOL" => Value::Bool(json.as_bool()?),
        "NULL" => Value::Null(json.as_bool()?),
        "SS" => Value::Ss(json.as_array()?.iter().map(string).collect::<Option<_>>()?),
        "L" => Value::L(json.as_array()?.iter().map(value).collect::<Option<_>>()?),
        "M" => {
            let attributes = json.as_object()?.iter();
            Value::M(attributes.map(|(name, json)| Some((name.clone(), value(json)?))).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

/// The same value with its numbers in one form.
pub(super) fn with_numbers_by_value(value: Value) -> Value {
    match value {
        Value::N(number) => Value::N(by_value(&number)),
        Value::L(list) => Value::L(list.into_iter().map(with_numbers_by_value).collect()),
        Value::M(map) => Value::M(map.into_iter().map(|(name, value)| (name, with_numbers_by_value(value))).collect()),
        other => other,
    }
}

/// A number as its digits and the power of ten that they are multiplied with: the same for `100`, `1E+2` and `100.0`.
fn by_value(number: &str) -> String {
    let (sign, number) = number.strip_prefix('-').map_or(("", number), |number| ("-", number));
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let power = exponent.parse::<i64>().unwrap_or_default() - fraction.len() as i64;
    let shown = digits.trim_start_matches('0').trim_end_matches('0');
    let zeros = digits.len() - digits.trim_end_matches('0').len();
    match shown {
        "" => "0".into(),
        shown => format!("{sign}{shown}e{}", power + zeros as i64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_compared_by_value() {
        for same in ["100", "1E+2", "100.0", "0100", "1e2"] {
            assert_eq!(by_value(same), "1e2", "{same}");
        }
        assert_eq!((by_value("0.00").as_str(), by_value("-0.50").as_str()), ("0", "-5e-1"));
    }

    #[test]
    fn entries_and_voids_are_read_and_other_lines_are_not() {
        let entry = r#"{"key":{"pk":{"S":"p"}},"before":{"a":{"N":"1.0"},"b":null},"after":{"a":null},"read_at":1}"#;
        let void = r#"{"void":"00000000-000001.jsonl","key":{"pk":{"S":"p"}}}"#;
        let read = lines(format!("{entry}\n{void}\n").as_bytes()).expect("two lines");
        let Line::Entry { before, .. } = &read[0] else { panic!("{read:?}") };
        assert_eq!(before["a"], Some(Value::n("1e0")));
        assert!(matches!(&read[1], Line::Void { object, .. } if object == "00000000-000001.jsonl"));
        assert!(lines(b"{}\n").is_none());
    }
}
