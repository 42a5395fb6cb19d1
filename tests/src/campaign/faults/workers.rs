//! What befalls an invocation of a worker: it is killed at an await point, it stands still for a while, its time ends.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Sleep, sleep, timeout};

use crate::campaign::engines::random::Chance;

/// What befalls an invocation.
#[derive(Debug, Clone, Copy)]
pub struct Fate {
    /// It is killed when it would go on for this time.
    pub killed_at: Option<u64>,
    /// It stands still when it would go on for this time, and for so long, as a frozen sandbox does.
    pub stalled: Option<(u64, Duration)>,
    /// How much time it has before it is killed in any case.
    pub time: Duration,
}

/// How an invocation ended.
#[derive(Debug)]
pub enum End<T> {
    /// It returned.
    Returned(T),
    /// It was killed.
    Killed,
    /// Its time ended and it was killed.
    Overran,
}

impl Fate {
    /// Nothing befalls it.
    pub const KIND: Self = Self { killed_at: None, stalled: None, time: Duration::from_secs(900) };

    /// What befalls an invocation by chance.
    pub fn of(chance: &mut Chance) -> Self {
        if chance.percent(12) {
            return Self::slow(chance);
        }
        let killed_at = chance.percent(50).then(|| chance.magnitude(10));
        let stalled = chance.percent(25).then(|| (chance.magnitude(8), Duration::from_millis(chance.magnitude(17))));
        let seconds = if chance.percent(15) { chance.within(20, 60) } else { 900 };
        Self { killed_at, stalled, time: Duration::from_secs(seconds) }
    }

    /// It stands still nearly until its time is over, and leaves when others have long gone on.
    fn slow(chance: &mut Chance) -> Self {
        let time = chance.within(25, 120);
        let still = (chance.magnitude(7), Duration::from_secs(time - chance.within(3, 20)));
        Self { killed_at: None, stalled: Some(still), time: Duration::from_secs(time) }
    }

    /// Lets it befall a future.
    pub async fn befall<F: Future>(self, future: F) -> End<F::Output> {
        let mut polls = 0;
        let mut future = Box::pin(future);
        let mut still: Option<Pin<Box<Sleep>>> = None;
        let lived = poll_fn(|context| {
            if let Some(nap) = &mut still {
                if nap.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                still = None;
            } else {
                polls += 1;
            }
            if self.killed_at == Some(polls) {
                return Poll::Ready(End::Killed);
            }
            if let Some((_, time)) = self.stalled.filter(|(at, _)| *at == polls && still.is_none()) {
                polls += 1;
                let nap = still.insert(Box::pin(sleep(time)));
                if nap.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
            }
            future.as_mut().poll(context).map(End::Returned)
        });
        timeout(self.time, lived).await.unwrap_or(End::Overran)
    }
}
