//! What a worker may do now: the fence (is the lock still the run's?), stops, and holds.

use std::time::Duration;
use tableshift_aws::ledger::lock::LockTable as _;
use tableshift_aws::monitors::reader::{ReadMonitors, read_if_due};
use tableshift_core::control::hold::Hold;
use tableshift_core::control::lock::Lock;
use tableshift_core::control::run_control::State;

use super::claimed::Part;
use super::error::PartError;

/// What a worker is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Directive {
    /// Work.
    Work,
    /// The run is on hold: end the invocation.
    Hold {
        /// When to call the worker again, in seconds.
        seconds: u64,
    },
}

/// The lock and the control item are not read more often than this.
const READ_CONTROL_EVERY: Duration = Duration::from_secs(2);

impl Part<'_> {
    /// What to do now. Reads the lock, the control item and who has the part if the last read is two seconds old, and
    /// renews the lease when half of it is gone. Fails with `LeaseLost` if the lock is no longer the run's or a later
    /// attempt has the part, and with `Aborted` if the run is stopped.
    pub async fn directive(&self) -> Result<Directive, PartError> {
        let mut now = (self.clock)();
        // An answer that took long is old when it arrives: then everything is read again.
        while now.saturating_sub(self.control_read_at.get()) >= READ_CONTROL_EVERY.as_millis() as i64 {
            let control = self.ledger.control(&self.id.run, self.id.phase);
            let holder = self.ledger.holder(&self.id.run, self.id.phase, &self.id.part);
            let (lock, control, holder) = futures::join!(self.ledger.lock(&self.plan.table.name), control, holder);
            if holder? != (self.checkpoint.attempt, self.id.epoch) {
                return Err(PartError::LeaseLost);
            }
            self.renew_if_half_gone(lock?, now).await?;
            *self.control.borrow_mut() = control?;
            self.control_read_at.set(now);
            now = (self.clock)();
        }
        let directive = self.directive_at(now)?;
        if directive == Directive::Work {
            self.clear_outdated_hold(now).await?;
        }
        Ok(directive)
    }

    /// As [`Part::directive`], and reads the calendars and alarms first if it is time to and no other worker does.
    pub async fn directive_from_monitors(&self, monitor_reader: &impl ReadMonitors) -> Result<Directive, PartError> {
        self.directive().await?;
        let (now, before) = ((self.clock)(), self.control.borrow().monitor_status.clone());
        let status = read_if_due(self.ledger, monitor_reader, &self.id.run, &self.plan.monitors, &before, now).await;
        if let Some(status) = status.map_err(PartError::Monitors)? {
            self.control.borrow_mut().monitor_status = status;
        }
        // Reading them may have taken long, and the lock may be gone since.
        self.directive().await
    }

    /// Whether to take another step: something is left of the part, `in_time` holds, and the run is not on hold.
    pub async fn has_more(&self, in_time: bool) -> Result<bool, PartError> {
        Ok(!self.checkpoint.done && in_time && self.directive().await? == Directive::Work)
    }

    /// What to do according to the control item as it was last read, and the plan's window.
    fn directive_at(&self, now: i64) -> Result<Directive, PartError> {
        let control = self.control.borrow();
        if control.state == State::Stopped {
            let reason = control.reason.clone().unwrap_or("by an operator".into());
            return Err(PartError::Stopped { reason });
        }
        let hold = Hold::for_phase(self.id.phase, &control, self.plan.window.as_ref(), now);
        let hold = hold.map_err(PartError::Window)?;
        Ok(hold.map_or(Directive::Work, |hold| Directive::Hold { seconds: hold.seconds }))
    }

    /// Clears the mark of an announced hold that is over, so that the next one is announced again.
    async fn clear_outdated_hold(&self, now: i64) -> Result<(), PartError> {
        let Some(since) = self.control.borrow().outdated_hold(now) else { return Ok(()) };
        self.control.borrow_mut().hold_announced_at = None;
        Ok(self.ledger.clear_hold(&self.id.run, since).await?)
    }

    /// Fails unless the lock is this execution's, and renews the lease when half of it is gone.
    async fn renew_if_half_gone(&self, lock: Option<Lock>, now: i64) -> Result<(), PartError> {
        let ours = |lock: &Lock| lock.run == self.id.run && lock.epoch == self.id.epoch && lock.execution.is_some();
        let lock = lock.filter(ours).ok_or(PartError::LeaseLost)?;
        let lease = self.plan.lease_seconds as i64;
        if lock.lease_until - now / 1000 >= lease / 2 {
            return Ok(());
        }
        self.renew_until(now / 1000 + lease).await
    }

    /// Renews the lease beyond a wait, during which no worker renews it.
    pub(super) async fn renew_beyond(&self, wait_seconds: u64) -> Result<(), PartError> {
        self.renew_until((self.clock)() / 1000 + (wait_seconds + self.plan.lease_seconds) as i64).await
    }

    async fn renew_until(&self, epoch_seconds: i64) -> Result<(), PartError> {
        let id = &self.id;
        let renewed = self.ledger.renew(&self.plan.table.name, &id.run, id.epoch, epoch_seconds).await?;
        renewed.then_some(()).ok_or(PartError::LeaseLost)
    }
}
