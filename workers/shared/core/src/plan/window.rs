//! When a run may write.
//!
//! A window is told the way people tell it: days, two times on the clock, a time zone. Each of its
//! days has one span, from `from` to `to`; a `to` at or before `from` is on the next morning, and the
//! night then belongs to the day on which it began. Where the clocks jump, a time that occurs twice
//! means its first occurrence, and a time that is skipped moves on by as much as the clocks do.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far ahead an opening is looked for: a week, and another should the clocks swallow the first.
const DAYS_AHEAD: i64 = 15;

/// When a run may write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The days on which the window opens. All days when left out.
    #[serde(default = "Day::all")]
    #[schemars(length(min = 1))]
    pub days: Vec<Day>,
    /// When it opens, `HH:MM` on a 24-hour clock.
    #[schemars(regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub from: String,
    /// When it closes, `HH:MM`; `24:00` is the end of the day. At or before `from`: on the next day.
    #[schemars(regex(pattern = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"))]
    pub to: String,
    /// The IANA name of the zone whose clock is meant, for example `Europe/Berlin`. `UTC` when left out.
    #[serde(default = "utc")]
    pub time_zone: String,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// What a window says about a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowState {
    /// Whether the run may write.
    pub open: bool,
    /// When that changes: the window closes, or opens.
    pub until: Timestamp,
}

/// What is wrong with a window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("window.{field} {reason}")]
pub struct WindowError {
    /// The field to mend.
    pub field: &'static str,
    /// Why.
    pub reason: String,
}

/// A window whose fields have been read.
struct Hours<'a> {
    days: &'a [Day],
    from: Time,
    to: Time,
    /// By how many days `to` comes after the day on which the window opens.
    to_days_later: i64,
    zone: TimeZone,
}

impl Window {
    /// Whether every field can be read. To be asked before a run starts.
    pub fn check(&self) -> Result<(), WindowError> {
        self.hours().map(|_| ())
    }

    /// What the window says about `now`.
    pub fn state(&self, now: Timestamp) -> Result<WindowState, WindowError> {
        Ok(self.hours()?.state(now))
    }

    fn hours(&self) -> Result<Hours<'_>, WindowError> {
        if self.days.is_empty() {
            return Err(wrong("days", "is empty: name at least one day, or leave it out".into()));
        }
        let from = time("from", &self.from)?;
        let (to, to_days_later) = if self.to == "24:00" {
            (Time::midnight(), 1)
        } else {
            let to = time("to", &self.to)?;
            (to, i64::from(to <= from))
        };
        if self.from == self.to {
            let reason = format!("is {} as from is: the window would never close", self.to);
            return Err(wrong("to", reason));
        }
        let zone = TimeZone::get(&self.time_zone).map_err(|_| {
            let reason = format!("is {:?}: name an IANA time zone, like Europe/Berlin", self.time_zone);
            wrong("time_zone", reason)
        })?;
        Ok(Hours { days: &self.days, from, to, to_days_later, zone })
    }
}

impl Hours<'_> {
    fn state(&self, now: Timestamp) -> WindowState {
        let today = now.to_zoned(self.zone.clone()).date();
        // Yesterday's span may still run; one that opens is found within the days ahead.
        let dates = (-1..=DAYS_AHEAD).filter_map(|days| today.checked_add(days.days()).ok());
        for (opens, closes) in dates.filter_map(|date| self.span(date)) {
            if now < opens {
                return WindowState { open: false, until: opens };
            }
            if now < closes {
                return WindowState { open: true, until: closes };
            }
        }
        // Only at the end of the calendar is there nothing ahead.
        let later = now.checked_add(SignedDuration::from_hours(24));
        WindowState { open: false, until: later.unwrap_or(Timestamp::MAX) }
    }

    /// The span that begins on `date`, if one does. The clocks may leave nothing of it.
    fn span(&self, date: Date) -> Option<(Timestamp, Timestamp)> {
        if !self.days.contains(&Day::of(date.weekday())) {
            return None;
        }
        let last = date.checked_add(self.to_days_later.days()).ok()?;
        let opens = date.to_datetime(self.from).to_zoned(self.zone.clone()).ok()?;
        let closes = last.to_datetime(self.to).to_zoned(self.zone.clone()).ok()?;
        (opens < closes).then(|| (opens.timestamp(), closes.timestamp()))
    }
}

impl Day {
    fn all() -> Vec<Self> {
        use Day::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
        vec![Mon, Tue, Wed, Thu, Fri, Sat, Sun]
    }

    fn of(weekday: Weekday) -> Self {
        match weekday {
            Weekday::Monday => Self::Mon,
            Weekday::Tuesday => Self::Tue,
            Weekday::Wednesday => Self::Wed,
            Weekday::Thursday => Self::Thu,
            Weekday::Friday => Self::Fri,
            Weekday::Saturday => Self::Sat,
            Weekday::Sunday => Self::Sun,
        }
    }
}

fn utc() -> String {
    "UTC".to_owned()
}

/// Reads `HH:MM`, and nothing else that a lenient reader would take.
fn time(field: &'static str, text: &str) -> Result<Time, WindowError> {
    let digits = |text: &str| (text.len() == 2).then(|| text.parse::<i8>().ok()).flatten();
    let parts = text.split_once(':');
    let read = parts.and_then(|(hour, minute)| {
        let all_digits = hour.bytes().chain(minute.bytes()).all(|byte| byte.is_ascii_digit());
        let (hour, minute) = (digits(hour)?, digits(minute)?);
        Time::new(hour, minute, 0, 0).ok().filter(|_| all_digits)
    });
    read.ok_or_else(|| wrong(field, format!("is {text:?}: write a time as HH:MM, like 22:30")))
}

fn wrong(field: &'static str, reason: String) -> WindowError {
    WindowError { field, reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn window(days: &[Day], from: &str, to: &str, zone: &str) -> Window {
        Window { days: days.to_vec(), from: from.into(), to: to.into(), time_zone: zone.into() }
    }

    fn state(window: &Window, now: &str) -> (bool, String) {
        let state = window.state(now.parse().unwrap()).unwrap();
        (state.open, state.until.to_string())
    }

    #[test]
    fn days_and_zone_have_defaults_and_unknown_fields_are_refused() {
        let short: Window = serde_json::from_value(json!({"from": "22:00", "to": "04:00"})).unwrap();
        assert_eq!(short, window(&Day::all(), "22:00", "04:00", "UTC"));
        let odd = json!({"from": "22:00", "to": "04:00", "zone": "UTC"});
        let error = serde_json::from_value::<Window>(odd).unwrap_err();
        assert!(error.to_string().contains("zone"), "{error}");
    }

    #[test]
    fn what_is_wrong_is_said_by_field() {
        let told = |window: Window| window.check().unwrap_err().to_string();
        let zone = told(window(&[Day::Mon], "01:00", "02:00", "Europe/Atlantis"));
        assert_eq!(zone, "window.time_zone is \"Europe/Atlantis\": name an IANA time zone, like Europe/Berlin");
        for from in ["24:00", "1:00", "01:60", "+1:00", "01", "0a:00", "01:00:00", ""] {
            let error = told(window(&[Day::Mon], from, "02:00", "UTC"));
            assert!(error.starts_with("window.from is "), "{error}");
        }
        assert!(told(window(&[], "01:00", "02:00", "UTC")).starts_with("window.days "));
        assert!(told(window(&[Day::Mon], "01:00", "01:00", "UTC")).starts_with("window.to "));
    }

    #[test]
    fn a_window_opens_and_closes_on_its_days() {
        // 2026-11-21 is a Saturday.
        let weekend = window(&[Day::Sat, Day::Sun], "08:00", "12:00", "UTC");
        assert_eq!(state(&weekend, "2026-11-20T09:00:00Z"), (false, "2026-11-21T08:00:00Z".into()));
        assert_eq!(state(&weekend, "2026-11-21T08:00:00Z"), (true, "2026-11-21T12:00:00Z".into()));
        assert_eq!(state(&weekend, "2026-11-21T12:00:00Z"), (false, "2026-11-22T08:00:00Z".into()));
        assert_eq!(state(&weekend, "2026-11-22T13:00:00Z"), (false, "2026-11-28T08:00:00Z".into()));
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let friday_night = window(&[Day::Fri], "22:00", "04:00", "UTC");
        assert_eq!(state(&friday_night, "2026-11-21T03:59:59Z"), (true, "2026-11-21T04:00:00Z".into()));
        assert_eq!(state(&friday_night, "2026-11-20T03:00:00Z"), (false, "2026-11-20T22:00:00Z".into()));
    }

    #[test]
    fn a_whole_day_lasts_until_midnight() {
        let sunday = window(&[Day::Sun], "00:00", "24:00", "Europe/Berlin");
        assert_eq!(state(&sunday, "2026-11-22T22:59:59Z"), (true, "2026-11-22T23:00:00Z".into()));
    }

    #[test]
    fn the_clock_on_the_wall_counts_summer_and_winter() {
        let night = window(&Day::all(), "01:00", "04:00", "Europe/Berlin");
        // Clocks go forward at 02:00 on 2026-03-29: the night has two hours.
        assert_eq!(state(&night, "2026-03-29T00:00:00Z"), (true, "2026-03-29T02:00:00Z".into()));
        // Clocks go back at 03:00 on 2026-10-25: it has four.
        assert_eq!(state(&night, "2026-10-24T23:00:00Z"), (true, "2026-10-25T03:00:00Z".into()));
        assert_eq!(state(&night, "2026-10-25T03:00:00Z"), (false, "2026-10-26T00:00:00Z".into()));
    }

    #[test]
    fn a_skipped_time_moves_on_and_a_doubled_one_is_the_first() {
        let gap = window(&[Day::Sun], "02:30", "05:00", "Europe/Berlin");
        assert_eq!(state(&gap, "2026-03-29T00:59:00Z"), (false, "2026-03-29T01:30:00Z".into()));
        let fold = window(&[Day::Sun], "01:00", "02:30", "Europe/Berlin");
        assert_eq!(state(&fold, "2026-10-25T00:00:00Z"), (true, "2026-10-25T00:30:00Z".into()));
        assert!(!state(&fold, "2026-10-25T01:15:00Z").0);
    }

    const ZONES: [&str; 6] =
        ["UTC", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"];

    fn any_window() -> impl Strategy<Value = Window> {
        let days = proptest::sample::subsequence(Day::all(), 1..=7);
        let clock = (0..24_u8, 0..60_u8).prop_map(|(hour, minute)| format!("{hour:02}:{minute:02}"));
        let to = prop_oneof![9 => clock.clone(), 1 => Just("24:00".to_owned())];
        (days, clock, to, 0..ZONES.len())
            .prop_map(|(days, from, to, zone)| window(&days, &from, &to, ZONES[zone]))
            .prop_filter("a window closes", |window| window.from != window.to)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    proptest! {
        #[test]
        fn a_state_lasts_until_it_says(
            window in any_window(),
            // From 2000 to 2100.
            now in 946_684_800_i64..4_102_444_800,
            part in 0.0..1.0_f64,
        ) {
            let state = window.state(at(now)).unwrap();
            let until = state.until.as_second();
            prop_assert!(until > now);
            prop_assert!(until - now <= 16 * 86_400);
            #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
            let between = now + ((until - 1 - now) as f64 * part) as i64;
            prop_assert_eq!(window.state(at(between)).unwrap(), state);
            if !state.open {
                prop_assert!(window.state(at(until)).unwrap().open);
            }
        }

        #[test]
        fn where_clocks_never_jump_the_wall_decides(
            window in any_window(),
            now in 946_684_800_i64..4_102_444_800,
        ) {
            let window = Window { time_zone: "UTC".into(), ..window };
            let wall = at(now).to_zoned(TimeZone::UTC);
            let clock = wall.strftime("%H:%M").to_string();
            let today = window.days.contains(&Day::of(wall.weekday()));
            let yesterday = window.days.contains(&Day::of(wall.weekday().previous()));
            let expected = if window.from < window.to {
                today && window.from <= clock && clock < window.to
            } else {
                (today && window.from <= clock) || (yesterday && clock < window.to)
            };
            prop_assert_eq!(window.state(at(now)).unwrap().open, expected);
        }
    }
}
