//! What a test lets calendars and alarms say.

use std::cell::{Cell, RefCell};

use tableshift_aws::CallError;
use tableshift_aws::monitors::reader::Look;
use tableshift_core::control::monitor_status::Signals;
use tableshift_core::plan::monitors::Watched;

/// For runs that watch nothing: a look is a failure of the test.
#[derive(Debug, Clone, Copy)]
pub struct Calm;

impl Look for Calm {
    async fn look(&self, watched: &Watched) -> Result<Signals, CallError> {
        panic!("nobody was to look at {watched:?}")
    }
}

/// Says what the test sets, and counts how often it was asked.
#[derive(Debug, Default)]
pub struct Scripted {
    /// What the next looks see.
    pub signals: RefCell<Signals>,
    /// How often somebody looked.
    pub looks: Cell<u32>,
}

impl Look for &Scripted {
    async fn look(&self, _: &Watched) -> Result<Signals, CallError> {
        self.looks.set(self.looks.get() + 1);
        Ok(self.signals.borrow().clone())
    }
}
