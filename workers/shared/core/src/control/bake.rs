//! Whether a canary has baked: long enough, and with all alarms quiet.

use crate::control::hold::{Hold, by_alarm};
use crate::control::monitor_status::READ_EVERY_MILLIS;
use crate::control::run_control::Control;
use crate::plan::canary::CanaryPlan;
use crate::plan::settings::monitors::Monitors;
use jiff::Timestamp;

/// The most checks in one bake; a short bake is checked every minute. Each check adds about ten events to the execution's
/// history, which has room for 25,000, and alarms may restart the bake several times. The longest bake is then checked every
/// four minutes, within the five minutes for which an alarm counts after it was seen.
const MAX_CHECKS: u64 = 360;

/// The state of a bake, and when to check it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bake {
    /// When the uninterrupted bake started, in epoch milliseconds; `None` while an alarm interrupts it.
    pub since: Option<i64>,
    /// Whether the canary has baked long enough.
    pub is_over: bool,
    /// What the run waits for, for people; empty once the bake is over.
    pub reason: String,
    /// How long to wait before the next check, in seconds: at least 1, and 0 once the bake is over.
    pub seconds: u64,
}

impl Bake {
    /// The state of a bake at `now` (epoch milliseconds), according to the control item.
    ///
    /// An alarm interrupts the bake; it starts again once all alarms have been quiet for as long as any run on hold waits. A
    /// pause by an operator keeps the bake from ending, but its time keeps running.
    pub fn of(control: &Control, canary: &CanaryPlan, monitors: &Monitors, now: i64) -> Self {
        if let Some(Hold { reason, seconds }) = by_alarm(control, now) {
            let reason = format!("{reason}; the bake of {} starts again once all alarms are quiet", canary.bake());
            return Self { since: None, is_over: false, reason, seconds };
        }
        let since = control.baking_since.unwrap_or(now);
        let end = Self::end(since, canary);
        // An alarm in the last minute of the bake only shows in a reading after its end.
        let last_read_at = control.monitor_status.last_read_at;
        let is_read = monitors.is_empty() || last_read_at >= end;
        let until = if is_read { end } else { end.max(last_read_at.saturating_add(READ_EVERY_MILLIS)) };
        if let Some(Hold { reason, seconds }) = Hold::by_operator(control, now) {
            return Self { since: Some(since), is_over: false, reason, seconds };
        }
        if now >= end && is_read {
            return Self { since: Some(since), is_over: true, reason: String::new(), seconds: 0 };
        }
        let end_time = Timestamp::from_millisecond(end).unwrap_or(Timestamp::MAX);
        let left = until.saturating_sub(now).max(1).unsigned_abs().div_ceil(1000);
        let seconds = left.min(check_interval(canary));
        Self { since: Some(since), is_over: false, reason: format!("the canary bakes until {end_time:.0}"), seconds }
    }

    /// When a bake that started at `since` is over; both in epoch milliseconds.
    pub fn end(since: i64, canary: &CanaryPlan) -> i64 {
        since.saturating_add_unsigned(canary.bake_seconds.saturating_mul(1000))
    }
}

fn check_interval(canary: &CanaryPlan) -> u64 {
    (canary.bake_seconds / MAX_CHECKS).max(READ_EVERY_MILLIS.unsigned_abs() / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::monitor_status::{Alarm, MonitorStatus};
    use crate::control::run_control::State;

    const MINUTE: i64 = 60_000;

    fn canary() -> CanaryPlan {
        CanaryPlan { segments: 1, bake_seconds: 600, approve: false }
    }

    fn monitors() -> Monitors {
        Monitors { alarms: vec!["latency".into()], ..Monitors::default() }
    }

    fn control(since: Option<i64>, last_read_at: i64) -> Control {
        Control {
            baking_since: since,
            monitor_status: MonitorStatus { last_read_at, ..MonitorStatus::default() },
            ..Control::default()
        }
    }

    fn ringing(since: Option<i64>, seen: i64) -> Control {
        let alarm = Some(Alarm { name: "latency".into(), since: seen, seen });
        Control { monitor_status: MonitorStatus { alarm, last_read_at: seen, closed: None }, ..control(since, seen) }
    }

    #[test]
    fn a_bake_starts_with_the_first_check_and_ends_after_its_time() {
        let nothing = Monitors::default();
        let first = Bake::of(&control(None, 0), &canary(), &nothing, 500);
        assert_eq!(first.since, Some(500));
        assert_eq!((first.is_over, first.seconds), (false, 60));
        assert_eq!(first.reason, "the canary bakes until 1970-01-01T00:10:00Z");
        let later = |now| Bake::of(&control(Some(500), 0), &canary(), &nothing, now);
        assert_eq!((later(10 * MINUTE - 1500).seconds, later(10 * MINUTE + 499).seconds), (2, 1));
        assert!(!later(10 * MINUTE + 499).is_over);
        assert_eq!(
            later(10 * MINUTE + 500),
            Bake { since: Some(500), is_over: true, reason: String::new(), seconds: 0 }
        );
    }

    #[test]
    fn alarms_are_read_once_more_after_the_end_of_the_bake() {
        let end = 10 * MINUTE;
        let early = Bake::of(&control(Some(0), end - 1000), &canary(), &monitors(), end);
        assert_eq!((early.is_over, early.seconds), (false, 59));
        assert!(Bake::of(&control(Some(0), end), &canary(), &monitors(), end).is_over);
    }

    #[test]
    fn a_bake_starts_again_once_alarms_were_quiet_for_five_minutes() {
        let held = Bake::of(&ringing(Some(0), 9 * MINUTE), &canary(), &monitors(), 10 * MINUTE);
        assert_eq!((held.since, held.is_over, held.seconds), (None, false, 60));
        assert!(held.reason.contains("alarm `latency`") && held.reason.contains("10m starts again"), "{}", held.reason);
        // The worker removes the interrupted bake, so the next one starts with the first quiet check.
        let quiet = Bake::of(&ringing(None, 9 * MINUTE), &canary(), &monitors(), 14 * MINUTE);
        assert_eq!((quiet.since, quiet.is_over), (Some(14 * MINUTE), false));
    }

    #[test]
    fn a_paused_bake_does_not_end_but_its_time_keeps_running() {
        let paused = Control { state: State::Paused, since: 0, ..control(Some(0), 0) };
        let bake = Bake::of(&paused, &canary(), &Monitors::default(), 20 * MINUTE);
        assert_eq!((bake.since, bake.is_over), (Some(0), false));
        assert!(Bake::of(&control(Some(0), 0), &canary(), &Monitors::default(), 20 * MINUTE).is_over);
    }

    #[test]
    fn the_longest_bake_is_checked_often_enough_to_see_every_alarm() {
        let day = CanaryPlan { bake_seconds: 86_400, ..canary() };
        let bake = Bake::of(&control(None, 0), &day, &monitors(), 0);
        assert_eq!(bake.seconds, 240);
        assert!(bake.seconds < crate::control::monitor_status::QUIET_MILLIS.unsigned_abs() / 1000);
    }
}
