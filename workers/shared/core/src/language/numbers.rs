//! Numbers between DynamoDB (38 significant decimal digits, as text) and CEL (64-bit integers and floats).
//!
//! A number goes into CEL as an integer or a float only if that holds it exactly. Any other number goes in as an
//! [`ExactNumber`]: it can be moved and stored, but computing with it is an error, never a rounding.

use bigdecimal::{BigDecimal, ToPrimitive as _};
use cel::Value as Cel;
use std::str::FromStr as _;
use std::sync::Arc;

/// A number that no CEL number holds exactly, as its decimal text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExactNumber(pub String);

impl cel::objects::Opaque for ExactNumber {
    fn runtime_type_name(&self) -> &str {
        "tableshift.ExactNumber"
    }
}

/// The CEL value of a DynamoDB number.
pub fn to_cel(text: &str) -> Cel {
    if let Ok(integer) = text.parse::<i64>()
        && integer.to_string() == text
    {
        return Cel::Int(integer);
    }
    match text.parse::<f64>() {
        Ok(float) if is_exact(text, float) => Cel::Float(float),
        _ => Cel::Opaque(Arc::new(ExactNumber(text.to_owned()))),
    }
}

/// Whether the float's shortest decimal text is the very number of `text`.
fn is_exact(text: &str, float: f64) -> bool {
    float.is_finite() && BigDecimal::from_str(&float.to_string()).ok() == BigDecimal::from_str(text).ok()
}

/// The decimal text of a CEL float, or `None` where DynamoDB has no such number (not finite, or out of its range).
pub fn from_float(float: f64) -> Option<String> {
    float.is_finite().then(|| float.to_string()).and_then(|text| normal(&text))
}

/// The normal form of a decimal text within DynamoDB's range (38 significant digits, 1E-130 to 9.99E+125), or `None`.
/// Source: DynamoDB developer guide, "Supported data types: Number".
pub fn normal(text: &str) -> Option<String> {
    let text = text.trim();
    if is_normal(text) {
        return Some(text.to_owned());
    }
    // The exponent is bounded first, so that a text like 1e999999999 costs nothing.
    let exponent: i64 = text.split(['e', 'E']).nth(1).map_or(Some(0), |e| e.parse().ok())?;
    if text.len() > 512 || exponent.abs() > 512 {
        return None;
    }
    let number = BigDecimal::from_str(text).ok()?.normalized();
    if number.digits() > 38 {
        return None;
    }
    let (digits, scale) = number.as_bigint_and_exponent();
    let magnitude = number.digits() as i64 - 1 - scale;
    let zero = digits.to_i8() == Some(0);
    (zero || (-130..=125).contains(&magnitude)).then(|| if zero { "0".to_owned() } else { number.to_plain_string() })
}

/// How many significant digits a number in normal form has.
pub(crate) fn significant_digits(normal: &str) -> usize {
    let digits: String = normal.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').trim_end_matches('0').len()
}

/// How two decimal texts compare as numbers; none if one of them is no number.
pub(crate) fn compare(a: &str, b: &str) -> Option<std::cmp::Ordering> {
    if let (Ok(a), Ok(b)) = (a.parse::<i64>(), b.parse::<i64>()) {
        return Some(a.cmp(&b));
    }
    let decimal = |text: &str| BigDecimal::from_str(&normal(text)?).ok();
    Some(decimal(a)?.cmp(&decimal(b)?))
}

/// The numbers of a set in ascending order.
pub(crate) fn ascending(set: &std::collections::BTreeSet<String>) -> Vec<String> {
    let mut numbers: Vec<String> = set.iter().cloned().collect();
    numbers.sort_by(|a, b| compare(a, b).unwrap_or(std::cmp::Ordering::Equal));
    numbers
}

/// Whether a text is in normal form already, told without arithmetic: digits with no zero that could go, at most 38.
fn is_normal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, fraction)| (whole, Some(fraction)));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let short = digits.len() <= 38;
    let whole_is_normal =
        all_digits(whole) && (!whole.starts_with('0') || (whole == "0" && (fraction.is_some() || text == "0")));
    short && whole_is_normal && fraction.is_none_or(|fraction| all_digits(fraction) && !fraction.ends_with('0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_exact_floats_become_cel_numbers() {
        assert_eq!(to_cel("42"), Cel::Int(42));
        assert_eq!(to_cel("-0.5"), Cel::Float(-0.5));
        assert_eq!(to_cel("40.6398"), Cel::Float(40.6398));
    }

    #[test]
    fn a_number_of_38_digits_is_never_rounded() {
        let text = "12345678901234567890123456789012345678";
        let Cel::Opaque(opaque) = to_cel(text) else { panic!("rounded") };
        assert_eq!(opaque.downcast_ref::<ExactNumber>(), Some(&ExactNumber(text.into())));
    }

    #[test]
    fn a_text_that_looks_normal_is_its_own_normal_form() {
        for text in ["0", "7", "-7", "10", "0.5", "-0.05", "1.25", "12345678901234567890123456789012345678"] {
            assert!(is_normal(text), "{text}");
            assert_eq!(BigDecimal::from_str(text).unwrap().normalized().to_plain_string(), text);
        }
        for text in [
            "",
            "-",
            "-0",
            "00",
            "01",
            "1.",
            ".5",
            "1.50",
            "0.0",
            "+1",
            "1e3",
            "1234567890123456789012345678901234567890",
        ] {
            assert!(!is_normal(text), "{text}");
        }
    }

    #[test]
    fn normal_numbers_are_within_dynamodb_s_range() {
        assert_eq!(normal("007.50").as_deref(), Some("7.5"));
        assert_eq!(normal("-0").as_deref(), Some("0"));
        assert_eq!(normal("1e3").as_deref(), Some("1000"));
        for refused in ["", "x", "1e126", "1e-131", "1e999999999", "NaN", "123456789012345678901234567890123456789"] {
            assert_eq!(normal(refused), None, "{refused}");
        }
        assert_eq!(from_float(f64::NAN), None);
    }
}
