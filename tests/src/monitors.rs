//! What a test lets calendars and alarms say.

use std::cell::{Cell, RefCell};

use tableshift_aws::CallError;
use tableshift_aws::monitors::reader::ReadMonitors;
use tableshift_core::control::monitor_status::MonitorReading;
use tableshift_core::plan::monitors::Monitors;

/// For runs that watch nothing: a look is a failure of the test.
#[derive(Debug, Clone, Copy)]
pub struct Calm;

impl ReadMonitors for Calm {
    async fn read(&self, monitors: &Monitors) -> Result<MonitorReading, CallError> {
        panic!("nobody was to look at {monitors:?}")
    }
}

/// Says what the test sets, and counts how often it was asked.
#[derive(Debug, Default)]
pub struct Scripted {
    /// What the next looks see.
    pub signals: RefCell<MonitorReading>,
    /// How often somebody looked.
    pub looks: Cell<u32>,
}

impl ReadMonitors for &Scripted {
    async fn read(&self, _: &Monitors) -> Result<MonitorReading, CallError> {
        self.looks.set(self.looks.get() + 1);
        Ok(self.signals.borrow().clone())
    }
}
