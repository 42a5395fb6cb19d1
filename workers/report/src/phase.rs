//! The section of one phase.

use crate::bar::Bar;
use crate::format::{count, dollars, units};
use crate::items::{FindingView, SampleView};
use tableshift_core::plan::estimate::cost_usd;
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::report::number_format::with_commas;
use tableshift_core::report::run_report::{PhaseReport, Verdict};
use tableshift_core::write::counts::MAX_EXAMPLES;

/// How many samples are visible at first; the others unfold.
const VISIBLE_SAMPLES: usize = 4;

/// The contents of the section.
#[derive(Debug)]
pub(crate) struct PhaseView {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) good: bool,
    pub(crate) summary: String,
    pub(crate) reasons: Vec<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) bars: Vec<Bar>,
    pub(crate) figures: Vec<Figure>,
    pub(crate) samples: Vec<SampleView>,
    pub(crate) more_samples: Vec<SampleView>,
    pub(crate) findings: Vec<FindingView>,
    /// The prefix of the dead letters in the bucket, if the page does not show all findings.
    pub(crate) all_findings: Option<String>,
}

/// A number with its name and an explanation.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) value: String,
    pub(crate) more: String,
    /// Whether the number makes the verdict bad.
    pub(crate) bad: bool,
}

/// The heading of the phase.
pub(crate) fn name(phase: Phase) -> &'static str {
    match phase {
        Phase::DryRun => "Dry run",
        Phase::Migrate => "Migrate",
        Phase::Verify => "Verify",
        Phase::RollBack => "Roll back",
    }
}

impl PhaseView {
    pub(crate) fn new(phase: Phase, report: &PhaseReport, plan: &RunPlan) -> Self {
        let tally = &report.tally;
        let mut samples: Vec<_> = tally.samples.iter().map(SampleView::new).collect();
        let more_samples = samples.split_off(samples.len().min(VISIBLE_SAMPLES));
        let letters = keys::dead_letters(&plan.run, phase, "", "");
        let all_findings =
            (tally.findings.len() >= MAX_EXAMPLES).then(|| letters.trim_end_matches('/').to_owned() + "/");
        Self {
            id: phase.as_str(),
            name: name(phase),
            good: report.verdict == Verdict::Good,
            summary: summary(phase, report),
            reasons: report.reasons.clone(),
            notes: report.notes.clone(),
            bars: Bar::all(phase, &tally.counts, &tally.journal),
            figures: figures(phase, report, plan),
            samples,
            more_samples,
            findings: tally.findings.iter().map(FindingView::new).collect(),
            all_findings,
        }
    }
}

/// The phase's result in one sentence.
pub(crate) fn summary(phase: Phase, report: &PhaseReport) -> String {
    let (counts, journal) = (&report.tally.counts, &report.tally.journal);
    let (changed, scanned) = (with_commas(counts.changed), count(counts.scanned, "item"));
    match phase {
        Phase::DryRun => format!("{changed} of {scanned} would be changed. Nothing was written to the table."),
        Phase::Migrate => format!("{changed} of {scanned} were changed."),
        Phase::Verify if counts.late == 0 => format!("{scanned} scanned again; none of them is late."),
        Phase::Verify => format!("{scanned} scanned again; late: {}.", with_commas(counts.late)),
        Phase::RollBack => {
            format!(
                "{} restored; {} spared, because the application has changed them.",
                count(journal.restored, "item"),
                with_commas(journal.spared)
            )
        }
    }
}

fn figures(phase: Phase, report: &PhaseReport, plan: &RunPlan) -> Vec<Figure> {
    let (tally, journal) = (&report.tally, &report.tally.journal);
    let missing = report.parts_expected.saturating_sub(report.parts_reported);
    let consumed = format!("{} read, {} write", units(tally.units.read), units(tally.units.write));
    let (parts, expected) = (with_commas(report.parts_reported), with_commas(report.parts_expected));
    let mut figures = vec![
        Figure { bad: missing > 0, ..figure("Parts reported", format!("{parts} of {expected}"), "") },
        figure("Units consumed", consumed, format!("{} at on-demand prices", dollars(report.cost_usd))),
    ];
    let throttles = tally.throttles.named().into_iter();
    let throttles: Vec<_> = throttles.map(|(count, reason)| format!("{} {reason}", with_commas(count))).collect();
    if !throttles.is_empty() {
        figures.push(figure("Requests throttled", with_commas(tally.throttles.all()), throttles.join(", ")));
    }
    let contentions = tally.contentions.named().into_iter();
    let contentions: Vec<_> = contentions.map(|(count, other)| format!("{} {other}", with_commas(count))).collect();
    if !contentions.is_empty() {
        let all = with_commas(tally.contentions.all());
        figures.push(figure("Writes that met another write and were repeated", all, contentions.join(", ")));
    }
    match phase {
        Phase::DryRun => {
            let cost = dollars(cost_usd(tally.change_units as f64, 0.0));
            let more = format!("{cost}{}", indexes_and_replicas(plan));
            figures.push(figure("Write units needed for the changes", with_commas(tally.change_units), more));
        }
        Phase::Migrate => {
            let unwritten = format!("{} of them not written", with_commas(journal.not_written));
            figures.push(figure("Journaled before writing", with_commas(journal.journaled), unwritten));
        }
        Phase::Verify | Phase::RollBack => {}
    }
    figures
}

fn figure(name: &'static str, value: String, more: impl Into<String>) -> Figure {
    Figure { name, value, more: more.into(), bad: false }
}

/// Names the indexes and replicas, which consume write units in addition to the table.
fn indexes_and_replicas(plan: &RunPlan) -> String {
    let indexes = (plan.table.indexes > 0).then(|| match plan.table.indexes {
        1 => "1 index".to_owned(),
        indexes => format!("{indexes} indexes"),
    });
    let replicas = (plan.table.replicas > 0).then(|| count(plan.table.replicas as u64, "replica"));
    let copies: Vec<_> = indexes.into_iter().chain(replicas).collect();
    if copies.is_empty() { String::new() } else { format!(" for the table; {} cost extra", copies.join(" and ")) }
}
