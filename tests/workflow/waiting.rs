//! Polling until something happens, with a time limit.

use std::time::{Duration, Instant};

/// The time limit, long enough for a busy machine.
const LIMIT: Duration = Duration::from_secs(120);
/// The pause between two polls.
const PAUSE: Duration = Duration::from_millis(150);

/// Polls until there is a result; fails after the time limit.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(begun.elapsed() < LIMIT, "{what}: not within {} seconds", LIMIT.as_secs());
        tokio::time::sleep(PAUSE).await;
    }
}
