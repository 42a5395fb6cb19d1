//! Waiting one's wave: every operation waits for its worker's share of the run's budget and is charged what it consumed.

use std::cell::RefCell;
use std::time::Duration;

use tableshift_core::control::pace::Pace;
use tokio::time::Instant;

/// A pace that operations in flight share.
#[derive(Debug)]
pub struct Pacer {
    pace: RefCell<Pace>,
    started: Instant,
}

impl Pacer {
    /// A pace of so many units a second; `None` never waits until it is throttled.
    pub fn new(units_per_second: Option<f64>) -> Self {
        Self { pace: RefCell::new(Pace::new(units_per_second, Duration::ZERO)), started: Instant::now() }
    }

    /// Charges what an operation is expected to consume and waits until that is paid. False: it would be paid later than
    /// in `time_left`, and nothing was charged.
    ///
    /// The charge comes before the operation: operations in flight together must not each find the budget untouched.
    pub async fn wave(&self, expected_units: f64, time_left: Duration) -> bool {
        self.settle(expected_units);
        let wait = self.wait();
        if wait >= time_left {
            self.settle(-expected_units);
            return false;
        }
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        true
    }

    /// How long to wait until what was charged is paid.
    pub fn wait(&self) -> Duration {
        self.pace.borrow_mut().wait(self.started.elapsed())
    }

    /// Charges units, or the difference between what was consumed and what was expected; negative to give some back.
    pub fn settle(&self, units: f64) {
        self.pace.borrow_mut().charge(units, self.started.elapsed());
    }

    /// Takes note of a throttle. What the throttled operation was charged is not given back.
    pub fn throttle(&self) {
        self.pace.borrow_mut().throttle(self.started.elapsed());
    }

    /// Keeps to another rate from now on.
    pub fn set_rate(&self, units_per_second: Option<f64>) {
        self.pace.borrow_mut().set_ceiling(units_per_second, self.started.elapsed());
    }

    /// The units a second that are kept to now; `None` for no limit.
    pub fn rate(&self) -> Option<f64> {
        self.pace.borrow().rate()
    }

    /// About the units consumed in the last second.
    pub fn recent(&self) -> f64 {
        self.pace.borrow().recent()
    }
}
