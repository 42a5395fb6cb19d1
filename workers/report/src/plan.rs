//! The plan: what the migration does, and how the run goes about it.

use crate::text::{dollars, many, size};
use jiff::Timestamp;
use tableshift_core::plan::canary::CanaryPlan;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::policy::OnBadVerdict;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::steps::Steps;
use tableshift_core::plan::wave::Wave;
use tableshift_core::plan::window::Window;
use tableshift_core::report::number_format::with_commas;
use tableshift_core::report::run_report::{Report, Verdict};

/// What the run does after this report, in one sentence.
pub(crate) fn next(report: &Report, plan: &RunPlan) -> String {
    let Steps { approve, migrate, roll_back_if_bad, .. } = plan.steps;
    if let (Some(canary), Wave::Canary, Phase::Verify) = (&plan.canary, report.wave, report.phase) {
        return after_canary(report.verdict, canary, roll_back_if_bad);
    }
    let next = match (report.phase, report.verdict) {
        (Phase::DryRun, Verdict::Bad) => "The run stops here, with the table untouched.",
        (Phase::DryRun, _) if !migrate => "This run only does a dry run; it ends here.",
        (Phase::DryRun, _) if approve => "Next: somebody approves exactly this report, or the run stops.",
        (Phase::DryRun, _) if plan.canary.is_some() => "Next: the run writes its canary.",
        (Phase::DryRun, _) => "Next: the run writes.",
        (Phase::Migrate | Phase::Verify, Verdict::Bad) if migrate && roll_back_if_bad => {
            "Next: the run puts every item back."
        }
        (Phase::Migrate | Phase::Verify, Verdict::Bad) if migrate => {
            "The run holds: what is written stays, until a person decides to roll back or to resume."
        }
        _ => "The run ends here.",
    };
    next.to_owned()
}

fn after_canary(verdict: Verdict, canary: &CanaryPlan, roll_back_if_bad: bool) -> String {
    match (verdict, roll_back_if_bad) {
        (Verdict::Bad, true) => "Next: the run puts the canary's items back. The rest is never written.".into(),
        (Verdict::Bad, false) => {
            "The run holds: the canary stays as it is, until a person decides to roll back or to resume.".into()
        }
        (Verdict::Good, _) if canary.approve => {
            format!(
                "Next: the canary bakes for {}; then somebody approves exactly this report, or no more is written.",
                canary.bake()
            )
        }
        (Verdict::Good, _) => format!("Next: the canary bakes for {}; then the run writes the rest.", canary.bake()),
    }
}

/// What goes first, if a part does.
fn canary(canary: &CanaryPlan, segments: u32) -> String {
    let then = if canary.approve { ", then asks a person" } else { "" };
    let (first, bake) = (with_commas(canary.segments.into()), canary.bake());
    format!("{first} of {} first; bakes for {bake}{then}", many(segments.into(), "segment"))
}

/// The facts of a plan that an approver asks about.
pub(crate) fn facts(plan: &RunPlan) -> Vec<(&'static str, String)> {
    let estimate = &plan.estimate;
    let mut facts = vec![
        ("Table", table(plan)),
        ("Steps", way(plan.steps)),
        ("Segments", format!("{}, at most {} at a time", with_commas(plan.segments.into()), plan.workers())),
        ("Pace", pace(plan)),
        ("Window", plan.window.as_ref().map_or("at any time".into(), window)),
        ("Invalid items tolerated", with_commas(plan.invalid_items)),
        ("On a bad verdict", on_bad_verdict(plan)),
        (
            "Estimate from the table's size",
            format!(
                "if every item changes: {} and {}, {}",
                many(estimate.write_units, "write unit"),
                many(estimate.read_units, "read unit"),
                dollars(estimate.cost_usd)
            ),
        ),
        ("Locked since", locked_since(plan)),
    ];
    if let Some(first) = &plan.canary {
        facts.insert(3, ("Canary", canary(first, plan.segments)));
    }
    facts
}

fn table(plan: &RunPlan) -> String {
    let table = &plan.table;
    let mut parts = vec![many(table.items, "item"), size(table.bytes)];
    match table.indexes {
        0 => {}
        1 => parts.push("1 index".into()),
        indexes => parts.push(format!("{indexes} indexes")),
    }
    if table.replicas > 0 {
        parts.push(many(table.replicas as u64, "replica"));
    }
    if table.stream {
        parts.push("its stream is on: every changed item reaches the stream's consumers".into());
    }
    parts.join(", ")
}

fn way(steps: Steps) -> String {
    let ways = [
        (steps.back_up, "back up"),
        (steps.export, "export"),
        (steps.dry_run, "dry run"),
        (steps.approve, "approval"),
        (steps.migrate, "migrate"),
        (steps.verify, "verify"),
        (steps.roll_back, "roll back"),
    ];
    ways.into_iter().filter(|(wanted, _)| *wanted).map(|(_, step)| step).collect::<Vec<_>>().join(" → ")
}

fn pace(plan: &RunPlan) -> String {
    let limit = |limit: Option<u32>, what| {
        limit.map_or(format!("no limit on {what}s"), |limit| format!("{} a second", many(limit.into(), what)))
    };
    format!("{}, {}", limit(plan.write_units_per_second, "write unit"), limit(plan.read_units_per_second, "read unit"))
}

fn window(window: &Window) -> String {
    let days: Vec<_> = window.days.iter().map(|day| format!("{day:?}")).collect();
    let days = if days.len() == 7 { "every day".to_owned() } else { days.join(", ") };
    format!("{days}, {} to {}, {}", window.from, window.to, window.time_zone)
}

fn on_bad_verdict(plan: &RunPlan) -> String {
    match plan.on_bad_verdict {
        OnBadVerdict::Hold => "hold: what is written stays, until a person decides".into(),
        OnBadVerdict::RollBack => "roll back: every item is put back".into(),
    }
}

fn locked_since(plan: &RunPlan) -> String {
    let at = Timestamp::from_second(plan.locked_at.div_euclid(1000)).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
