//! Whether a run that writes may write now: its window, the calendars and alarms it watches, and what an operator said.
//!
//! Only the writing heeds these. Verifying reads, and rolling back is the way out of trouble: neither waits for a window
//! or for an alarm to end.

use crate::control::run_control::{Control, State};
use crate::plan::phase::Phase;
use crate::plan::window::{Window, WindowError};
use jiff::Timestamp;

/// A child that waits asks again after this many seconds at the latest, so that an operator's word is not heard too late.
const LONGEST_WAIT: i64 = 900;
/// What calendars and alarms say may change any minute.
const LONGEST_WAIT_FOR_MONITORS: i64 = 300;

/// Why the run does not write now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// What holds it, for people.
    pub reason: String,
    /// In how many seconds to ask again; at least 1.
    pub seconds: u64,
}

impl Hold {
    /// What holds a phase of a run at `now`, in epoch milliseconds.
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

    /// What holds the writing of a run at `now`, in epoch milliseconds.
    pub fn for_writing(control: &Control, window: Option<&Window>, now: i64) -> Result<Option<Self>, WindowError> {
        if let Some(hold) = Self::by_operator(control, now) {
            return Ok(Some(hold));
        }
        if let Some(hold) = window.map_or(Ok(None), |window| by_window(window, now))? {
            return Ok(Some(hold));
        }
        Ok(by_calendar(control, now).or_else(|| by_alarm(control, now)))
    }

    /// What an operator said: it holds every phase.
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
    let told = until.and_then(|until| Timestamp::from_millisecond(until).ok());
    let reason = match told {
        Some(until) => format!("a change calendar is closed until {until}"),
        None => "a change calendar is closed".to_owned(),
    };
    Some(Hold { reason, seconds: seconds_until(until.unwrap_or(i64::MAX), now, LONGEST_WAIT_FOR_MONITORS) })
}

/// What an alarm says that was seen in the last minutes.
pub(crate) fn by_alarm(control: &Control, now: i64) -> Option<Hold> {
    let alarm = control.monitor_status.alarm.as_ref().filter(|alarm| alarm.holds(now))?;
    // The longer it lasts, the less often it is asked for: an alarm of days must stay within an execution's history.
    let seconds = (now.saturating_sub(alarm.since) / 10_000).clamp(60, LONGEST_WAIT_FOR_MONITORS);
    let reason = format!("alarm `{}` is, or was minutes ago, in ALARM", alarm.name);
    Some(Hold { reason, seconds: seconds.unsigned_abs() })
}

/// Rounded up, so that who asks again then finds it changed.
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
    fn nothing_holds_a_run_that_has_no_window_and_watches_nothing() {
        assert_eq!(hold(&Control::default(), None, "2026-11-22T12:00:00Z"), None);
        assert_eq!(hold(&Control::default(), Some(&night()), "2026-11-22T23:00:00Z"), None);
    }

    #[test]
    fn at_the_closing_second_the_window_holds_and_the_last_wait_ends_right_at_its_opening() {
        let closed = "the window is closed until 2026-11-22T22:00:00Z";
        assert_eq!(hold(&Control::default(), Some(&night()), "2026-11-22T03:59:59.999Z"), None);
        assert_eq!(hold(&Control::default(), Some(&night()), "2026-11-22T04:00:00Z"), Some((closed.into(), 900)));
        assert_eq!(hold(&Control::default(), Some(&night()), "2026-11-22T21:59:18.500Z"), Some((closed.into(), 42)));
    }

    #[test]
    fn a_calendar_holds_until_a_look_finds_it_open_however_long_ago_it_should_have_opened() {
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
    fn an_alarm_holds_by_name_and_is_asked_for_less_often_the_longer_it_lasts() {
        let (since, now) = (at("2026-11-22T12:00:00Z"), at("2026-11-22T12:59:00Z"));
        let alarm = |since, seen| Control {
            monitor_status: MonitorStatus {
                alarm: Some(Alarm { name: "latency".into(), since, seen }),
                ..MonitorStatus::default()
            },
            ..Control::default()
        };
        let reason = "alarm `latency` is, or was minutes ago, in ALARM";
        assert_eq!(hold(&alarm(since, since), None, "2026-11-22T12:00:01Z"), Some((reason.into(), 60)));
        assert_eq!(hold(&alarm(since, now), None, "2026-11-22T13:00:00Z"), Some((reason.into(), 300)));
        assert_eq!(hold(&alarm(since, since), None, "2026-11-22T12:05:00Z"), None);
    }

    #[test]
    fn what_does_not_write_heeds_an_operator_and_nothing_else() {
        let noon = at("2026-11-22T12:00:00Z");
        let paused = Control { state: State::Paused, since: noon, ..Control::default() };
        for phase in [Phase::DryRun, Phase::Verify, Phase::RollBack] {
            assert_eq!(Hold::for_phase(phase, &Control::default(), Some(&night()), noon).unwrap(), None);
            assert!(Hold::for_phase(phase, &paused, None, noon).unwrap().is_some());
        }
        assert!(Hold::for_phase(Phase::Migrate, &Control::default(), Some(&night()), noon).unwrap().is_some());
    }

    #[test]
    fn an_operator_s_pause_comes_before_everything_else() {
        let now = at("2026-11-22T12:00:00Z");
        let control = Control { state: State::Paused, since: now, reason: Some("lunch".into()), ..Control::default() };
        assert_eq!(hold(&control, Some(&night()), "2026-11-22T12:00:00Z"), Some(("paused: lunch".into(), 20)));
    }
}
