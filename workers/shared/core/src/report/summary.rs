//! The summary for an approver: what the dry run and the canary found, what Migrate will cost, and how long it will take.
//! It contains counts only, no values of items.

use crate::approval::rules::{Requester, requester_arns};
use crate::plan::canary::CanaryPlan;
use crate::plan::estimate::cost_usd;
use crate::plan::phase::Phase;
use crate::plan::run_plan::RunPlan;
use crate::plan::wave::Wave;
use crate::report::number_format::with_commas;
use crate::report::run_report::{PhaseReport, Report, Verdict};

/// The summary as lines of text, for the message that requests an approval and for the command `tableshift approve`.
pub fn of(plan: &RunPlan, report: &Report) -> String {
    let mut lines = Vec::new();
    if let (Some(canary), Wave::Canary, Some(verified)) = (&plan.canary, report.wave, report.phases.get(&Phase::Verify))
    {
        lines.extend(of_canary(plan, canary, verified));
        lines.push(String::new());
    }
    match report.phases.get(&Phase::DryRun) {
        Some(dry_run) => lines.extend(of_dry_run(plan, dry_run)),
        None => lines.push("There was no dry run.".to_owned()),
    }
    lines.join("\n") + "\n"
}

fn of_canary(plan: &RunPlan, canary: &CanaryPlan, verified: &PhaseReport) -> Vec<String> {
    let counts = &verified.tally.counts;
    let (segments, all) = (with_commas(canary.segments.into()), with_commas(plan.segments.into()));
    let verdict = word(verified.verdict);
    let mut lines = vec![
        format!("The canary, {segments} of {all} segments, is migrated and verified. Its verdict is {verdict}."),
        "Items in the canary:".to_owned(),
    ];
    lines.extend(rows([
        (counts.scanned, "in total"),
        (counts.changed, "changed by the run"),
        (verified.tally.journal.changed_since, "of these changed by the application since"),
        (counts.invalid, "match but cannot be changed; the run left them as they are"),
    ]));
    lines.extend(verified.notes.iter().map(|note| format!("Note: {note}")));
    let alarms = plan.monitors.alarms.len() + plan.monitors.critical_alarms.len();
    lines.push(match alarms {
        0 => format!("It baked for {}. The run watches no alarms.", canary.bake()),
        1 => format!("It baked for {}. The alarm that the run watches was quiet.", canary.bake()),
        _ => format!("It baked for {}. The {alarms} alarms that the run watches were quiet.", canary.bake()),
    });
    lines
}

fn of_dry_run(plan: &RunPlan, dry_run: &PhaseReport) -> Vec<String> {
    let counts = &dry_run.tally.counts;
    let mut lines = vec![format!("The dry run's verdict is {}. Items that it read:", word(dry_run.verdict))];
    lines.extend(rows([
        (counts.scanned, "in total"),
        (counts.changed, "would be changed"),
        (counts.already_done, "already have the new shape"),
        (counts.not_matched, "do not match"),
        (counts.invalid, "match but cannot be changed; the run leaves them as they are"),
    ]));
    let units = dry_run.tally.change_units;
    let cost = cost_usd(units as f64, 0.0);
    lines.push(format!("Migrating takes {} write units, about US$ {cost:.2} on demand.", with_commas(units)));
    lines.push(match plan.table.indexes {
        0 => "The table has no index that would add to that.".to_owned(),
        1 => "The table's index can add up to the same amount.".to_owned(),
        indexes => format!("Each of the table's {indexes} indexes can add up to the same amount."),
    });
    lines.push(match ceiling(plan) {
        Some(ceiling) => {
            let time = least_time(units, ceiling);
            format!("At {} write units per second at most, that is {time}.", with_commas(ceiling))
        }
        None => "The write units per second are not limited, so the time depends on the table.".to_owned(),
    });
    lines.extend(dry_run.reasons.iter().map(|reason| format!("Reason: {reason}")));
    lines.extend(dry_run.notes.iter().map(|note| format!("Note: {note}")));
    lines
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Good => "good",
        Verdict::Bad => "bad",
    }
}

/// A line for each count: the number right-aligned, then its meaning.
fn rows<const N: usize>(rows: [(u64, &'static str); N]) -> impl Iterator<Item = String> {
    rows.into_iter().map(|(count, meaning)| format!("{:>14}  {meaning}", with_commas(count)))
}

/// The most write units per second: the lower one of the run's limit and the table's; `None` if there is no limit.
fn ceiling(plan: &RunPlan) -> Option<u64> {
    let own = plan.write_units_per_second.map(u64::from);
    [own, plan.table.write_limit].into_iter().flatten().min()
}

const NOT_KNOWN: &str = "not known yet";

/// The ARNs of the requesters, separated by commas; `not known yet` for a requester that is not known yet.
pub fn started_by(requesters: &[Requester]) -> String {
    let names: Vec<&str> = requester_arns(requesters).into_iter().map(|arn| arn.unwrap_or(NOT_KNOWN)).collect();
    if names.is_empty() { NOT_KNOWN.to_owned() } else { names.join(", ") }
}

/// The least time that these units take at this rate, for people.
fn least_time(units: u64, per_second: u64) -> String {
    let seconds = units.div_ceil(per_second.max(1));
    match (seconds / 3600, seconds % 3600 / 60) {
        (0, 0) => "less than a minute".to_owned(),
        (0, minutes) => format!("at least {minutes} min"),
        (hours, minutes) => format!("at least {hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_the_least_that_the_units_take() {
        let found = [(1, 10), (590, 10), (36_000, 10), (1_320_455, 0)].map(|(units, rate)| least_time(units, rate));
        assert_eq!(found, ["less than a minute", "less than a minute", "at least 1 h 0 min", "at least 366 h 47 min"]);
    }

    #[test]
    fn a_requester_is_named_or_not_known_yet() {
        assert_eq!(started_by(&[]), "not known yet");
        assert_eq!(started_by(&[Requester::unknown("arn:e", "")]), "not known yet");
    }
}
