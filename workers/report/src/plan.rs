//! What the page says about the plan: what happens next, and the facts that an approver needs.

use crate::format::{count, dollars, size};
use jiff::Timestamp;
use tableshift_core::plan::canary::CanaryPlan;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::settings::policy::OnBadVerdict;
use tableshift_core::plan::steps::Steps;
use tableshift_core::plan::wave::Wave;
use tableshift_core::plan::window::Window;
use tableshift_core::report::number_format::with_commas;
use tableshift_core::report::run_report::{Report, Verdict};

/// What the run does after this report, in one or two sentences.
pub(crate) fn next_step(report: &Report, plan: &RunPlan) -> String {
    let Steps { approve, migrate, roll_back_if_bad, .. } = plan.steps;
    if let (Some(canary), Wave::Canary, Phase::Verify) = (&plan.canary, report.wave, report.phase) {
        return after_canary(report.verdict, canary, roll_back_if_bad);
    }
    let next = match (report.phase, report.verdict) {
        (Phase::DryRun, Verdict::Bad) => "The run ends here. Nothing was written to the table.",
        (Phase::DryRun, _) if !migrate => "This run is only a dry run and ends here.",
        (Phase::DryRun, _) if approve => {
            "Next: a person approves exactly this report, or the run ends without writing."
        }
        (Phase::DryRun, _) if plan.canary.is_some() => "Next: the run writes the canary wave.",
        (Phase::DryRun, _) => "Next: the run writes to the table.",
        (Phase::Migrate | Phase::Verify, Verdict::Bad) if migrate && roll_back_if_bad => {
            "Next: the run is rolled back, which restores its items."
        }
        (Phase::Migrate | Phase::Verify, Verdict::Bad) if migrate => {
            "The run ends here. The written items stay as they are until a person rolls the run back or resumes it."
        }
        _ => "The run ends here.",
    };
    next.to_owned()
}

fn after_canary(verdict: Verdict, canary: &CanaryPlan, roll_back_if_bad: bool) -> String {
    match (verdict, roll_back_if_bad) {
        (Verdict::Bad, true) => {
            "Next: the canary is rolled back, which restores its items. The main wave is not written.".into()
        }
        (Verdict::Bad, false) => {
            "The run ends here. The canary stays as it is until a person rolls the run back or resumes it.".into()
        }
        (Verdict::Good, _) if canary.approve => {
            format!(
                "Next: the canary bakes for {}. Then a person approves exactly this report, or nothing more is written.",
                canary.bake()
            )
        }
        (Verdict::Good, _) => {
            format!("Next: the canary bakes for {}. Then the run writes the main wave.", canary.bake())
        }
    }
}

fn canary_line(canary: &CanaryPlan, segments: u32) -> String {
    let then = if canary.approve { ", then needs an approval" } else { "" };
    let (first, bake) = (with_commas(canary.segments.into()), canary.bake());
    format!("{first} of {} first, bakes for {bake}{then}", count(segments.into(), "segment"))
}

/// The facts of the plan: pairs of name and value.
pub(crate) fn facts(plan: &RunPlan) -> Vec<(&'static str, String)> {
    let estimate = &plan.estimate;
    let mut facts = vec![
        ("Table", table(plan)),
        ("Steps", step_list(plan.steps)),
        ("Segments", format!("{}, at most {} at a time", with_commas(plan.segments.into()), plan.workers())),
        ("Rate limits", rate_limits(plan)),
        ("Window", plan.window.as_ref().map_or("any time".into(), window)),
        ("Invalid items allowed", with_commas(plan.invalid_items)),
        ("On a bad verdict", on_bad_verdict(plan)),
        (
            "Estimate from the table's size",
            format!(
                "{} and {}, {}, if every item changes",
                count(estimate.write_units, "write unit"),
                count(estimate.read_units, "read unit"),
                dollars(estimate.cost_usd)
            ),
        ),
        ("Locked since", locked_since(plan)),
    ];
    if let Some(first) = &plan.canary {
        facts.insert(3, ("Canary", canary_line(first, plan.segments)));
    }
    facts
}

fn table(plan: &RunPlan) -> String {
    let table = &plan.table;
    let mut parts = vec![count(table.items, "item"), size(table.bytes)];
    match table.indexes {
        0 => {}
        1 => parts.push("1 index".into()),
        indexes => parts.push(format!("{indexes} indexes")),
    }
    if table.replicas > 0 {
        parts.push(count(table.replicas as u64, "replica"));
    }
    if table.stream {
        parts.push("its stream is enabled, so every changed item reaches the consumers of the stream".into());
    }
    parts.join(", ")
}

fn step_list(steps: Steps) -> String {
    let names = [
        (steps.back_up, "back up"),
        (steps.export, "export"),
        (steps.dry_run, "dry run"),
        (steps.approve, "approval"),
        (steps.migrate, "migrate"),
        (steps.verify, "verify"),
        (steps.roll_back, "roll back"),
    ];
    names.into_iter().filter(|(wanted, _)| *wanted).map(|(_, step)| step).collect::<Vec<_>>().join(" → ")
}

fn rate_limits(plan: &RunPlan) -> String {
    let limit = |limit: Option<u32>, what| {
        limit.map_or(format!("no limit on {what}s"), |limit| format!("{} per second", count(limit.into(), what)))
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
        OnBadVerdict::Hold => "hold: the written items stay as they are until a person decides".into(),
        OnBadVerdict::RollBack => "roll back: the run restores its items".into(),
    }
}

fn locked_since(plan: &RunPlan) -> String {
    let at = Timestamp::from_second(plan.locked_at.div_euclid(1000)).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}
