//! Long work of a part that ends early when the run is paused or the time is up.

use std::future::Future;
use std::time::Duration;

use crate::part::{Directive, Part};
use crate::part_error::PartError;
use tableshift_aws::ledger::checkpoints::Checkpoints;
use tableshift_aws::ledger::control::SteerRun;
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::s3::{ReadObject, WriteObject};

/// How often it is asked whether to go on.
const ASK_EVERY: Duration = Duration::from_secs(1);

impl<B: ReadObject + WriteObject, L: LockTable + Checkpoints + SteerRun> Part<'_, B, L> {
    /// Awaits work for as long as the part is to be worked on and `in_time` holds. `None`: the work was given up.
    pub async fn unless_stopped<F: Future>(
        &self,
        in_time: impl Fn() -> bool,
        work: F,
    ) -> Result<Option<F::Output>, PartError> {
        // Boxed: what is awaited in turn with something else would lie in the worker's own future several times over.
        let mut work = Box::pin(work);
        loop {
            match tokio::time::timeout(ASK_EVERY, &mut work).await {
                Ok(output) => return Ok(Some(output)),
                Err(_) if in_time() && self.directive().await? == Directive::Work => {}
                Err(_) => return Ok(None),
            }
        }
    }
}
