//! Numbers in the format that reports, messages and the command show to people.

/// A whole number with commas between groups of three digits: `1,234,567`.
pub fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group));
    groups.collect::<Vec<_>>().join(",")
}

/// An amount rounded to the nearest whole number, with commas. A negative amount is shown as 0.
pub fn rounded(amount: f64) -> String {
    with_commas(amount.round() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated_by_commas() {
        let found: Vec<_> = [0, 7, 999, 1_000, 28_000, 48_211, 1_234_567].map(with_commas).into();
        assert_eq!(found, ["0", "7", "999", "1,000", "28,000", "48,211", "1,234,567"]);
        assert_eq!([rounded(12_480.5), rounded(0.4)], ["12,481", "0"]);
    }
}
