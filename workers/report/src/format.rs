//! Formats numbers, amounts of money and attribute values for people.

use tableshift_core::item::value::{Item, Value};
use tableshift_core::report::number_format::{rounded, with_commas};

/// The most characters of a value on the page.
const MAX_CHARACTERS: usize = 120;
/// How many characters before the first difference of two long values are shown.
const CONTEXT_CHARACTERS: usize = 24;

/// A number with its noun: `1 item`, `2 items`.
pub(crate) fn count(number: u64, what: &str) -> String {
    format!("{} {what}{}", with_commas(number), if number == 1 { "" } else { "s" })
}

/// Capacity units: with one decimal place below 100, because half units occur; whole above.
pub(crate) fn units(units: f64) -> String {
    if units < 100.0 && units.fract() != 0.0 { format!("{units:.1}") } else { rounded(units) }
}

/// An amount of US dollars: `$1,234.50`.
pub(crate) fn dollars(amount: f64) -> String {
    match (amount * 100.0).round() as u64 {
        0 if amount > 0.0 => "under $0.01".into(),
        cents => format!("${}.{:02}", with_commas(cents / 100), cents % 100),
    }
}

/// A number of bytes in a readable unit: `1.5 KB`, where 1 KB is 1,024 bytes.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1024 {
        return count(bytes, "byte");
    }
    let power = (bytes.ilog2() / 10).min(4);
    format!("{:.1} {}", bytes as f64 / 1024_f64.powi(power as i32), UNITS[power as usize - 1])
}

/// A share of a whole. A part that is not zero is never shown as 0%, and one that is not the whole never as 100%.
pub(crate) fn percent(part: u64, whole: u64) -> String {
    let share = 100.0 * part as f64 / whole.max(1) as f64;
    match part {
        0 => "0%".into(),
        _ if share < 0.1 => "< 0.1%".into(),
        _ if part < whole && share > 99.9 => "> 99.9%".into(),
        _ if part == whole => "100%".into(),
        _ => format!("{share:.1}%"),
    }
}

/// The key attributes of an item: pairs of name and value.
pub(crate) fn key(item: &Item) -> Vec<(String, String)> {
    item.iter().map(|(name, of)| (name.clone(), shorten(&value(of), 0))).collect()
}

/// A value in readable form: strings in quotes, sets in `<<` and `>>` as in PartiQL.
pub(crate) fn value(of: &Value) -> String {
    match of {
        Value::S(text) => quoted(text),
        Value::N(number) => number.clone(),
        Value::B(bytes) => binary(&bytes.0),
        Value::Bool(value) => value.to_string(),
        Value::Null(_) => "null".into(),
        Value::M(map) => list("{", map.iter().map(|(name, of)| format!("{}: {}", quoted(name), value(of))), "}"),
        Value::L(values) => list("[", values.iter().map(value), "]"),
        Value::Ss(set) => list("<<", set.iter().map(|text| quoted(text)), ">>"),
        Value::Ns(set) => list("<<", set.iter().cloned(), ">>"),
        Value::Bs(set) => list("<<", set.iter().map(|bytes| binary(&bytes.0)), ">>"),
    }
}

/// At most 120 characters of a text, starting at the character `from`, and how many characters follow.
pub(crate) fn shorten(text: &str, from: usize) -> String {
    let total = text.chars().count();
    let shown: String = text.chars().skip(from).take(MAX_CHARACTERS).collect();
    let before = if from > 0 { "… " } else { "" };
    match total.saturating_sub(from + MAX_CHARACTERS) {
        0 => format!("{before}{shown}"),
        left_out => format!("{before}{shown} … {} more", count(left_out as u64, "character")),
    }
}

/// The character at which to start showing two texts, so that their first difference is visible.
pub(crate) fn start_of_difference(before: &str, after: &str) -> usize {
    let longest = before.chars().count().max(after.chars().count());
    let same = before.chars().zip(after.chars()).take_while(|(before, after)| before == after).count();
    if longest > MAX_CHARACTERS && same > MAX_CHARACTERS / 2 { same - CONTEXT_CHARACTERS } else { 0 }
}

fn list(open: &str, parts: impl Iterator<Item = String>, close: &str) -> String {
    format!("{open}{}{close}", parts.collect::<Vec<_>>().join(", "))
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn binary(bytes: &[u8]) -> String {
    let start: String = bytes.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let more = if bytes.len() > 16 { "…" } else { "" };
    format!("0x{start}{more} ({})", size(bytes.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};
    use tableshift_core::item::value::Binary;

    #[test]
    fn units_amounts_sizes_and_shares_are_rounded_but_never_to_nothing_or_all() {
        assert_eq!([units(0.0), units(0.5), units(12_480.5)], ["0", "0.5", "12,481"]);
        assert_eq!([dollars(0.0), dollars(0.004), dollars(1_234.5)], ["$0.00", "under $0.01", "$1,234.50"]);
        assert_eq!([size(1), size(1536), size(5 << 30), size(3 << 50)], ["1 byte", "1.5 KB", "5.0 GB", "3072.0 TB"]);
        assert_eq!([percent(1, 100_000), percent(99_999, 100_000), percent(3, 3)], ["< 0.1%", "> 99.9%", "100%"]);
        assert_eq!([percent(0, 0), percent(1, 3)], ["0%", "33.3%"]);
    }

    #[test]
    fn values_of_all_types_are_readable() {
        let map = BTreeMap::from([("a \"b\"".to_owned(), Value::L(vec![Value::n("1.50"), Value::Null(true)]))]);
        assert_eq!(value(&Value::M(map)), r#"{"a \"b\"": [1.50, null]}"#);
        assert_eq!(value(&Value::Ss(BTreeSet::from(["x".into(), "y".into()]))), r#"<<"x", "y">>"#);
        assert_eq!(value(&Value::Bool(false)), "false");
        assert_eq!(value(&Value::B(Binary(vec![0, 255]))), "0x00ff (2 bytes)");
        assert_eq!(value(&Value::B(Binary(vec![1; 20]))), format!("0x{}… (20 bytes)", "01".repeat(16)));
    }

    #[test]
    fn a_long_text_is_shortened_by_characters() {
        let text = "ü".repeat(130);
        assert_eq!(shorten(&text, 0), format!("{} … 10 characters more", "ü".repeat(120)));
        assert_eq!(shorten("short", 0), "short");
    }

    #[test]
    fn two_long_texts_are_shown_from_just_before_their_first_difference() {
        let (before, after) = (format!("{}b", "x".repeat(300)), format!("{}a", "x".repeat(300)));
        let from = start_of_difference(&before, &after);
        assert_eq!(shorten(&after, from), format!("… {}a", "x".repeat(CONTEXT_CHARACTERS)));
        assert_eq!(start_of_difference("short", "shore"), 0);
    }
}
