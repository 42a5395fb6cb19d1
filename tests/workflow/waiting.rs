//! Waiting for what takes time, with a limit.

use std::time::{Duration, Instant};

/// The most that anything here takes, also on a machine that does other work.
const LIMIT: Duration = Duration::from_secs(120);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(150);

/// Looks until there is something to see; fails when the limit is over.
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
