//! Numbers and times as people read them.

/// A number with its thousands separated: 28,298 instead of 28298.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group));
    groups.collect::<Vec<_>>().join(",")
}

/// A time in its two largest units: 1h 05m instead of 3900 seconds.
pub fn duration(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, _) => format!("{minutes}m {:02}s", seconds % 60),
        (0, _, _) => format!("{hours}h {minutes:02}m"),
        _ => format!("{days}d {hours:02}h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated() {
        assert_eq!((grouped(7), grouped(1_234_567)), ("7".to_owned(), "1,234,567".to_owned()));
    }

    #[test]
    fn a_duration_is_written_in_two_units() {
        let durations: Vec<_> = [5, 65, 3_900, 100_000].into_iter().map(duration).collect();
        assert_eq!(durations, ["5s", "1m 05s", "1h 05m", "1d 03h"]);
    }
}
