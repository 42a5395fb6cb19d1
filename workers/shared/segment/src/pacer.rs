//! A pace in units a second that operations in flight share: each is charged, waits until its charge is paid, and is
//! settled with what it consumed.
//!
//! What the rate is does not belong here: that is the worker's share of the run's budget.

use std::cell::RefCell;
use std::time::Duration;

use tableshift_core::control::pace::Pace;
use tokio::time::Instant;

/// A pace in read or write units a second.
#[derive(Debug)]
pub struct Pacer {
    pace: RefCell<Pace>,
    started: Instant,
}

impl Pacer {
    /// A pace without a limit: nothing waits until a rate is set or a throttle is reported.
    pub fn unlimited() -> Self {
        Self { pace: RefCell::new(Pace::new(None, Duration::ZERO)), started: Instant::now() }
    }

    /// Charges the units that an operation is expected to consume and waits until they are paid. False: that would take
    /// `time_left` or longer; then nothing is charged.
    ///
    /// The charge comes before the operation. Otherwise, operations in flight together would each find the budget
    /// untouched.
    pub async fn pay(&self, expected_units: f64, time_left: Duration) -> bool {
        self.charge(expected_units);
        let wait = self.wait();
        if wait >= time_left {
            self.charge(-expected_units);
            return false;
        }
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        true
    }

    /// How long until everything that is charged is paid.
    pub fn wait(&self) -> Duration {
        self.pace.borrow_mut().wait(self.started.elapsed())
    }

    /// Charges units, or the difference between the consumed and the expected ones. Negative units are given back.
    pub fn charge(&self, units: f64) {
        self.pace.borrow_mut().charge(units, self.started.elapsed());
    }

    /// Cuts the rate after a throttle. The throttled operation's charge is not given back.
    pub fn throttle(&self) {
        self.pace.borrow_mut().throttle(self.started.elapsed());
    }

    /// Changes the rate, in units a second; `None` for no limit.
    pub fn set_rate(&self, units_per_second: Option<f64>) {
        self.pace.borrow_mut().set_ceiling(units_per_second, self.started.elapsed());
    }

    /// The rate now, in units a second, with the cuts after throttles; `None` for no limit.
    pub fn rate(&self) -> Option<f64> {
        self.pace.borrow().rate()
    }

    /// Roughly the units consumed in the last second.
    pub fn recent(&self) -> f64 {
        self.pace.borrow().recent()
    }
}
