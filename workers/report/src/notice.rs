//! The message that tells of a phase that went well. What went badly is Conclude's to tell.

use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::sns::{Publish, tell};
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::event::Event;
use tableshift_core::report::message::Notice;
use tableshift_core::report::run_report::{Report, Verdict};
use tableshift_runtime::chain;

/// What there is to tell of the phase that was reported last.
fn event(report: &Report) -> Option<Event<'static>> {
    match (report.phase, report.verdict) {
        (Phase::DryRun, Verdict::Good) => Some(Event::DryRunPassed),
        // A canary is verified once more with the rest: only then is the run.
        (Phase::Verify, Verdict::Good) if report.wave != Wave::Canary => Some(Event::Verified),
        (Phase::Migrate | Phase::Verify | Phase::RollBack, _) | (_, Verdict::Bad) => None,
    }
}

/// Tells of a report at `at`, in epoch milliseconds. Nothing here fails a run: what goes wrong is logged.
pub(crate) async fn tell_of(report: &Report, plan: &RunPlan, topic: &impl Publish, ledger: &impl LockTable, at: i64) {
    let Some(event) = event(report) else { return };
    let lock = ledger.lock(&plan.table.name).await;
    let lock = lock.inspect_err(|error| tracing::warn!(cause = chain(error), "the run's execution is not known"));
    let execution = lock.ok().flatten().and_then(|lock| lock.execution).unwrap_or_default();
    let notice = Notice::of_run(plan, event, at, &execution);
    let notice = Notice { reported: true, counts: report.last_counts(), ..notice };
    tell(topic, &notice.message()).await;
}
