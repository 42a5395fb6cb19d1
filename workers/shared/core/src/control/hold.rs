//! Holds: whether a run may work now, according to its window, its monitors and an operator's pause.
//!
//! Only the phase Migrate waits for windows and monitors. A verification only reads, and a roll-back is the way out of
//! trouble, so both run at any time unless an operator pauses them.

use crate::control::run_control::{Control, State};
use crate::plan::phase::Phase;
use crate::plan::window::{Window, WindowError};
use jiff::Timestamp;

/// The longest wait before a worker checks again, in seconds, so that it soon notices what an operator does.
const LONGEST_WAIT: i64 = 900;
/// The longest wait for calendars and alarms, in seconds: their state may change at any minute.
const LONGEST_WAIT_FOR_MONITORS: i64 = 300;

/// Why a run is on hold, and when to check again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// The reason, for people.
    pub reason: String,
    /// How long to wait before the next check, in seconds; at least 1.
    pub seconds: u64,
}

impl Hold {
    /// The hold on a phase at `now` (epoch milliseconds), if any. Fails if the window cannot be parsed.
    pub fn for_phase(
        phase: Phase,
        control: &Control,
        window: Option<&Window>,
        now: i64,
    ) -> Result<Option<Self>, WindowError> {
        match phase {
            Phase::Migrate => Self::for_writing(control, window, now),
            Phase::DryRun | Phase::Verify | Phase::RollBack => Ok(Self::by_operator(control, now)),
        }
    }

    /// The hold on the phase Migrate at `now` (epoch milliseconds), if any. Fails if the window cannot be parsed.
    pub fn for_writing(control: &Control, window: Option<&Window>, now: i64) -> Result<Option<Self>, WindowError> {
        if let Some(hold) = Self::by_operator(control, now) {
            return Ok(Some(hold));
        }
        if let Some(hold) = window.map_or(Ok(None), |window| by_window(window, now))? {
            return Ok(Some(hold));
        }
        Ok(by_calendar(control, now).or_else(|| by_alarm(control, now)))
    }

    /// The hold by an operator's pause, which applies to every phase.
    pub fn by_operator(control: &Control, now: i64) -> Option<Self> {
        (control.state == State::Paused).then(|| {
            let reason = control.reason.as_deref().unwrap_or("by an operator");
            Self { reason: format!("paused: {reason}"), seconds: control.pause_seconds(now) }
        })
    }
}

fn by_window(window: &Window, now: i64) -> Result<Option<Hold>, WindowError> {
    let state = window.state(Timestamp::from_millisecond(now).unwrap_or(Timestamp::MAX))?;
    if state.open {
        return Ok(None);
    }
    let reason = format!("the window is closed until {}", state.until);
    Ok(Some(Hold { reason, seconds: seconds_until(state.until.as_millisecond(), now, LONGEST_WAIT) }))
}

fn by_calendar(control: &Control, now: i64) -> Option<Hold> {
    let closed = control.monitor_status.closed?;
    let until = closed.until.filter(|until| *until > now);
    let known = until.and_then(|until| Timestamp::from_millisecond(until).ok());
    let reason = match known {
        Some(until) => format!("a change calendar is closed until {until}"),
        None => "a change calendar is closed".to_owned(),
    };
    Some(Hold { reason, seconds: seconds_until(until.unwrap_or(i64::MAX), now, LONGEST_WAIT_FOR_MONITORS) })
}

/// The hold by an alarm that was in ALARM in the last minutes.
pub(crate) fn by_alarm(control: &Control, now: i64) -> Option<Hold> {
    let alarm = control.monitor_status.alarm.as_ref().filter(|alarm| alarm.holds(now))?;
    // The longer it lasts, the less often it is checked: an execution's history must have room for an alarm of days.
    let seconds = (now.saturating_sub(alarm.since) / 10_000).clamp(60, LONGEST_WAIT_FOR_MONITORS);
    let reason = format!("alarm `{}` is in ALARM, or was a few minutes ago", alarm.name);
    Some(Hold { reason, seconds: seconds.unsigned_abs() })
}

/// The seconds until then, rounded up, so that the next check finds it over.
fn seconds_until(until: i64, now: i64, longest: i64) -> u64 {
    let millis = until.saturating_sub(now);
    (millis / 1000 + i64::from(millis % 1000 > 0)).clamp(1, longest).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::monitor_status::{Alarm, Closed, MonitorStatus};
    use serde_json::json;

    fn night() -> Window {
        serde_json::from_value(json!({"from": "22:00", "to": "04:00"})).unwrap()
    }

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    fn hold(control: &Control, window: Option<&Window>, now: &str) -> Option<(String, u64)> {
        Hold::for_writing(control, window, at(now)).unwrap().map(|hold| (hold.reason, hold.seconds))
    }

    #[test]
    fn a_run_without_window_and_monitors_is_not_on_hold() {
        assert_eq!(hold(&Control::default(), None, "2026-11-22T12:00:00Z"), None);
        assert_eq!(hold(&Control::default(), Some(&night()), "2026-11-22T23:00:00Z"), None);
    }

    #[test]
    fn a_hold_starts_when_the_window_closes_and_its_last_wait_ends_when_it_opens() {
        let closed = "the window is closed until 2026-11-22T22:00:00Z";
        assert_eq!(hold(&Control::default(), Some(&night()), "2026-11-22T03:59:59.999Z"), None);
        assert_eq!(hold(&Control::default(), Some(&night()), "2026-11-22T04:00:00Z"), Some((closed.into(), 900)));
        assert_eq!(hold(&Control::default(), Some(&night()), "2026-11-22T21:59:18.500Z"), Some((closed.into(), 42)));
    }

    #[test]
    fn a_calendar_holds_until_a_reading_finds_it_open() {
        let closed = |until: Option<i64>| Control {
            monitor_status: MonitorStatus { closed: Some(Closed { until }), ..MonitorStatus::default() },
            ..Control::default()
        };
        let soon = closed(Some(at("2026-11-22T12:01:00Z")));
        let reason = "a change calendar is closed until 2026-11-22T12:01:00Z";
        assert_eq!(hold(&soon, None, "2026-11-22T12:00:00Z"), Some((reason.into(), 60)));
        assert_eq!(hold(&soon, None, "2026-11-22T12:02:00Z"), Some(("a change calendar is closed".into(), 300)));
        assert_eq!(
            hold(&closed(None), None, "2026-11-22T12:02:00Z"),
            Some(("a change calendar is closed".into(), 300))
        );
    }

    #[test]
    fn an_alarm_holds_by_name_and_is_checked_less_often_the_longer_it_lasts() {
        let (since, now) = (at("2026-11-22T12:00:00Z"), at("2026-11-22T12:59:00Z"));
        let alarm = |since, seen| Control {
            monitor_status: MonitorStatus {
                alarm: Some(Alarm { name: "latency".into(), since, seen }),
                ..MonitorStatus::default()
            },
            ..Control::default()
        };
        let reason = "alarm `latency` is in ALARM, or was a few minutes ago";
        assert_eq!(hold(&alarm(since, since), None, "2026-11-22T12:00:01Z"), Some((reason.into(), 60)));
        assert_eq!(hold(&alarm(since, now), None, "2026-11-22T13:00:00Z"), Some((reason.into(), 300)));
        assert_eq!(hold(&alarm(since, since), None, "2026-11-22T12:05:00Z"), None);
    }

    #[test]
    fn phases_that_do_not_migrate_only_obey_an_operator() {
        let noon = at("2026-11-22T12:00:00Z");
        let paused = Control { state: State::Paused, since: noon, ..Control::default() };
        for phase in [Phase::DryRun, Phase::Verify, Phase::RollBack] {
            assert_eq!(Hold::for_phase(phase, &Control::default(), Some(&night()), noon).unwrap(), None);
            assert!(Hold::for_phase(phase, &paused, None, noon).unwrap().is_some());
        }
        assert!(Hold::for_phase(Phase::Migrate, &Control::default(), Some(&night()), noon).unwrap().is_some());
    }

    #[test]
    fn a_pause_by_an_operator_comes_before_every_other_hold() {
        let now = at("2026-11-22T12:00:00Z");
        let control = Control { state: State::Paused, since: now, reason: Some("lunch".into()), ..Control::default() };
        assert_eq!(hold(&control, Some(&night()), "2026-11-22T12:00:00Z"), Some(("paused: lunch".into(), 20)));
    }
}
