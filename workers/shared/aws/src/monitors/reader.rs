//! Reads the calendars and alarms of a run once a minute, for all its workers.
//!
//! No worker is special. A worker that finds a control item whose last reading is a minute old claims the next one with a
//! conditional write, reads the monitors, and saves the result in the control item. If it dies in between, the next reading is
//! due a minute later, and any worker may claim it.

use tableshift_core::ErrorName;
use tableshift_core::control::monitor_status::{MonitorReading, MonitorStatus};
use tableshift_core::plan::settings::monitors::Monitors;

use crate::error::{CallError, Cause};
use crate::ledger::table::{Ledger, LedgerError};
use crate::monitors::alarms::Alarms;
use crate::monitors::calendars::Calendars;

/// Reads the monitors of a run; the tests replace it.
pub trait ReadMonitors {
    /// The state of the calendars and alarms now. Without calendars, or without alarms, that service is not called.
    async fn read(&self, monitors: &Monitors) -> Result<MonitorReading, CallError>;
}

/// The calendars and alarms of this account and Region.
#[derive(Debug, Clone)]
pub struct MonitorReader {
    /// Reads change calendars.
    pub calendars: Calendars,
    /// Reads CloudWatch alarms.
    pub alarms: Alarms,
}

impl ReadMonitors for MonitorReader {
    async fn read(&self, monitors: &Monitors) -> Result<MonitorReading, CallError> {
        let closed = async {
            if monitors.calendars.is_empty() {
                return Ok(None);
            }
            self.calendars.closed(&monitors.calendars).await
        };
        let in_alarm = async {
            let names = monitors.all_alarms();
            if names.is_empty() { Ok(Vec::new()) } else { self.alarms.in_alarm(&names).await }
        };
        let (closed, in_alarm) = futures::try_join!(closed, in_alarm)?;
        Ok(MonitorReading { closed, in_alarm })
    }
}

/// Why the monitors could not be read, or why they end the run.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// The calendars or alarms could not be read.
    #[error("the run's calendars and alarms could not be read, so it does not write")]
    Call(#[source] CallError),
    /// The reading could not be saved in the ledger.
    #[error("the state of calendars and alarms could not be saved in the ledger")]
    Ledger(#[source] LedgerError),
    /// An alarm that the plan calls critical is in ALARM.
    #[error(
        "critical alarm `{0}` is in ALARM; fix its cause, then continue with `action: resume` or restore the items with `action: roll-back`"
    )]
    Critical(String),
}

impl MonitorError {
    /// The error name that a worker reports.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::Call(error) => name_of(error),
            Self::Ledger(error) => error.name(),
            Self::Critical(_) => ErrorName::Aborted,
        }
    }
}

/// The error name for a failed reading. A calendar or alarm that does not exist is a mistake in the input.
pub fn name_of(error: &CallError) -> ErrorName {
    match error.cause {
        Cause::NotFound | Cause::Refused => ErrorName::InvalidInput,
        _ => error.name(),
    }
}

/// Reads the monitors if a reading is due and no other worker claims it. Returns the new status; `None` if nothing was read.
pub async fn read_if_due(
    ledger: &Ledger,
    monitor_reader: &impl ReadMonitors,
    run: &str,
    monitors: &Monitors,
    monitor_status: &MonitorStatus,
    now: i64,
) -> Result<Option<MonitorStatus>, MonitorError> {
    if monitors.is_empty() || !monitor_status.is_due(now) {
        return Ok(None);
    }
    if !ledger.claim_monitor_reading(run, now).await.map_err(MonitorError::Ledger)? {
        return Ok(None);
    }
    let reading = monitor_reader.read(monitors).await.map_err(MonitorError::Call)?;
    let after = monitor_status.after(&reading, now);
    ledger.save_monitor_status(run, &after).await.map_err(MonitorError::Ledger)?;
    tracing::info!(closed = after.closed.is_some(), in_alarm = reading.in_alarm.join(", "), "read the monitors");
    match monitors.critical(&reading.in_alarm) {
        Some(name) => Err(MonitorError::Critical(name.to_owned())),
        None => Ok(Some(after)),
    }
}
