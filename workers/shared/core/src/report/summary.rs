//! What an approver has to know before they answer, as a message and as the command tell it. Counts only, never an item's
//! values.

use crate::approval::rules::Requester;
use crate::plan::canary::{CanaryPlan, Wave};
use crate::plan::estimate::cost_usd;
use crate::plan::phase::Phase;
use crate::plan::run_plan::RunPlan;
use crate::report::run_report::{PhaseReport, Report, Verdict};

/// What the canary found, where it is over; what the dry run found, what writing costs, and how long it takes.
pub fn of(plan: &RunPlan, report: &Report) -> String {
    let mut text = String::new();
    if let (Some(canary), Wave::Canary, Some(proof)) = (&plan.canary, report.wave, report.phases.get(&Phase::Verify)) {
        tell_canary(&mut text, plan, canary, proof);
    }
    match report.phases.get(&Phase::DryRun) {
        Some(dry_run) => tell(&mut text, plan, dry_run),
        None => text.push_str("There was no dry run.\n"),
    }
    text
}

fn tell_canary(text: &mut String, plan: &RunPlan, canary: &CanaryPlan, proof: &PhaseReport) {
    let verdict = if proof.verdict == Verdict::Good { "good" } else { "bad" };
    let counts = &proof.tally.counts;
    let monitors = plan.monitors.alarms.len() + plan.monitors.critical_alarms.len();
    let mut put = |line: String| text.push_str(&(line + "\n"));
    let (first, all) = (grouped(canary.segments.into()), grouped(plan.segments.into()));
    put(format!("The canary, {first} of {all} segments, is written and verified: its verdict is {verdict}."));
    let rows = [
        (counts.scanned, "in all"),
        (counts.changed, "were changed by the run"),
        (proof.tally.journal.changed_since, "of these were changed by the application since"),
        (counts.invalid, "match and cannot be changed; the run left them as they are"),
    ];
    put("Of the items in it".to_owned());
    for (count, what) in rows {
        put(format!("{:>14}  {what}", grouped(count)));
    }
    for note in &proof.notes {
        put(format!("Note: {note}"));
    }
    put(match monitors {
        0 => format!("It baked for {}; no alarm was monitors meanwhile.\n", canary.bake()),
        1 => format!("It baked for {}, with the alarm that the run watches quiet.\n", canary.bake()),
        _ => format!("It baked for {}, with the {monitors} alarms quiet that the run watches.\n", canary.bake()),
    });
}

fn tell(text: &mut String, plan: &RunPlan, dry_run: &PhaseReport) {
    let verdict = if dry_run.verdict == Verdict::Good { "good" } else { "bad" };
    let counts = &dry_run.tally.counts;
    let mut put = |line: String| text.push_str(&(line + "\n"));
    put(format!("The dry run's verdict is {verdict}. Of the items it read"));
    let rows = [
        (counts.scanned, "in all"),
        (counts.changed, "would be changed"),
        (counts.already_done, "are as the migration leaves them already"),
        (counts.not_matched, "are not the migration's business"),
        (counts.invalid, "match and cannot be changed; the run leaves them as they are"),
    ];
    for (count, what) in rows {
        put(format!("{:>14}  {what}", grouped(count)));
    }
    let (units, indexes) = (dry_run.tally.change_units, plan.table.indexes);
    let cost = cost_usd(units as f64, 0.0);
    put(format!("Writing takes {} write units, about US$ {cost:.2} on demand,", grouped(units)));
    put(match indexes {
        0 => "and the table has no index that would add to it.".to_owned(),
        1 => "and up to as many again for the table's index.".to_owned(),
        _ => format!("and up to as many again for each of the table's {indexes} indexes."),
    });
    put(match ceiling(plan) {
        Some(ceiling) => {
            let time = least_time(units, ceiling);
            format!("At no more than {} write units a second that is {time}.", grouped(ceiling))
        }
        None => "Nothing limits the write units a second, so it takes as long as the table allows.".to_owned(),
    });
    for reason in &dry_run.reasons {
        put(format!("Reason: {reason}"));
    }
    for note in &dry_run.notes {
        put(format!("Note: {note}"));
    }
}

/// The most write units a second: the run's own limit, or what the table can take.
fn ceiling(plan: &RunPlan) -> Option<u64> {
    let own = plan.write_units_per_second.map(u64::from);
    [own, plan.table.write_limit].into_iter().flatten().min()
}

/// Who started the run, as far as anybody can say.
pub fn started_by(requesters: &[Requester]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for requester in requesters {
        let known = requester.identities().map(|identity| identity.arn.as_str());
        let unknown = requester.identities().next().is_none().then_some("unknown so far");
        for name in known.chain(unknown) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    if names.is_empty() { "unknown so far".to_owned() } else { names.join(", ") }
}

/// How long so many units take at least, at so many a second.
fn least_time(units: u64, per_second: u64) -> String {
    let seconds = units.div_ceil(per_second.max(1));
    match (seconds / 3600, seconds % 3600 / 60) {
        (0, 0) => "less than a minute".to_owned(),
        (0, minutes) => format!("at least {minutes} min"),
        (hours, minutes) => format!("at least {hours} h {minutes} min"),
    }
}

/// A number with its thousands set apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let found: Vec<_> = [0, 999, 1_000, 28_000, 1_234_567].map(grouped).into();
        assert_eq!(found, ["0", "999", "1,000", "28,000", "1,234,567"]);
    }

    #[test]
    fn the_time_is_the_least_that_the_units_take() {
        let found = [(1, 10), (590, 10), (36_000, 10), (1_320_455, 0)].map(|(units, rate)| least_time(units, rate));
        assert_eq!(found, ["less than a minute", "less than a minute", "at least 1 h 0 min", "at least 366 h 47 min"]);
    }

    #[test]
    fn who_started_the_run_is_named_or_said_to_be_unknown() {
        assert_eq!(started_by(&[]), "unknown so far");
        assert_eq!(started_by(&[Requester::unknown("arn:e", "")]), "unknown so far");
    }
}
