//! Pacing by capacity units: how long a worker waits to keep a rate, and how a throttle lowers the rate.
//!
//! A token bucket whose level may be negative: an operation is charged the units that it is expected to consume, waits until
//! the level is back at zero, and is corrected once the real consumption is known. Waiting comes first so that a
//! worker that ends after its first operation has also waited for it. A throttle halves the rate at once, and the rate
//! recovers a little every second (additive increase, multiplicative decrease), so that the application takes precedence.
//! Times are durations of any monotonic clock.

use std::time::Duration;

/// How many seconds' worth of unused units may be saved, so that no burst follows a pause.
const BURST_SECONDS: f64 = 0.2;
/// The factor by which a throttle cuts the rate.
const CUT_FACTOR: f64 = 0.5;
/// How much the rate recovers every second, as a share of the rate before the throttle.
const GROWTH: f64 = 0.05;
/// The least recovery every second, as a share of the ceiling: a worker that was almost idle when it was throttled would
/// otherwise stay slow for hours.
const GROWTH_OF_CEILING: f64 = 0.01;
/// The least time between two cuts. Throttles that follow a cut sooner have the same cause.
const MIN_CUT_INTERVAL: Duration = Duration::from_millis(500);
/// The lowest rate after throttles, in units a second.
const LEAST_RATE: f64 = 1.0;
/// Without a ceiling, the limit ends once the rate has grown to this multiple of the rate before the throttle.
const UNLIMITED_ABOVE: f64 = 4.0;

/// A rate of units a second, and the units that are saved or owed.
#[derive(Debug, Clone)]
pub struct Pace {
    ceiling: Option<f64>,
    throttled: Option<Throttled>,
    recent: f64,
    level: f64,
    at: Duration,
}

/// The rate after a throttle.
#[derive(Debug, Clone, Copy)]
struct Throttled {
    rate: f64,
    before: f64,
    cut_at: Duration,
}

impl Pace {
    /// A pace with this many units a second; `None` does not limit the rate until the first throttle.
    pub fn new(ceiling: Option<f64>, now: Duration) -> Self {
        Self { ceiling, throttled: None, recent: 0.0, level: 0.0, at: now }
    }

    /// The current limit in units a second; `None` means no limit.
    pub fn rate(&self) -> Option<f64> {
        match (self.ceiling, self.throttled) {
            (Some(ceiling), Some(throttled)) => Some(ceiling.min(throttled.rate)),
            (ceiling, throttled) => ceiling.or(throttled.map(|throttled| throttled.rate)),
        }
    }

    /// Approximately the units that were charged in the last second.
    pub fn recent(&self) -> f64 {
        self.recent
    }

    /// Changes the ceiling, in units a second, from `now` on.
    pub fn set_ceiling(&mut self, ceiling: Option<f64>, now: Duration) {
        self.refill(now);
        self.ceiling = ceiling;
    }

    /// Charges units that an operation is expected to consume, or corrects an earlier charge; negative units are returned.
    pub fn charge(&mut self, units: f64, now: Duration) {
        self.refill(now);
        self.level -= units;
        self.recent += units;
    }

    /// How long to wait until the charged units are available.
    pub fn wait(&mut self, now: Duration) -> Duration {
        self.refill(now);
        match self.rate() {
            Some(rate) if self.level < 0.0 => Duration::from_secs_f64(-self.level / rate),
            _ => Duration::ZERO,
        }
    }

    /// Cuts the rate after a throttle, once for all throttles that occur together. The units of the throttled operation are
    /// not returned; otherwise it would be sent again at once.
    pub fn throttle(&mut self, now: Duration) {
        self.refill(now);
        if self.throttled.is_some_and(|throttled| now.saturating_sub(throttled.cut_at) < MIN_CUT_INTERVAL) {
            return;
        }
        let before = self.rate().map_or(self.recent, |rate| rate.min(self.recent.max(LEAST_RATE)));
        let rate = (before * CUT_FACTOR).max(LEAST_RATE);
        self.throttled = Some(Throttled { rate, before: before.max(LEAST_RATE), cut_at: now });
        self.level = self.level.min(0.0);
    }

    fn refill(&mut self, now: Duration) {
        let seconds = now.saturating_sub(self.at).as_secs_f64();
        self.at = now;
        self.grow(seconds);
        // An exponential average over about one second. Without a ceiling, a throttle cuts this rate.
        self.recent *= (-seconds).exp();
        match self.rate() {
            Some(rate) => self.level = (self.level + rate * seconds).min((rate * BURST_SECONDS).max(1.0)),
            None => self.level = 0.0,
        }
    }

    fn grow(&mut self, seconds: f64) {
        let Some(throttled) = &mut self.throttled else { return };
        let least = LEAST_RATE.max(self.ceiling.unwrap_or_default() * GROWTH_OF_CEILING);
        throttled.rate += (throttled.before * GROWTH).max(least) * seconds;
        if throttled.rate >= self.ceiling.unwrap_or(throttled.before * UNLIMITED_ABOVE) {
            self.throttled = None;
        }
    }
}

/// One worker's share of a run's budget in units a second: an equal part for every running worker.
pub fn share(units_per_second: Option<u32>, workers: u32) -> Option<f64> {
    units_per_second.map(|units| f64::from(units) / f64::from(workers.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn a_worker_waits_until_the_charged_units_are_available() {
        let mut pace = Pace::new(Some(10.0), Duration::ZERO);
        pace.charge(25.0, Duration::ZERO);
        assert_eq!(pace.wait(Duration::ZERO), seconds(2.5));
        assert_eq!(pace.wait(seconds(2.0)), seconds(0.5));
        assert_eq!(pace.wait(seconds(3.0)), Duration::ZERO);
    }

    #[test]
    fn a_long_pause_is_not_followed_by_a_burst() {
        let mut pace = Pace::new(Some(10.0), Duration::ZERO);
        pace.charge(12.0, seconds(3600.0));
        assert_eq!(pace.wait(seconds(3600.0)), seconds(1.0));
    }

    #[test]
    fn without_a_rate_nothing_waits() {
        let mut pace = Pace::new(None, Duration::ZERO);
        pace.charge(1e9, Duration::ZERO);
        assert_eq!(pace.wait(Duration::ZERO), Duration::ZERO);
    }

    #[test]
    fn a_throttle_halves_the_rate_once_and_it_grows_back_to_the_ceiling() {
        let mut pace = Pace::new(Some(100.0), Duration::ZERO);
        pace.charge(100.0, Duration::ZERO);
        pace.throttle(Duration::ZERO);
        pace.throttle(seconds(0.1));
        assert!((50.0..51.0).contains(&pace.rate().unwrap()));
        pace.wait(seconds(5.0));
        assert!((74.0..76.0).contains(&pace.rate().unwrap()));
        pace.wait(seconds(20.0));
        assert_eq!(pace.rate(), Some(100.0));
    }

    #[test]
    fn an_idle_worker_is_back_at_its_ceiling_within_minutes_of_a_throttle() {
        let mut pace = Pace::new(Some(1000.0), Duration::ZERO);
        pace.charge(4.0, Duration::ZERO);
        pace.throttle(Duration::ZERO);
        assert_eq!(pace.rate(), Some(2.0));
        pace.wait(seconds(50.0));
        assert_eq!(pace.rate(), Some(502.0));
        pace.wait(seconds(100.0));
        assert_eq!(pace.rate(), Some(1000.0));
    }

    #[test]
    fn without_a_ceiling_a_throttle_cuts_the_consumed_rate_and_its_limit_ends() {
        let mut pace = Pace::new(None, Duration::ZERO);
        for tenth in 0..50 {
            pace.charge(20.0, seconds(f64::from(tenth) / 10.0));
        }
        pace.throttle(seconds(5.0));
        let rate = pace.rate().unwrap();
        assert!((70.0..150.0).contains(&rate), "{rate}");
        pace.wait(seconds(200.0));
        assert_eq!(pace.rate(), None);
    }

    proptest! {
        #[test]
        fn no_more_is_admitted_than_the_rate_allows(
            rate in 1.0..5000.0f64,
            batches in proptest::collection::vec((1.0..25.0f64, 0.0..0.05f64), 50..200),
        ) {
            let mut pace = Pace::new(Some(rate), Duration::ZERO);
            let (mut now, mut admitted) = (Duration::ZERO, 0.0);
            for (units, idle) in batches {
                now += seconds(idle);
                pace.charge(units, now);
                now += pace.wait(now);
                admitted += units;
            }
            prop_assert!(admitted <= rate * now.as_secs_f64() + 1e-3);
        }
    }
}
