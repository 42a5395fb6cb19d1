//! `report.html`: what an approver reads. One page that loads nothing, for any screen, and for paper.
//!
//! Everything here turns the report and the plan into texts; `templates/report.html` lays them out. The template engine
//! escapes every text, for items hold what strangers wrote.

use crate::phase::{self, PhaseView};
use crate::plan::{facts, next};
use askama::Template;
use tableshift_core::language::document::outline::{RuleLine, outline};
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::run_report::{Report, Verdict};

/// The page of a report.
#[derive(Debug, Template)]
#[template(path = "report.html")]
pub struct Page<'a> {
    report: &'a Report,
    plan: &'a RunPlan,
    report_hash: &'a str,
    good: bool,
    phase: &'static str,
    next: String,
    rules: Vec<RuleLine>,
    facts: Vec<(&'static str, String)>,
    phases: Vec<PhaseView>,
}

impl<'a> Page<'a> {
    /// The page of this report, whose `report.json` has this hash.
    pub fn of(report: &'a Report, plan: &'a RunPlan, report_hash: &'a str) -> Self {
        // The phase that the verdict is about comes first, then back to the beginning.
        let last = report.phases.get_key_value(&report.phase);
        let earlier = report.phases.iter().rev().filter(|(phase, _)| **phase != report.phase);
        Self {
            report,
            plan,
            report_hash,
            good: report.verdict == Verdict::Good,
            phase: if report.wave == Wave::Canary { "Canary" } else { phase::name(report.phase) },
            next: next(report, plan),
            rules: outline(&plan.migration),
            facts: facts(plan),
            phases: last.into_iter().chain(earlier).map(|(phase, found)| PhaseView::of(*phase, found, plan)).collect(),
        }
    }

    /// The page as HTML.
    pub fn html(&self) -> askama::Result<String> {
        self.render()
    }
}
