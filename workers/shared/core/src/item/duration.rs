//! Durations as inputs and documents write them: `90s`, `10m`, `48h`, `7d`.

use jiff::{SignedDuration, Span, SpanRelativeTo};

/// The longest duration that a field accepts, in days of 24 hours.
pub const LONGEST_DAYS: i64 = 366;

/// Parses a duration such as `90s`, `10m`, `48h` or `7d` into whole seconds; a day has 24 hours. `None` if the string is
/// not a duration, or if it is shorter than a second or longer than [`LONGEST_DAYS`].
pub fn seconds(text: &str) -> Option<i64> {
    let span: Span = text.parse().ok().filter(|_| text.starts_with(|first: char| first.is_ascii_digit()))?;
    let time = span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()?;
    let longest = SignedDuration::from_hours(24 * LONGEST_DAYS);
    (time >= SignedDuration::from_secs(1) && time <= longest).then(|| time.as_secs())
}

/// Formats whole seconds in the largest unit that divides them: `7d`, `90s`.
pub fn written(seconds: i64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.into_iter().find(|(size, _)| seconds >= *size && seconds % size == 0);
    unit.map_or_else(|| format!("{seconds}s"), |(size, name)| format!("{}{name}", seconds / size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_written_duration_reads_back_as_itself(time in 1..86_400 * LONGEST_DAYS) {
            prop_assert_eq!(seconds(&written(time)), Some(time));
        }

        #[test]
        fn no_string_makes_the_parser_panic(text in "\\PC{0,12}") {
            let _ = seconds(&text);
        }
    }
}
