//! Notifies people of a good verdict. Conclude notifies them of a bad one.

use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::sns::{Publish, notify};
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::event::Event;
use tableshift_core::report::message::Notice;
use tableshift_core::report::run_report::{Report, Verdict};
use tableshift_runtime::chain;

/// The event of the report, if people are notified of it.
fn event(report: &Report) -> Option<Event<'static>> {
    match (report.phase, report.verdict) {
        (Phase::DryRun, Verdict::Good) => Some(Event::DryRunPassed),
        // The main wave verifies the canary's segments again; only then is the run verified.
        (Phase::Verify, Verdict::Good) if report.wave != Wave::Canary => Some(Event::Verified),
        (Phase::Migrate | Phase::Verify | Phase::RollBack, _) | (_, Verdict::Bad) => None,
    }
}

/// Publishes the event of a report. `at` is in epoch milliseconds. An error here is logged and does not fail the run.
pub(crate) async fn publish(report: &Report, plan: &RunPlan, topic: &impl Publish, ledger: &impl LockTable, at: i64) {
    let Some(event) = event(report) else { return };
    let lock = ledger.lock(&plan.table.name).await;
    let lock = lock.inspect_err(|error| {
        tracing::warn!(cause = chain(error), "the execution that holds the lock could not be read")
    });
    let execution = lock.ok().flatten().and_then(|lock| lock.execution).unwrap_or_default();
    let notice = Notice::of_run(plan, event, at, &execution);
    let notice = Notice { reported: true, counts: report.last_counts(), ..notice };
    notify(topic, &notice.message()).await;
}
