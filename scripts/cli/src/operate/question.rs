//! What is shown before a yes or a no. Pure.

use std::fmt::Write as _;
use tableshift_aws::ledger_approvals::Question;
use tableshift_core::approval::Requester;
use tableshift_core::identity::Identity;
use tableshift_core::keys;
use tableshift_core::report::Report;
use tableshift_core::run_plan::RunPlan;
use tableshift_core::summary::{self, started_by};

/// What is known of a question beside the plan.
#[derive(Debug)]
pub struct Told {
    /// The report to review.
    pub report: Report,
    /// The question.
    pub question: Question,
    /// Who started the run.
    pub requesters: Vec<Requester>,
    /// The execution that waits.
    pub execution: String,
}

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The run's plan.
    pub plan: &'a RunPlan,
    /// What else is known.
    pub told: &'a Told,
    /// Who is about to answer.
    pub me: &'a Identity,
    /// Whether it is a yes.
    pub yes: bool,
}

impl View<'_> {
    /// The text.
    pub fn text(&self) -> String {
        let (plan, Told { report, question, requesters, .. }) = (self.plan, self.told);
        let started_by = started_by(requesters);
        let lines = [
            ("Run", plan.run.as_str()),
            ("Table", &plan.table.name),
            ("Migration", &plan.migration.id),
            ("", plan.migration.description.as_deref().unwrap_or_default().trim()),
            ("Started by", &started_by),
            ("Answer by", &question.expires_at),
            ("Plan", &question.plan_hash),
            ("Report", &question.report_hash),
        ];
        let mut text = String::new();
        for (name, value) in lines.into_iter().filter(|(_, value)| !value.is_empty()) {
            writeln!(text, "{name:<12}{value}").expect("a string takes all");
        }
        writeln!(text, "            s3://{}/{}\n", plan.bucket, keys::report_page(&plan.run))
            .expect("a string takes all");
        text.push_str(&summary::of(plan, report));
        let verb = if self.yes { "approve" } else { "reject" };
        writeln!(text, "\nYou {verb} as {}.", self.me.arn).expect("a string takes all");
        text
    }
}

#[cfg(test)]
#[path = "question_tests.rs"]
mod tests;
