//! `report.html`, the page that an approver reads. It loads nothing else, and works on any screen and on paper.
//!
//! The modules of the page turn the report and the plan into strings, and `templates/report.html` arranges them. The
//! template engine escapes every string, because item values may come from anybody.

use crate::phase::{self, PhaseView};
use crate::plan::{facts, next_step};
use askama::Template;
use tableshift_core::language::document::outline::{RuleLine, outline};
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::run_report::{Report, Verdict};

/// The contents of the page.
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
    /// `report_hash` is the SHA-256 of `report.json`.
    pub fn new(report: &'a Report, plan: &'a RunPlan, report_hash: &'a str) -> Self {
        // The phase that the verdict is about comes first, then the earlier phases, latest first.
        let last = report.phases.get_key_value(&report.phase);
        let earlier = report.phases.iter().rev().filter(|(phase, _)| **phase != report.phase);
        Self {
            report,
            plan,
            report_hash,
            good: report.verdict == Verdict::Good,
            phase: if report.wave == Wave::Canary { "Canary" } else { phase::name(report.phase) },
            next: next_step(report, plan),
            rules: outline(&plan.migration),
            facts: facts(plan),
            phases: last.into_iter().chain(earlier).map(|(phase, found)| PhaseView::new(*phase, found, plan)).collect(),
        }
    }

    /// Renders the page as HTML.
    pub fn html(&self) -> askama::Result<String> {
        self.render()
    }
}
