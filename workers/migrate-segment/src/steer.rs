//! What the sender is told while it sends: whether to go on, at what pace, and when the next page is here.

use std::cell::Cell;

use tableshift_aws::CallError;
use tableshift_core::control::throttle::{Reach, Reason};
use tokio::sync::Notify;

/// What the sender asks its caller.
pub(crate) trait Steer {
    /// The error that steering may end in.
    type Error: From<CallError>;
    /// Whether to go on, and at how many write units a second.
    async fn go_on(&self) -> Result<Option<Rate>, Self::Error>;
    /// A throttle that concerns every worker, met when this one asked for so many units a second.
    async fn throttled(&self, reach: Reach, asked: f64) -> Result<(), Self::Error>;
    /// Any throttle, to be counted.
    fn count_throttle(&self, reason: Option<Reason>);
}

/// Whether the page after the one that is written has been read: writes of hot keys are not waited for any longer then.
#[derive(Default)]
pub(crate) struct NextPage {
    here: Cell<bool>,
    told: Notify,
}

impl NextPage {
    /// It is here.
    pub(crate) fn tell(&self) {
        self.here.set(true);
        self.told.notify_one();
    }

    pub(crate) fn is_here(&self) -> bool {
        self.here.get()
    }

    /// Waits until it is here.
    pub(crate) async fn comes(&self) {
        self.told.notified().await;
    }
}

/// Write units a second; `None` for no limit.
pub(crate) type Rate = Option<f64>;
