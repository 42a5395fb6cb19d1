//! What the sender and its caller exchange during a round: the permitted rate, throttles, and whether the next page was
//! read.

use std::cell::Cell;

use tableshift_aws::CallError;
use tableshift_core::control::contention::Contention;
use tableshift_core::control::throttle::{Reach, Reason};
use tokio::sync::Notify;

/// What the sender asks of its caller.
pub trait Steer {
    /// Why a round can fail.
    type Error: From<CallError>;
    /// The rate at which to continue. `None`: stop sending.
    async fn permitted_rate(&self) -> Result<Option<Rate>, Self::Error>;
    /// Reports a throttle that concerns every worker. `requested` is the rate at which this worker lately wrote, in
    /// write units a second.
    async fn report_throttle(&self, reach: Reach, requested: f64) -> Result<(), Self::Error>;
    /// Counts a throttle of any kind.
    fn count_throttle(&self, reason: Option<Reason>);
    /// Counts a write that was rejected because someone else was writing the item.
    fn count_contention(&self, contention: Contention);
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
