//! The control item: what an operator, or a worker that met a limit, orders for all workers of a run.
//!
//! It is one item in the ledger, `RUN#<run>` / `CONTROL`. Workers read it at every page, but at most every two seconds.

use crate::control::monitor_status::MonitorStatus;
use crate::control::pace::share;
use crate::control::throttle::Reach;

/// The contents of the control item.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Control {
    /// Whether the workers may work.
    pub state: State,
    /// When `state` was set, in epoch milliseconds.
    pub since: i64,
    /// Why the run was paused or stopped.
    pub reason: Option<String>,
    /// The run's write units a second, all workers together; overrides the plan.
    pub write_units_per_second: Option<u32>,
    /// The run's read units a second, all workers together; overrides the plan.
    pub read_units_per_second: Option<u32>,
    /// The run's write rate after throttles that concern every worker.
    pub slowed: Option<Slowed>,
    /// The number of segments that are migrated. The others share the budget.
    pub segments_done: u32,
    /// When the canary's uninterrupted bake started, in epoch milliseconds.
    pub baking_since: Option<i64>,
    /// The status of calendars and alarms, read by one of the workers in the last minute.
    pub monitor_status: MonitorStatus,
    /// When a message announced the current hold, in epoch milliseconds; `None` while there is no hold.
    pub hold_announced_at: Option<i64>,
}

/// How old an announced hold must be before a worker that sees no hold may clear it, in milliseconds. The clocks of workers
/// differ: a worker whose clock is behind still sees the window open.
const CLOCK_SKEW_MILLIS: i64 = 5_000;

/// Whether the workers of a run may work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// They work.
    #[default]
    Running,
    /// They end their invocation; the state machine calls them again later.
    Paused,
    /// They stop: an operator aborted the run, or a worker met an error that all workers would meet.
    Stopped,
}

/// A run's write rate after a throttle that concerns every worker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slowed {
    /// The rate right after the throttle, in units a second.
    pub to: f64,
    /// When the throttle occurred, in epoch milliseconds.
    pub at: i64,
    /// How much the rate recovers every second, in units a second.
    pub growth: f64,
}

/// The least time between two cuts of the run's rate, in milliseconds. Workers read the control item every two seconds;
/// until all of them know a cut, further throttles have the same cause.
const MIN_CUT_INTERVAL_MILLIS: i64 = 2_500;
/// The recovery every second after a throttle of the table: a share of the rate before the throttle, and at least a share of
/// the budget. Without the second one, a run that had just started would stay slow for hours.
const TABLE_GROWTH: (f64, f64) = (0.05, 0.01);
/// The same after a throttle by a fixed limit, which does not go away: the rate recovers over many minutes.
const LIMIT_GROWTH: (f64, f64) = (0.002, 0.002);

impl Slowed {
    /// The run's rate after a throttle at `now` (epoch milliseconds), if the throttle changes it. `rate` is what the run
    /// consumed and `budget` what it may consume, in units a second.
    pub fn after(before: Option<Self>, reach: Reach, rate: f64, budget: Option<u32>, now: i64) -> Option<Self> {
        let (growth, of_budget) = match reach {
            Reach::KeyRange => return None,
            Reach::Table => TABLE_GROWTH,
            Reach::Limit => LIMIT_GROWTH,
        };
        if before.is_some_and(|slowed| now - slowed.at < MIN_CUT_INTERVAL_MILLIS) {
            return None;
        }
        let rate = before.map_or(rate, |slowed| slowed.rate(now).min(rate)).max(2.0);
        let growth = (rate * growth).max(f64::from(budget.unwrap_or_default()) * of_budget).max(0.1);
        Some(Self { to: rate / 2.0, at: now, growth })
    }

    /// The run's rate at `now` (epoch milliseconds), in units a second.
    pub fn rate(&self, now: i64) -> f64 {
        self.to + self.growth * (now - self.at).max(0) as f64 / 1000.0
    }
}

impl Control {
    /// One worker's write units a second, from the plan's budget, segments and workers; `None` means no limit. `now` is in
    /// epoch milliseconds.
    pub fn write_share(&self, planned: Option<u32>, segments: u32, workers: u32, now: i64) -> Option<f64> {
        let workers = self.workers_left(segments, workers);
        let budget = share(self.write_units_per_second.or(planned), workers);
        let slowed = self.slowed.map(|slowed| slowed.rate(now) / f64::from(workers));
        match (budget, slowed) {
            (Some(budget), Some(slowed)) => Some(budget.min(slowed)),
            // Once the rate is far above the throttled one, the throttle no longer limits it.
            (None, Some(slowed)) => self.slowed.filter(|s| s.rate(now) < s.to * 8.0).map(|_| slowed),
            (budget, None) => budget,
        }
    }

    /// The run's rate after a throttle that one worker met, if the throttle changes it. `asked` is the rate at which that
    /// worker sent writes, in units a second; budget, segments and workers are the plan's.
    pub fn slowed_by(
        &self,
        reach: Reach,
        asked: f64,
        planned: Option<u32>,
        (segments, workers): (u32, u32),
        now: i64,
    ) -> Option<Slowed> {
        let share = self.write_share(planned, segments, workers, now).unwrap_or(f64::INFINITY);
        let rate = asked.min(share) * f64::from(self.workers_left(segments, workers));
        Slowed::after(self.slowed, reach, rate, self.write_units_per_second.or(planned), now)
    }

    /// One worker's read units a second, from the plan's budget, segments and workers; `None` means no limit.
    pub fn read_share(&self, planned: Option<u32>, segments: u32, workers: u32) -> Option<f64> {
        share(self.read_units_per_second.or(planned), self.workers_left(segments, workers))
    }

    /// The number of running workers: the plan's number, or the number of segments that are left.
    fn workers_left(&self, segments: u32, workers: u32) -> u32 {
        workers.min(segments.saturating_sub(self.segments_done)).max(1)
    }

    /// When the current hold was announced, if a worker that sees no hold at `now` (epoch milliseconds) may clear it.
    pub fn outdated_hold(&self, now: i64) -> Option<i64> {
        self.hold_announced_at.filter(|since| now.saturating_sub(*since) >= CLOCK_SKEW_MILLIS)
    }

    /// How long a paused worker waits before the next check, in seconds. It grows with the pause, so that the history of an
    /// execution (25,000 events) has room for a pause of days.
    pub fn pause_seconds(&self, now: i64) -> u64 {
        let paused = (now - self.since).max(0) as u64 / 1000;
        (paused / 10).clamp(20, 300)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_workers_share_the_budget() {
        let mut control = Control::default();
        assert_eq!(control.write_share(Some(100), 10, 4, 0), Some(25.0));
        control.segments_done = 8;
        assert_eq!(control.write_share(Some(100), 10, 4, 0), Some(50.0));
        control.segments_done = 10;
        assert_eq!(control.write_share(Some(100), 10, 4, 0), Some(100.0));
        control.write_units_per_second = Some(10);
        assert_eq!(control.write_share(Some(100), 10, 4, 0), Some(10.0));
    }

    #[test]
    fn a_throttle_of_the_table_halves_the_rate_once_and_the_rate_recovers() {
        let slowed = Slowed::after(None, Reach::Table, 400.0, None, 10_000).unwrap();
        assert_eq!(slowed.rate(10_000), 200.0);
        assert_eq!(Slowed::after(Some(slowed), Reach::Table, 400.0, None, 12_000), None);
        assert_eq!(slowed.rate(15_000), 300.0);
        assert_eq!(Slowed::after(None, Reach::KeyRange, 400.0, None, 0), None);
        let limit = Slowed::after(None, Reach::Limit, 400.0, None, 0).unwrap();
        assert!(limit.rate(10_000) < 210.0);
    }

    #[test]
    fn a_run_that_had_just_started_is_back_at_its_budget_within_two_minutes() {
        let slowed = Slowed::after(None, Reach::Table, 3.0, Some(1000), 0).unwrap();
        assert!(slowed.rate(0) < 2.0);
        assert!(slowed.rate(120_000) > 1000.0);
    }

    #[test]
    fn a_throttle_cuts_the_rate_of_the_worker_but_at_most_its_share() {
        let control = Control { segments_done: 8, ..Control::default() };
        let slowed = |asked| control.slowed_by(Reach::Table, asked, Some(100), (10, 4), 0).map(|slowed| slowed.to);
        assert_eq!(slowed(20.0), Some(20.0));
        assert_eq!(slowed(500.0), Some(50.0));
    }

    #[test]
    fn an_announced_hold_is_outdated_once_clock_skew_cannot_explain_it() {
        let control = Control { hold_announced_at: Some(10_000), ..Control::default() };
        assert_eq!((control.outdated_hold(14_999), control.outdated_hold(15_000)), (None, Some(10_000)));
        assert_eq!(Control::default().outdated_hold(15_000), None);
    }

    #[test]
    fn a_long_pause_is_checked_less_often() {
        let control = Control { state: State::Paused, since: 0, ..Control::default() };
        assert_eq!(control.pause_seconds(5_000), 20);
        assert_eq!(control.pause_seconds(1_000_000), 100);
        assert_eq!(control.pause_seconds(i64::MAX / 2), 300);
    }

    #[test]
    fn a_throttle_without_a_budget_limits_until_the_rate_is_eight_times_the_throttled_one() {
        let slowed = Slowed { to: 10.0, at: 0, growth: 1.0 };
        let control = Control { slowed: Some(slowed), ..Control::default() };
        assert_eq!(control.write_share(None, 10, 4, 69_000), Some(79.0 / 4.0));
        assert_eq!(control.write_share(None, 10, 4, 70_000), None);
    }
}
