//! Faults of a worker invocation: it is killed at an await point, it stalls for a while, it reaches its time limit.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Sleep, sleep, timeout};

use crate::campaign::engines::random::Random;

/// The faults of one invocation.
#[derive(Debug, Clone, Copy)]
pub struct WorkerFaults {
    /// It is killed at this poll, counted from 1.
    pub kill_at_poll: Option<u64>,
    /// It stalls at this poll for this long, as a frozen sandbox does.
    pub stall: Option<(u64, Duration)>,
    /// It is killed after this time in any case, as Lambda does.
    pub time_limit: Duration,
}

/// The longest stall in seeds that rely on the settling wait: longer ones break what it assumes about the time between a
/// worker's last look at the lock and the arrival of its write.
pub const SHORT_STALL: Duration = Duration::from_secs(2);

/// How an invocation ended.
#[derive(Debug)]
pub enum Outcome<T> {
    /// It returned.
    Returned(T),
    /// A fault killed it.
    Killed,
    /// It reached its time limit and was killed.
    TimedOut,
}

impl WorkerFaults {
    /// No faults, and 15 minutes of time.
    pub const NONE: Self = Self { kill_at_poll: None, stall: None, time_limit: Duration::from_secs(900) };

    /// Draws the faults of an invocation.
    pub fn random(random: &mut Random) -> Self {
        if random.percent(12) {
            return Self::slow(random);
        }
        let kill_at_poll = random.percent(50).then(|| random.log_uniform(10));
        let stall = random.percent(25).then(|| (random.log_uniform(8), Duration::from_millis(random.log_uniform(17))));
        let seconds = if random.percent(15) { random.within(20, 60) } else { 900 };
        Self { kill_at_poll, stall, time_limit: Duration::from_secs(seconds) }
    }

    /// The same, but it stalls for [`SHORT_STALL`] at most.
    pub fn with_short_stalls(self) -> Self {
        Self { stall: self.stall.map(|(poll, time)| (poll, time.min(SHORT_STALL))), ..self }
    }

    /// It stalls almost until its time limit, and continues when other invocations have long moved on.
    fn slow(random: &mut Random) -> Self {
        let seconds = random.within(25, 120);
        let stall = (random.log_uniform(7), Duration::from_secs(seconds - random.within(3, 20)));
        Self { kill_at_poll: None, stall: Some(stall), time_limit: Duration::from_secs(seconds) }
    }

    /// Runs a future with these faults.
    pub async fn inject_into<F: Future>(self, future: F) -> Outcome<F::Output> {
        let mut polls = 0;
        let mut future = Box::pin(future);
        let mut stalled: Option<Pin<Box<Sleep>>> = None;
        let interrupted = poll_fn(|context| {
            if let Some(pause) = &mut stalled {
                if pause.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                stalled = None;
            } else {
                polls += 1;
            }
            if self.kill_at_poll == Some(polls) {
                return Poll::Ready(Outcome::Killed);
            }
            if let Some((_, time)) = self.stall.filter(|(at, _)| *at == polls && stalled.is_none()) {
                polls += 1;
                let pause = stalled.insert(Box::pin(sleep(time)));
                if pause.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
            }
            future.as_mut().poll(context).map(Outcome::Returned)
        });
        timeout(self.time_limit, interrupted).await.unwrap_or(Outcome::TimedOut)
    }
}
