//! Numbers, money and attribute values as people read them.

use tableshift_core::item::value::{Item, Value};
use tableshift_core::report::number_format::{rounded, with_commas};

/// The most characters of a value that are shown.
const MAX_SHOWN: usize = 120;
/// How much of what two long values share is shown before they part.
const SHARED_SHOWN: usize = 24;

/// A number of things: `1 item`, `2 items`.
pub(crate) fn many(number: u64, what: &str) -> String {
    format!("{} {what}{}", with_commas(number), if number == 1 { "" } else { "s" })
}

/// Capacity units: halves occur, but nobody decides by them among thousands.
pub(crate) fn units(units: f64) -> String {
    if units < 100.0 && units.fract() != 0.0 { format!("{units:.1}") } else { rounded(units) }
}

/// An amount of US dollars.
pub(crate) fn dollars(amount: f64) -> String {
    match (amount * 100.0).round() as u64 {
        0 if amount > 0.0 => "under $0.01".into(),
        cents => format!("${}.{:02}", with_commas(cents / 100), cents % 100),
    }
}

/// A size in bytes.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KB", "MB", "GB", "TB"];
    if bytes < 1024 {
        return many(bytes, "byte");
    }
    let power = (bytes.ilog2() / 10).min(4);
    format!("{:.1} {}", bytes as f64 / 1024_f64.powi(power as i32), UNITS[power as usize - 1])
}

/// A share of a whole: never 0% of something that is there, nor 100% of something that is not all.
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

/// The key attributes of an item: names with values.
pub(crate) fn key(item: &Item) -> Vec<(String, String)> {
    item.iter().map(|(name, value)| (name.clone(), shortened(&shown(value), 0))).collect()
}

/// A value as plain text: strings in quotes, sets in `<<` and `>>` as in PartiQL.
pub(crate) fn shown(value: &Value) -> String {
    match value {
        Value::S(text) => quoted(text),
        Value::N(number) => number.clone(),
        Value::B(bytes) => binary(&bytes.0),
        Value::Bool(yes) => yes.to_string(),
        Value::Null(_) => "null".into(),
        Value::M(map) => list("{", map.iter().map(|(name, value)| format!("{}: {}", quoted(name), shown(value))), "}"),
        Value::L(values) => list("[", values.iter().map(shown), "]"),
        Value::Ss(set) => list("<<", set.iter().map(|text| quoted(text)), ">>"),
        Value::Ns(set) => list("<<", set.iter().cloned(), ">>"),
        Value::Bs(set) => list("<<", set.iter().map(|bytes| binary(&bytes.0)), ">>"),
    }
}

/// From the character at `from`, at most 120 characters of a text, and how many were left out after them.
pub(crate) fn shortened(text: &str, from: usize) -> String {
    let total = text.chars().count();
    let kept: String = text.chars().skip(from).take(MAX_SHOWN).collect();
    let before = if from > 0 { "… " } else { "" };
    match total.saturating_sub(from + MAX_SHOWN) {
        0 => format!("{before}{kept}"),
        left_out => format!("{before}{kept} … {} more", many(left_out as u64, "character")),
    }
}

/// From which character on two texts are to be shown, so that what differs is seen.
pub(crate) fn parting(before: &str, after: &str) -> usize {
    let longest = before.chars().count().max(after.chars().count());
    let same = before.chars().zip(after.chars()).take_while(|(before, after)| before == after).count();
    if longest > MAX_SHOWN && same > MAX_SHOWN / 2 { same - SHARED_SHOWN } else { 0 }
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
    fn units_money_sizes_and_shares_are_rounded_without_lying() {
        assert_eq!([units(0.0), units(0.5), units(12_480.5)], ["0", "0.5", "12,481"]);
        assert_eq!([dollars(0.0), dollars(0.004), dollars(1_234.5)], ["$0.00", "under $0.01", "$1,234.50"]);
        assert_eq!([size(1), size(1536), size(5 << 30), size(3 << 50)], ["1 byte", "1.5 KB", "5.0 GB", "3072.0 TB"]);
        assert_eq!([percent(1, 100_000), percent(99_999, 100_000), percent(3, 3)], ["< 0.1%", "> 99.9%", "100%"]);
        assert_eq!([percent(0, 0), percent(1, 3)], ["0%", "33.3%"]);
    }

    #[test]
    fn values_of_all_types_are_shown_plainly() {
        let map = BTreeMap::from([("a \"b\"".to_owned(), Value::L(vec![Value::n("1.50"), Value::Null(true)]))]);
        assert_eq!(shown(&Value::M(map)), r#"{"a \"b\"": [1.50, null]}"#);
        assert_eq!(shown(&Value::Ss(BTreeSet::from(["x".into(), "y".into()]))), r#"<<"x", "y">>"#);
        assert_eq!(shown(&Value::Bool(false)), "false");
        assert_eq!(shown(&Value::B(Binary(vec![0, 255]))), "0x00ff (2 bytes)");
        assert_eq!(shown(&Value::B(Binary(vec![1; 20]))), format!("0x{}… (20 bytes)", "01".repeat(16)));
    }

    #[test]
    fn a_long_text_is_shortened_by_characters() {
        let text = "ü".repeat(130);
        assert_eq!(shortened(&text, 0), format!("{} … 10 characters more", "ü".repeat(120)));
        assert_eq!(shortened("short", 0), "short");
    }

    #[test]
    fn two_long_texts_are_shown_from_where_they_part() {
        let (before, after) = (format!("{}b", "x".repeat(300)), format!("{}a", "x".repeat(300)));
        let from = parting(&before, &after);
        assert_eq!(shortened(&after, from), format!("… {}a", "x".repeat(SHARED_SHOWN)));
        assert_eq!(parting("short", "shore"), 0);
    }
}
