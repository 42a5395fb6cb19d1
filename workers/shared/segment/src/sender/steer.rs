//! What the sender and its caller exchange during a round: the permitted rate, throttles, and whether the next page was
//! read.

use std::cell::Cell;

use tableshift_aws::CallError;
use tableshift_core::control::throttle::Reach;
use tableshift_runtime::Deadline;
use tokio::sync::Notify;

use crate::part::error::PartError;
use crate::part::{Directive, Part};
use crate::work::TIME_TO_SAVE;

/// What the sender asks of its caller: a worker with its part says what is to be done, and the rest follows from the part.
pub trait Steer {
    /// Why a round can fail.
    type Error: From<CallError> + From<PartError>;
    /// The part that is worked on.
    fn part(&self) -> &Part<'_>;
    /// When the invocation has to be over.
    fn deadline(&self) -> Deadline;
    /// What the worker is to do now.
    async fn directive(&self) -> Result<Directive, Self::Error>;

    /// The rate at which to continue. `None`: stop sending.
    async fn permitted_rate(&self) -> Result<Option<Rate>, Self::Error> {
        let directive = self.directive().await?;
        let in_time = self.deadline().remaining() > TIME_TO_SAVE;
        Ok((directive == Directive::Work && in_time).then(|| self.part().write_share()))
    }

    /// Reports a throttle that concerns every worker. `requested` is the rate at which this worker lately wrote, in
    /// write units a second.
    async fn report_throttle(&self, reach: Reach, requested: f64) -> Result<(), Self::Error> {
        Ok(self.part().report_throttle(reach, requested).await?)
    }
}

/// Whether the next page was read: from then on, no page waits for writes to hot keys.
#[derive(Debug, Default)]
pub struct NextPage {
    read: Cell<bool>,
    notify: Notify,
}

impl NextPage {
    /// Marks the page as read.
    pub fn set_read(&self) {
        self.read.set(true);
        self.notify.notify_one();
    }

    /// Whether the page was marked as read.
    pub fn is_read(&self) -> bool {
        self.read.get()
    }

    /// Waits until the page is read.
    pub async fn wait_until_read(&self) {
        self.notify.notified().await;
    }
}

/// Write units a second; `None` for no limit.
pub type Rate = Option<f64>;
