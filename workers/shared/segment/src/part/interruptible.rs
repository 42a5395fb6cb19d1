//! Long work of a part that ends early when the run is put on hold or time runs out.

use std::future::Future;
use std::time::Duration;

use super::claimed::Part;
use super::directive::Directive;
use super::error::PartError;

const CHECK_EVERY: Duration = Duration::from_secs(1);

impl Part<'_> {
    /// Awaits `work` while the run is not on hold and `in_time` holds, which is checked every second. `None`: the work
    /// was dropped before its end.
    pub async fn interruptible<F: Future>(
        &self,
        in_time: impl Fn() -> bool,
        work: F,
    ) -> Result<Option<F::Output>, PartError> {
        // Boxed: awaited next to something else, the work would be in the worker's own future several times.
        let mut work = Box::pin(work);
        loop {
            match tokio::time::timeout(CHECK_EVERY, &mut work).await {
                Ok(output) => return Ok(Some(output)),
                Err(_) if in_time() && self.directive().await? == Directive::Work => {}
                Err(_) => return Ok(None),
            }
        }
    }
}
