//! Steering a run while it works: what an operator, or a worker that met a wall, says to every worker.
//!
//! It is one item in the ledger, `RUN#<run>` / `CONTROL`, read by workers at every page and at most every two seconds.

use crate::control::monitor_status::MonitorStatus;
use crate::control::pace::share;
use crate::control::throttle::Reach;

/// What the workers of a run are told.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Control {
    /// Whether to work.
    pub state: State,
    /// When the state was set, in epoch milliseconds.
    pub since: i64,
    /// Why the run was stopped, if it was.
    pub reason: Option<String>,
    /// The run's write units a second, instead of the plan's.
    pub write_units_per_second: Option<u32>,
    /// The run's read units a second, instead of the plan's.
    pub read_units_per_second: Option<u32>,
    /// What throttles that concern every worker left of the write budget.
    pub slowed: Option<Slowed>,
    /// How many segments of the writing are done: those that are left share the budget.
    pub segments_done: u32,
    /// Since when the canary bakes without a break, in epoch milliseconds.
    pub baking_since: Option<i64>,
    /// What calendars and alarms say, as one of the workers saw them in the last minute.
    pub monitor_status: MonitorStatus,
    /// Since when people know that something holds the run, in epoch milliseconds; none while nothing does.
    pub hold_announced_at: Option<i64>,
}

/// A hold that was told is taken for over only so many milliseconds later: the clocks of two workers differ, and the one
/// whose window closes later must not undo what the other said.
const CLOCK_SKEW_MILLIS: i64 = 5_000;

/// Whether workers work.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// They do.
    #[default]
    Running,
    /// They leave Lambda and come back to ask.
    Paused,
    /// They stop for good: an operator said so, or one of them met an error that all would meet.
    Stopped,
}

/// A run's write rate after a throttle that concerns every worker.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slowed {
    /// Units a second right after the throttle.
    pub to: f64,
    /// When, in epoch milliseconds.
    pub at: i64,
    /// How many units a second come back every second.
    pub growth: f64,
}

/// A throttle that concerns every worker cuts the run's rate at most so often, in milliseconds: workers ask every two
/// seconds, and until all of them know of a cut, further throttles are news of what led to it.
const MIN_CUT_INTERVAL_MILLIS: i64 = 2_500;
/// How much comes back every second after a throttle of the table: of the rate before it, and of the budget at least, for
/// a run that had hardly begun must not be slow for hours.
const TABLE_GROWTH: (f64, f64) = (0.05, 0.01);
/// A limit is not a moment's shortage: the rate comes back over many minutes.
const LIMIT_GROWTH: (f64, f64) = (0.002, 0.002);

impl Slowed {
    /// What a throttle of this reach at `now` makes of a run that consumed `rate` units a second of this budget, if it
    /// is news.
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

    /// The run's rate at `now`, in units a second.
    pub fn rate(&self, now: i64) -> f64 {
        self.to + self.growth * (now - self.at).max(0) as f64 / 1000.0
    }
}

impl Control {
    /// One worker's write units a second, given the plan's budget, segments and workers.
    pub fn write_share(&self, planned: Option<u32>, segments: u32, workers: u32, now: i64) -> Option<f64> {
        let workers = self.workers_left(segments, workers);
        let budget = share(self.write_units_per_second.or(planned), workers);
        let slowed = self.slowed.map(|slowed| slowed.rate(now) / f64::from(workers));
        match (budget, slowed) {
            (Some(budget), Some(slowed)) => Some(budget.min(slowed)),
            // Once the rate is far above what was throttled, the throttle is history.
            (None, Some(slowed)) => self.slowed.filter(|s| s.rate(now) < s.to * 8.0).map(|_| slowed),
            (budget, None) => budget,
        }
    }

    /// What a throttle that one worker met makes of the run, given what that worker lately asked for in units a second and
    /// the plan's budget, segments and workers.
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

    /// One worker's read units a second.
    pub fn read_share(&self, planned: Option<u32>, segments: u32, workers: u32) -> Option<f64> {
        share(self.read_units_per_second.or(planned), self.workers_left(segments, workers))
    }

    /// How many workers are at work: as many as may be, until fewer segments are left.
    fn workers_left(&self, segments: u32, workers: u32) -> u32 {
        workers.min(segments.saturating_sub(self.segments_done)).max(1)
    }

    /// Since when people believe the run held, if a worker that nothing holds at `now` is to put that right.
    pub fn outdated_hold(&self, now: i64) -> Option<i64> {
        self.hold_announced_at.filter(|since| now.saturating_sub(*since) >= CLOCK_SKEW_MILLIS)
    }

    /// How long a paused child waits before it asks again, in seconds: the longer the pause, the longer, so that a pause
    /// of days stays within an execution's 25,000 events.
    pub fn pause_seconds(&self, now: i64) -> u64 {
        let paused = (now - self.since).max(0) as u64 / 1000;
        (paused / 10).clamp(20, 300)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_budget_is_shared_by_the_workers_that_are_left() {
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
    fn a_table_s_throttle_halves_the_run_once_until_every_worker_knows_and_it_comes_back() {
        let slowed = Slowed::after(None, Reach::Table, 400.0, None, 10_000).unwrap();
        assert_eq!(slowed.rate(10_000), 200.0);
        assert_eq!(Slowed::after(Some(slowed), Reach::Table, 400.0, None, 12_000), None);
        assert_eq!(slowed.rate(15_000), 300.0);
        assert_eq!(Slowed::after(None, Reach::KeyRange, 400.0, None, 0), None);
        let limit = Slowed::after(None, Reach::Limit, 400.0, None, 0).unwrap();
        assert!(limit.rate(10_000) < 210.0);
    }

    #[test]
    fn a_run_that_had_hardly_begun_when_it_was_throttled_is_at_its_budget_again_within_two_minutes() {
        let slowed = Slowed::after(None, Reach::Table, 3.0, Some(1000), 0).unwrap();
        assert!(slowed.rate(0) < 2.0);
        assert!(slowed.rate(120_000) > 1000.0);
    }

    #[test]
    fn a_throttle_is_measured_by_what_a_worker_asked_for_and_by_its_share_at_the_most() {
        let control = Control { segments_done: 8, ..Control::default() };
        let slowed = |asked| control.slowed_by(Reach::Table, asked, Some(100), (10, 4), 0).map(|slowed| slowed.to);
        assert_eq!(slowed(20.0), Some(20.0));
        assert_eq!(slowed(500.0), Some(50.0));
    }

    #[test]
    fn a_hold_that_was_told_is_over_when_it_cannot_be_a_matter_of_clocks() {
        let control = Control { hold_announced_at: Some(10_000), ..Control::default() };
        assert_eq!((control.outdated_hold(14_999), control.outdated_hold(15_000)), (None, Some(10_000)));
        assert_eq!(Control::default().outdated_hold(15_000), None);
    }

    #[test]
    fn a_long_pause_asks_less_often() {
        let control = Control { state: State::Paused, since: 0, ..Control::default() };
        assert_eq!(control.pause_seconds(5_000), 20);
        assert_eq!(control.pause_seconds(1_000_000), 100);
        assert_eq!(control.pause_seconds(i64::MAX / 2), 300);
    }
}
