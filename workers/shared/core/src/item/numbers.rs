//! DynamoDB numbers as decimal strings with up to 38 significant digits. Nothing here rounds.

use bigdecimal::{BigDecimal, ToPrimitive as _};
use std::str::FromStr as _;

/// The 64-bit integer that a decimal string stands for, or `None` if it is not one.
pub(crate) fn integer(text: &str) -> Option<i64> {
    let canonical = |text: &str| text.parse::<i64>().ok().filter(|_| !text.starts_with('+'));
    canonical(text).or_else(|| canonical(&normal(text)?))
}

/// The value of a decimal string, or `None` if it is not a number within DynamoDB's range.
pub(crate) fn decimal(text: &str) -> Option<BigDecimal> {
    BigDecimal::from_str(&normal(text)?).ok()
}

/// The decimal string of a number, or `None` if the number is outside DynamoDB's range.
pub(crate) fn of_decimal(number: &BigDecimal) -> Option<String> {
    within_range(&number.normalized())
}

/// The shortest decimal string that reads back as this float, or `None` if it is not finite or outside DynamoDB's range.
pub fn from_float(float: f64) -> Option<String> {
    float.is_finite().then(|| float.to_string()).and_then(|text| normal(&text))
}

/// The normal form of a decimal string: no exponent, no leading or trailing zeros. `None` if it is not a number within
/// DynamoDB's range (38 significant digits, 1E-130 to 9.99E+125).
/// Source: DynamoDB developer guide, "Supported data types: Number".
pub fn normal(text: &str) -> Option<String> {
    let text = text.trim();
    if is_normal(text) {
        return Some(text.to_owned());
    }
    // The exponent is checked first: expanding a string such as 1e999999999 would take gigabytes.
    let exponent: i64 = text.split(['e', 'E']).nth(1).map_or(Some(0), |e| e.parse().ok())?;
    if text.len() > 512 || exponent.abs() > 512 {
        return None;
    }
    within_range(&BigDecimal::from_str(text).ok()?.normalized())
}

fn within_range(number: &BigDecimal) -> Option<String> {
    if number.digits() > 38 {
        return None;
    }
    let (digits, scale) = number.as_bigint_and_exponent();
    let magnitude = number.digits() as i64 - 1 - scale;
    let zero = digits.to_i8() == Some(0);
    (zero || (-130..=125).contains(&magnitude)).then(|| if zero { "0".to_owned() } else { number.to_plain_string() })
}

/// Whether a float may round this number: it has more than the 15 significant digits that every float keeps.
pub(crate) fn may_be_rounded(number: &str) -> bool {
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    digits.trim_start_matches('0').trim_end_matches('0').len() > f64::DIGITS as usize
}

/// Whether reading a document changes this number: the reader knows 64-bit integers and floats. Infinity and what is not a
/// number count as changed, because JSON has neither. False for a string that is not a number within DynamoDB's range.
pub(crate) fn is_rounded_when_read(number: &str) -> bool {
    let unsigned = number.trim_start_matches(['-', '+']).to_ascii_lowercase();
    if unsigned == ".inf" || unsigned == ".nan" {
        return true;
    }
    let Some(exact) = normal(number) else { return false };
    let is_integer = number.parse::<i64>().is_ok() || number.parse::<u64>().is_ok();
    let read = || number.parse::<f64>().ok().and_then(from_float);
    !is_integer && read().as_ref() != Some(&exact)
}

/// Compares two decimal strings as numbers; `None` if one of them is not a number.
pub(crate) fn compare(a: &str, b: &str) -> Option<std::cmp::Ordering> {
    if let (Ok(a), Ok(b)) = (a.parse::<i64>(), b.parse::<i64>()) {
        return Some(a.cmp(&b));
    }
    let decimal = |text: &str| BigDecimal::from_str(&normal(text)?).ok();
    Some(decimal(a)?.cmp(&decimal(b)?))
}

/// The numbers of a number set in ascending order of their values.
pub(crate) fn ascending(set: &std::collections::BTreeSet<String>) -> Vec<String> {
    let mut numbers: Vec<String> = set.iter().cloned().collect();
    numbers.sort_by(|a, b| compare(a, b).unwrap_or(std::cmp::Ordering::Equal));
    numbers
}

/// Whether a string is already in normal form, decided without arithmetic: at most 38 digits, no superfluous zeros.
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
    fn integers_have_64_bits_in_any_notation() {
        assert_eq!(integer("42"), Some(42));
        assert_eq!(integer("4.2E1"), Some(42));
        assert_eq!(integer("-0"), Some(0));
        assert_eq!(integer("9223372036854775807"), Some(i64::MAX));
        for other in ["9223372036854775808", "0.5", "", "x"] {
            assert_eq!(integer(other), None, "{other}");
        }
    }

    #[test]
    fn a_number_that_a_float_does_not_hold_is_rounded_when_it_is_read() {
        for exact in ["0.1", "1e10", "9007199254740993", "18446744073709551615", "123456789012345", "text"] {
            assert!(!is_rounded_when_read(exact), "{exact}");
        }
        for rounded in ["0.12345678901234567890", "18446744073709551617", "1234567890123456789012e-3"] {
            assert!(is_rounded_when_read(rounded) && may_be_rounded(rounded), "{rounded}");
        }
        assert!(!may_be_rounded("0.000123456789012345e12") && may_be_rounded("0.1234567890123456"));
    }

    #[test]
    fn numbers_compare_exactly_whatever_their_size() {
        use std::cmp::Ordering::*;
        assert_eq!(compare("0.1", "0.10000000000000000000000000000000000001"), Some(Less));
        assert_eq!(compare("1e2", "100"), Some(Equal));
        assert_eq!(compare("9007199254740993", "9007199254740992.5"), Some(Greater));
        assert_eq!(compare("1", "x"), None);
    }

    #[test]
    fn a_string_that_looks_normal_is_its_own_normal_form() {
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
    fn normal_numbers_are_within_the_range_of_dynamodb() {
        assert_eq!(normal("007.50").as_deref(), Some("7.5"));
        assert_eq!(normal("-0").as_deref(), Some("0"));
        assert_eq!(normal("1e3").as_deref(), Some("1000"));
        for refused in ["", "x", "1e126", "1e-131", "1e999999999", "NaN", "123456789012345678901234567890123456789"] {
            assert_eq!(normal(refused), None, "{refused}");
        }
        assert_eq!(from_float(f64::NAN), None);
    }
}
