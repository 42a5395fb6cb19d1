//! The window in which a run may write.
//!
//! A window consists of days, two times and a time zone. Each of its days has one span, from `from` to `to`. If `to` is not
//! after `from`, the span ends on the next day and belongs to the day on which it starts. When clocks change, a time that
//! occurs twice means its first occurrence, and a time that is skipped moves forward by as much as the clocks do.

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many days ahead the next opening is searched: a week, and another one in case a clock change skips the first
/// opening.
const DAYS_AHEAD: i64 = 15;

/// The window in which a run may write to its table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The days on which the window opens; every day if left out.
    #[serde(default = "Day::all")]
    #[schemars(length(min = 1))]
    pub days: Vec<Day>,
    /// When it opens, `HH:MM` on a 24-hour clock.
    #[schemars(regex(pattern = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"))]
    pub from: String,
    /// When it closes, `HH:MM`; `24:00` is the end of the day. If it is not after `from`, the window closes on the next day.
    #[schemars(regex(pattern = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"))]
    pub to: String,
    /// The IANA name of the time zone, for example `Europe/Berlin`; `UTC` if left out.
    #[serde(default = "utc")]
    pub time_zone: String,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names need no docs")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// Whether a window is open at a time, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowState {
    /// Whether the run may write.
    pub open: bool,
    /// When the window closes if it is open, or opens if it is closed.
    pub until: Timestamp,
}

/// What is wrong with a window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("window.{field} {reason}")]
pub struct WindowError {
    /// The field to correct.
    pub field: &'static str,
    /// What is wrong with the field, and what to write instead.
    pub reason: String,
}

/// A window whose fields are parsed.
struct Hours<'a> {
    days: &'a [Day],
    from: Time,
    to: Time,
    /// How many days after the opening day the window closes: 0 or 1.
    to_days_later: i64,
    zone: TimeZone,
}

impl Window {
    /// Checks every field. Inputs are checked before a run starts.
    pub fn check(&self) -> Result<(), WindowError> {
        self.hours().map(|_| ())
    }

    /// Whether the window is open at `now`, and until when.
    pub fn state(&self, now: Timestamp) -> Result<WindowState, WindowError> {
        Ok(self.hours()?.state(now))
    }

    fn hours(&self) -> Result<Hours<'_>, WindowError> {
        if self.days.is_empty() {
            return Err(wrong("days", "is empty: write at least one day, or leave it out".into()));
        }
        let from = time("from", &self.from)?;
        let (to, to_days_later) = if self.to == "24:00" {
            (Time::midnight(), 1)
        } else {
            let to = time("to", &self.to)?;
            (to, i64::from(to <= from))
        };
        if self.from == self.to {
            let reason =
                format!("is {}, the same as `from`: the window would never close; write another time", self.to);
            return Err(wrong("to", reason));
        }
        let zone = TimeZone::get(&self.time_zone).map_err(|_| {
            let reason = format!("is {:?}: write an IANA time zone, such as Europe/Berlin", self.time_zone);
            wrong("time_zone", reason)
        })?;
        Ok(Hours { days: &self.days, from, to, to_days_later, zone })
    }
}

impl Hours<'_> {
    fn state(&self, now: Timestamp) -> WindowState {
        let today = now.to_zoned(self.zone.clone()).date();
        // Yesterday's span may still be open.
        let dates = (-1..=DAYS_AHEAD).filter_map(|days| today.checked_add(days.days()).ok());
        for (opens, closes) in dates.filter_map(|date| self.span(date)) {
            if now < opens {
                return WindowState { open: false, until: opens };
            }
            if now < closes {
                return WindowState { open: true, until: closes };
            }
        }
        // No span was found: `now` is at the end of the calendar.
        let later = now.checked_add(SignedDuration::from_hours(24));
        WindowState { open: false, until: later.unwrap_or(Timestamp::MAX) }
    }

    /// The span that begins on `date`, if there is one. A clock change may leave nothing of it.
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

/// Parses `HH:MM` and no other format.
fn time(field: &'static str, text: &str) -> Result<Time, WindowError> {
    let digits = |text: &str| (text.len() == 2).then(|| text.parse::<i8>().ok()).flatten();
    let parts = text.split_once(':');
    let read = parts.and_then(|(hour, minute)| {
        let all_digits = hour.bytes().chain(minute.bytes()).all(|byte| byte.is_ascii_digit());
        let (hour, minute) = (digits(hour)?, digits(minute)?);
        Time::new(hour, minute, 0, 0).ok().filter(|_| all_digits)
    });
    read.ok_or_else(|| wrong(field, format!("is {text:?}: write a time as HH:MM, such as 22:30")))
}

fn wrong(field: &'static str, reason: String) -> WindowError {
    WindowError { field, reason }
}

#[cfg(test)]
mod tests;
