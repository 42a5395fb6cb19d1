//! What the sender and its caller exchange during a round: the permitted rate, throttles, and whether the next page was
//! read.

use std::cell::Cell;

use tableshift_aws::CallError;
use tableshift_core::control::throttle::{Reach, Reason};
use tokio::sync::Notify;

/// What the sender asks of its caller.
pub(crate) trait Steer {
    /// Why a round can fail.
    type Error: From<CallError>;
    /// The rate at which to continue. `None`: stop sending.
    async fn permitted_rate(&self) -> Result<Option<Rate>, Self::Error>;
    /// Reports a throttle that concerns every worker. `requested` is the rate at which this worker lately wrote, in
    /// write units a second.
    async fn report_throttle(&self, reach: Reach, requested: f64) -> Result<(), Self::Error>;
    /// Counts a throttle of any kind.
    fn count_throttle(&self, reason: Option<Reason>);
}

/// Whether the next page was read: from then on, no page waits for writes to hot keys.
#[derive(Default)]
pub(crate) struct NextPage {
    read: Cell<bool>,
    notify: Notify,
}

impl NextPage {
    /// Marks the page as read.
    pub(crate) fn set_read(&self) {
        self.read.set(true);
        self.notify.notify_one();
    }

    pub(crate) fn is_read(&self) -> bool {
        self.read.get()
    }

    /// Waits until the page is read.
    pub(crate) async fn wait_until_read(&self) {
        self.notify.notified().await;
    }
}

/// Write units a second; `None` for no limit.
pub(crate) type Rate = Option<f64>;
