//! Notifies people that the run is on hold, or that it starts to write. An error here is logged and does not fail the run.

use tableshift_aws::ledger::table::{Ledger, LedgerError};
use tableshift_aws::sns::{Publish, notify};
use tableshift_core::control::hold::Hold;
use tableshift_core::control::run_control::{Control, State};
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::report::event::Event;
use tableshift_core::report::message::Notice;
use tableshift_runtime::chain;

/// Sends the notifications of one run.
pub(crate) struct Notifications<'n, T> {
    pub(crate) topic: &'n T,
    pub(crate) ledger: &'n Ledger,
    pub(crate) plan: &'n RunPlan,
    /// In epoch milliseconds.
    pub(crate) now: i64,
}

impl<T: Publish> Notifications<'_, T> {
    /// Announces a hold once, however many workers find the run on hold. Without a hold, clears the announcement of the
    /// last one, so that the next hold is announced again.
    pub(crate) async fn announce_hold(&self, hold: Option<&Hold>, control: &Control) {
        let is_first = match hold {
            Some(_) if control.hold_announced_at.is_some() => Ok(false),
            Some(_) => self.ledger.record_hold(&self.plan.run, self.now).await,
            None => self.clear_announcement(control).await.map(|()| false),
        };
        match (is_first, hold) {
            (Ok(true), Some(hold)) => {
                let by_operator = control.state == State::Paused;
                self.publish(Event::Paused { reason: &hold.reason, by_operator }).await;
            }
            (Ok(_), _) => {}
            (Err(error), _) => {
                tracing::warn!(
                    cause = chain(&error),
                    "the announcement of the hold could not be recorded in the ledger"
                );
            }
        }
    }

    async fn clear_announcement(&self, control: &Control) -> Result<(), LedgerError> {
        match control.outdated_hold(self.now) {
            Some(since) => self.ledger.clear_hold(&self.plan.run, since).await,
            None => Ok(()),
        }
    }

    /// Publishes an event of the run.
    pub(crate) async fn publish(&self, event: Event<'_>) {
        let plan = self.plan;
        let record = self.ledger.run(&plan.run).await;
        let record =
            record.inspect_err(|error| tracing::warn!(cause = chain(error), "the run's record could not be read"));
        let execution = record.ok().flatten().map(|record| record.execution).unwrap_or_default();
        let notice = Notice::of_run(plan, event, self.now, &execution);
        let notice = Notice { reported: plan.steps.dry_run, ..notice };
        notify(self.topic, &notice.message()).await;
    }
}
