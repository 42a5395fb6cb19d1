//! Readers of monitors for tests: one that must not be used, and one that returns what the test sets.

use std::cell::{Cell, RefCell};

use tableshift_aws::CallError;
use tableshift_aws::monitors::reader::ReadMonitors;
use tableshift_core::control::monitor_status::MonitorReading;
use tableshift_core::plan::settings::monitors::Monitors;

/// For runs without monitors: a read fails the test.
#[derive(Debug, Clone, Copy)]
pub struct NoMonitors;

impl ReadMonitors for NoMonitors {
    async fn read(&self, monitors: &Monitors) -> Result<MonitorReading, CallError> {
        panic!("a run without monitors reads {monitors:?}")
    }
}

/// Returns the reading that the test sets, and counts how often it is read.
#[derive(Debug, Default)]
pub struct ScriptedMonitors {
    /// The next reading.
    pub reading: RefCell<MonitorReading>,
    /// How often the monitors were read.
    pub reads: Cell<u32>,
}

impl ReadMonitors for &ScriptedMonitors {
    async fn read(&self, _: &Monitors) -> Result<MonitorReading, CallError> {
        self.reads.set(self.reads.get() + 1);
        Ok(self.reading.borrow().clone())
    }
}
