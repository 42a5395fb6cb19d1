//! The clock of an invocation, and how much time it has left.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock, in epoch milliseconds. Time is an input, so that a test can set it.
pub type Clock = fn() -> i64;

/// The time at which Lambda kills the invocation. A worker stops well before it, so that it can save.
#[derive(Debug, Clone, Copy)]
pub struct Deadline {
    epoch_millis: u64,
    clock: Clock,
}

impl Deadline {
    /// A deadline as Lambda gives it, in epoch milliseconds.
    pub fn at_epoch_millis(epoch_millis: u64) -> Self {
        Self::by_clock(epoch_millis, self::epoch_millis)
    }

    /// A deadline in epoch milliseconds of this clock.
    pub fn by_clock(epoch_millis: u64, clock: Clock) -> Self {
        Self { epoch_millis, clock }
    }

    /// A deadline this long from now.
    pub fn after(time: Duration) -> Self {
        Self::at_epoch_millis(millis(now() + time))
    }

    /// The deadline, in epoch milliseconds.
    pub fn epoch_millis(self) -> u64 {
        self.epoch_millis
    }

    /// The time left: zero once the deadline has passed.
    pub fn remaining(self) -> Duration {
        let now = u64::try_from((self.clock)()).unwrap_or_default();
        Duration::from_millis(self.epoch_millis.saturating_sub(now))
    }
}

/// The machine's time, in epoch milliseconds: the clock of every deployed worker.
pub fn epoch_millis() -> i64 {
    i64::try_from(now().as_millis()).unwrap_or(i64::MAX)
}

fn now() -> Duration {
    // A clock before 1970 leaves more time than there is. Lambda's own limit still applies.
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_in_the_future_leaves_time() {
        let left = Deadline::after(Duration::from_secs(60)).remaining();
        assert!(left > Duration::from_secs(58) && left <= Duration::from_secs(60), "{left:?}");
    }

    #[test]
    fn a_deadline_in_the_past_leaves_no_time() {
        assert_eq!(Deadline::at_epoch_millis(1_000).remaining(), Duration::ZERO);
    }
}
