//! A look at the world around a run: its calendars and alarms, once a minute for the whole run.
//!
//! No worker is appointed. Whoever reads a control item whose last look is a minute old claims the next one by a
//! conditional write, looks, and leaves what it saw there for all. One that dies in between costs a minute: then the next
//! look is due, and anybody's.

use tableshift_core::ErrorName;
use tableshift_core::control::monitor_status::{MonitorReading, MonitorStatus};
use tableshift_core::plan::monitors::Monitors;

use crate::error::{CallError, Cause};
use crate::ledger::control::SteerRun;
use crate::ledger::table::LedgerError;
use crate::monitors::alarms::{Alarms, ReadAlarms};
use crate::monitors::calendars::{Calendars, ReadCalendars};

/// Looking at what a run watches.
pub trait Look {
    /// What calendars and alarms say now. Nothing is called for what is not monitors.
    async fn look(&self, monitors: &Monitors) -> Result<MonitorReading, CallError>;
}

/// The calendars and alarms of this account and Region.
#[derive(Debug, Clone)]
pub struct MonitorReader<C = Calendars, A = Alarms> {
    /// The calendars.
    pub calendars: C,
    /// The alarms.
    pub alarms: A,
}

impl<C: ReadCalendars, A: ReadAlarms> Look for MonitorReader<C, A> {
    async fn look(&self, monitors: &Monitors) -> Result<MonitorReading, CallError> {
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

/// Why a look came to nothing, or ends the run.
#[derive(Debug, thiserror::Error)]
pub enum MonitorError {
    /// The calendars or alarms did not answer.
    #[error("the run's calendars and alarms could not be looked at, so it does not write")]
    Call(#[source] CallError),
    /// The ledger did not answer.
    #[error("what calendars and alarms say could not be noted in the ledger")]
    Ledger(#[source] LedgerError),
    /// A critical alarm.
    #[error(
        "critical alarm `{0}` is in ALARM; see to it, then go on with `action: resume` or put items back with `action: roll-back`"
    )]
    Critical(String),
}

impl MonitorError {
    /// The name under which a worker reports this failure.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::Call(error) => name_of(error),
            Self::Ledger(error) => error.name(),
            Self::Critical(_) => ErrorName::Aborted,
        }
    }
}

/// The name of a failed look: a calendar or alarm that does not exist is the input's mistake.
pub fn name_of(error: &CallError) -> ErrorName {
    match error.cause {
        Cause::NotFound | Cause::Refused => ErrorName::InvalidInput,
        _ => error.name(),
    }
}

/// Looks, if a look is due and this worker is the one to claim it. The monitor_status as it then is; `None` if another worker
/// was faster.
pub async fn read_if_due(
    ledger: &impl SteerRun,
    monitor_reader: &impl Look,
    run: &str,
    monitors: &Monitors,
    monitor_status: &MonitorStatus,
    now: i64,
) -> Result<Option<MonitorStatus>, MonitorError> {
    if monitors.is_empty() || !monitor_status.is_due(now) {
        return Ok(None);
    }
    if !ledger.claim_look(run, now).await.map_err(MonitorError::Ledger)? {
        return Ok(None);
    }
    let signals = monitor_reader.look(monitors).await.map_err(MonitorError::Call)?;
    let after = monitor_status.after(&signals, now);
    ledger.save_monitor_status(run, &after).await.map_err(MonitorError::Ledger)?;
    tracing::info!(closed = after.closed.is_some(), in_alarm = signals.in_alarm.join(", "), "looked");
    match monitors.critical(&signals.in_alarm) {
        Some(name) => Err(MonitorError::Critical(name.to_owned())),
        None => Ok(Some(after)),
    }
}
