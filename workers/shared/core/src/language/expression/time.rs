//! Converts times exactly between ISO 8601 strings and seconds since 1970.

use crate::item::numbers;
use bigdecimal::{BigDecimal, ToPrimitive as _};
use jiff::Timestamp;
use std::str::FromStr as _;

/// The seconds since 1970 of an ISO 8601 time with its offset, as a decimal number in normal form. The error says what is
/// wrong with the attribute: "holds ...".
pub(crate) fn epoch_seconds(time: &str) -> Result<String, String> {
    // Seconds since 1970 have no leap seconds: one would become the second before it.
    let time = (!time.contains(":60")).then(|| Timestamp::from_str(time).ok()).flatten();
    let nanoseconds = time.map(|time| BigDecimal::new(time.as_nanosecond().into(), 9).to_plain_string());
    nanoseconds.as_deref().and_then(numbers::normal).ok_or_else(|| {
        "does not hold an ISO 8601 time with its offset and at most nine decimals, as in 2026-11-22T10:00:00Z".into()
    })
}

/// The ISO 8601 time in UTC of seconds since 1970. The error says what is wrong with the attribute: "holds ...".
pub(crate) fn iso_time(seconds: &str) -> Result<String, String> {
    let number = numbers::normal(seconds).and_then(|seconds| BigDecimal::from_str(&seconds).ok());
    let nanoseconds = number.map(|seconds| seconds * BigDecimal::from(1_000_000_000));
    let whole = nanoseconds.filter(BigDecimal::is_integer).and_then(|nanoseconds| nanoseconds.to_i128());
    let time = whole.and_then(|nanoseconds| Timestamp::from_nanosecond(nanoseconds).ok());
    time.map(|time| time.to_string()).ok_or_else(|| {
        "holds a number that is not a time: seconds since 1970, in the years -9999 to 9999, with at most nine decimals"
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn offsets_and_fractions_are_kept_exactly() {
        assert_eq!(epoch_seconds("2026-11-22T10:00:00Z").unwrap(), "1795341600");
        assert_eq!(epoch_seconds("2026-11-22T11:00:00.000000001+01:00").unwrap(), "1795341600.000000001");
        assert_eq!(epoch_seconds("1969-12-31T23:59:59.5Z").unwrap(), "-0.5");
        assert_eq!(iso_time("1795341600.5").unwrap(), "2026-11-22T10:00:00.5Z");
    }

    #[test]
    fn what_is_not_a_point_in_time_is_refused() {
        for text in
            ["", "2026-11-22", "2026-11-22T10:00:00", "2016-12-31T23:59:60Z", "2026-02-30T00:00:00Z", "1795341600"]
        {
            assert!(epoch_seconds(text).is_err(), "{text}");
        }
        for number in ["1e30", "0.0000000001", "x"] {
            assert!(iso_time(number).is_err(), "{number}");
        }
    }

    proptest! {
        #[test]
        fn a_time_converts_back_to_the_same_seconds(nanoseconds in -62_135_596_800_000_000_000i128..253_402_207_200_000_000_000) {
            let seconds = numbers::normal(&BigDecimal::new(nanoseconds.into(), 9).to_plain_string()).unwrap();
            prop_assert_eq!(epoch_seconds(&iso_time(&seconds).unwrap()).unwrap(), seconds);
        }
    }
}
