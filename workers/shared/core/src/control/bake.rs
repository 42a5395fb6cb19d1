//! Whether a canary has baked: for long enough, and with all alarms quiet.

use crate::control::hold::{Hold, by_alarm};
use crate::control::monitor_status::READ_EVERY_MILLIS;
use crate::control::run_control::Control;
use crate::plan::canary::CanaryPlan;
use crate::plan::monitors::Monitors;
use jiff::Timestamp;

/// How often a bake is looked after, in looks over its whole time, if that is less often than each minute: each costs some
/// ten of an execution's 25,000 events, and alarms may make it begin anew several times. With the longest bake that is a
/// look every four minutes, within the five for which an alarm that was seen counts.
const MAX_CHECKS: u64 = 360;

/// How a bake stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bake {
    /// Since when it goes without a break, in epoch milliseconds; none while an alarm keeps it from it.
    pub since: Option<i64>,
    /// Whether it is over.
    pub is_over: bool,
    /// What the run waits for, for people; empty once it is over.
    pub reason: String,
    /// In how many seconds to look again; at least 1, and 0 once it is over.
    pub seconds: u64,
}

impl Bake {
    /// How the bake of a canary stands at `now` (epoch milliseconds), given what the control item says of it.
    ///
    /// An alarm that holds the run ends the bake; it begins anew once all have been quiet for as long as any held run waits.
    /// An operator's pause keeps it from being over, and its time goes on meanwhile.
    pub fn of(control: &Control, canary: &CanaryPlan, monitors: &Monitors, now: i64) -> Self {
        if let Some(Hold { reason, seconds }) = by_alarm(control, now) {
            let reason = format!("{reason}; the bake of {} begins anew once all are quiet", canary.bake());
            return Self { since: None, is_over: false, reason, seconds };
        }
        let since = control.baking_since.unwrap_or(now);
        let end = Self::end(since, canary);
        // What rang in the bake's last minute shows in a look after its end.
        let last_read_at = control.monitor_status.last_read_at;
        let is_watched = monitors.is_empty() || last_read_at >= end;
        let until = if is_watched { end } else { end.max(last_read_at.saturating_add(READ_EVERY_MILLIS)) };
        if let Some(Hold { reason, seconds }) = Hold::by_operator(control, now) {
            return Self { since: Some(since), is_over: false, reason, seconds };
        }
        if now >= end && is_watched {
            return Self { since: Some(since), is_over: true, reason: String::new(), seconds: 0 };
        }
        let told = Timestamp::from_millisecond(end).unwrap_or(Timestamp::MAX);
        let left = until.saturating_sub(now).max(1).unsigned_abs().div_ceil(1000);
        let seconds = left.min(check_interval(canary));
        Self { since: Some(since), is_over: false, reason: format!("the canary bakes until {told:.0}"), seconds }
    }

    /// When a bake that goes since then is over, in epoch milliseconds.
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
    fn a_bake_begins_with_the_first_look_and_is_over_when_its_time_is() {
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
    fn alarms_are_looked_at_once_more_after_the_last_minute() {
        let end = 10 * MINUTE;
        let early = Bake::of(&control(Some(0), end - 1000), &canary(), &monitors(), end);
        assert_eq!((early.is_over, early.seconds), (false, 59));
        assert!(Bake::of(&control(Some(0), end), &canary(), &monitors(), end).is_over);
    }

    #[test]
    fn an_alarm_holds_the_bake_and_it_begins_anew_once_all_were_quiet_for_five_minutes() {
        let held = Bake::of(&ringing(Some(0), 9 * MINUTE), &canary(), &monitors(), 10 * MINUTE);
        assert_eq!((held.since, held.is_over, held.seconds), (None, false, 60));
        assert!(held.reason.contains("alarm `latency`") && held.reason.contains("10m begins anew"), "{}", held.reason);
        // The worker forgets the bake that was, so the next one begins with the first quiet look.
        let quiet = Bake::of(&ringing(None, 9 * MINUTE), &canary(), &monitors(), 14 * MINUTE);
        assert_eq!((quiet.since, quiet.is_over), (Some(14 * MINUTE), false));
    }

    #[test]
    fn a_pause_keeps_a_bake_from_being_over_and_its_time_goes_on() {
        let paused = Control { state: State::Paused, since: 0, ..control(Some(0), 0) };
        let bake = Bake::of(&paused, &canary(), &Monitors::default(), 20 * MINUTE);
        assert_eq!((bake.since, bake.is_over), (Some(0), false));
        assert!(Bake::of(&control(Some(0), 0), &canary(), &Monitors::default(), 20 * MINUTE).is_over);
    }

    #[test]
    fn the_longest_bake_is_looked_after_often_enough_for_an_alarm_and_seldom_enough_for_an_execution() {
        let day = CanaryPlan { bake_seconds: 86_400, ..canary() };
        let bake = Bake::of(&control(None, 0), &day, &monitors(), 0);
        assert_eq!(bake.seconds, 240);
        assert!(bake.seconds < crate::control::monitor_status::QUIET_MILLIS.unsigned_abs() / 1000);
    }
}
