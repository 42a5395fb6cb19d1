//! Pacing by capacity units: how long to wait so that a rate is kept.
//!
//! A token bucket that may go into debt: what an operation consumed is known only when it is done, so it is charged
//! after the fact and the next operation waits until the debt is paid. Time is an input.

use std::time::Duration;

/// A rate of units a second, and what is left of it.
#[derive(Debug, Clone)]
pub struct Pace {
    units_per_second: Option<f64>,
    level: f64,
    at: Duration,
}

impl Pace {
    /// A pace of so many units a second from `now` on (any clock that only goes forward); `None` never waits.
    pub fn new(units_per_second: Option<f64>, now: Duration) -> Self {
        Self { units_per_second, level: 0.0, at: now }
    }

    /// Charges units that were consumed.
    pub fn charge(&mut self, units: f64, now: Duration) {
        self.refill(now);
        self.level -= units;
    }

    /// How long to wait before the next operation.
    pub fn wait(&mut self, now: Duration) -> Duration {
        self.refill(now);
        match self.units_per_second {
            Some(rate) if self.level < 0.0 => Duration::from_secs_f64(-self.level / rate),
            _ => Duration::ZERO,
        }
    }

    /// Unused units are kept for at most a second, so a pause is not followed by a burst.
    fn refill(&mut self, now: Duration) {
        let rate = self.units_per_second.unwrap_or(0.0);
        self.level = (self.level + rate * now.saturating_sub(self.at).as_secs_f64()).min(rate);
        self.at = now;
    }
}

/// One worker's share of a run's budget: an equal part for each worker that may be at work.
pub fn share(units_per_second: Option<u32>, workers: u32) -> Option<f64> {
    units_per_second.map(|units| f64::from(units) / f64::from(workers.max(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_debt_is_waited_off_at_the_rate() {
        let mut pace = Pace::new(Some(10.0), Duration::ZERO);
        pace.charge(25.0, Duration::ZERO);
        assert_eq!(pace.wait(Duration::ZERO), Duration::from_millis(2500));
        assert_eq!(pace.wait(Duration::from_secs(2)), Duration::from_millis(500));
        assert_eq!(pace.wait(Duration::from_secs(3)), Duration::ZERO);
    }

    #[test]
    fn a_long_pause_gives_no_more_than_a_second_s_worth() {
        let mut pace = Pace::new(Some(10.0), Duration::ZERO);
        pace.charge(20.0, Duration::from_secs(3600));
        assert_eq!(pace.wait(Duration::from_secs(3600)), Duration::from_secs(1));
    }

    #[test]
    fn without_a_rate_nothing_waits() {
        let mut pace = Pace::new(None, Duration::ZERO);
        pace.charge(1e9, Duration::ZERO);
        assert_eq!(pace.wait(Duration::ZERO), Duration::ZERO);
    }
}
