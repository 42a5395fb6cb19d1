//! Whether a canary has baked: for long enough, and with all alarms quiet.

use crate::canary::CanaryPlan;
use crate::control::Control;
use crate::hold::{Hold, by_alarm};
use crate::signals::{LOOK_EVERY_MILLIS, Watched};
use jiff::Timestamp;

/// How often a bake is looked after, in looks over its whole time, if that is less often than each minute: each costs some
/// ten of an execution's 25,000 events, and alarms may make it begin anew several times. With the longest bake that is a
/// look every four minutes, within the five for which an alarm that was seen counts.
const MOST_LOOKS: u64 = 360;

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
    pub fn of(control: &Control, canary: &CanaryPlan, watched: &Watched, now: i64) -> Self {
        if let Some(Hold { reason, seconds }) = by_alarm(control, now) {
            let reason = format!("{reason}; the bake of {} begins anew once all are quiet", canary.bake());
            return Self { since: None, is_over: false, reason, seconds };
        }
        let since = control.baking_since.unwrap_or(now);
        let end = Self::end(since, canary);
        // What rang in the bake's last minute shows in a look after its end.
        let looked_at = control.outlook.looked_at;
        let is_watched = watched.is_empty() || looked_at >= end;
        let until = if is_watched { end } else { end.max(looked_at.saturating_add(LOOK_EVERY_MILLIS)) };
        if let Some(Hold { reason, seconds }) = Hold::by_operator(control, now) {
            return Self { since: Some(since), is_over: false, reason, seconds };
        }
        if now >= end && is_watched {
            return Self { since: Some(since), is_over: true, reason: String::new(), seconds: 0 };
        }
        let told = Timestamp::from_millisecond(end).unwrap_or(Timestamp::MAX);
        let left = until.saturating_sub(now).max(1).unsigned_abs().div_ceil(1000);
        let seconds = left.min(look_every(canary));
        Self { since: Some(since), is_over: false, reason: format!("the canary bakes until {told:.0}"), seconds }
    }

    /// When a bake that goes since then is over, in epoch milliseconds.
    pub fn end(since: i64, canary: &CanaryPlan) -> i64 {
        since.saturating_add_unsigned(canary.bake_seconds.saturating_mul(1000))
    }
}

fn look_every(canary: &CanaryPlan) -> u64 {
    (canary.bake_seconds / MOST_LOOKS).max(LOOK_EVERY_MILLIS.unsigned_abs() / 1000)
}

#[cfg(test)]
#[path = "bake_tests.rs"]
mod tests;
