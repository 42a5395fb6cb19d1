//! Telling people that the run is held, or that it writes. Nothing here fails a run: what goes wrong is logged.

use tableshift_aws::ledger::control::SteerRun;
use tableshift_aws::ledger::runs::Runs;
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::sns::{Publish, tell};
use tableshift_core::control::hold::Hold;
use tableshift_core::control::run_control::{Control, State};
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::report::event::Event;
use tableshift_core::report::message::Notice;
use tableshift_runtime::chain;

/// What the notices of a run are made from.
pub(crate) struct Notices<'n, T, L> {
    pub(crate) topic: &'n T,
    pub(crate) ledger: &'n L,
    pub(crate) plan: &'n RunPlan,
    pub(crate) now: i64,
}

impl<T: Publish, L: Runs + SteerRun> Notices<'_, T, L> {
    /// Tells once what holds the run, however many find it held; and if nothing does, sees to it that the next hold is told.
    pub(crate) async fn held(&self, hold: Option<&Hold>, control: &Control) {
        let noted = match hold {
            Some(_) if control.hold_announced_at.is_some() => Ok(false),
            Some(_) => self.ledger.note_held(&self.plan.run, self.now).await,
            None => self.free(control).await.map(|()| false),
        };
        match (noted, hold) {
            (Ok(true), Some(hold)) => {
                let by_operator = control.state == State::Paused;
                self.tell(Event::Paused { reason: &hold.reason, by_operator }).await;
            }
            (Ok(_), _) => {}
            (Err(error), _) => tracing::warn!(cause = chain(&error), "that people are told could not be noted"),
        }
    }

    async fn free(&self, control: &Control) -> Result<(), LedgerError> {
        match control.outdated_hold(self.now) {
            Some(since) => self.ledger.clear_hold(&self.plan.run, since).await,
            None => Ok(()),
        }
    }

    /// Tells of a event of the run.
    pub(crate) async fn tell(&self, event: Event<'_>) {
        let plan = self.plan;
        let record = self.ledger.run(&plan.run).await;
        let record = record.inspect_err(|error| tracing::warn!(cause = chain(error), "the run's record is not known"));
        let execution = record.ok().flatten().map(|record| record.execution).unwrap_or_default();
        let notice = Notice::of_run(plan, event, self.now, &execution);
        let notice = Notice { reported: plan.steps.dry_run, ..notice };
        tell(self.topic, &notice.message()).await;
    }
}
