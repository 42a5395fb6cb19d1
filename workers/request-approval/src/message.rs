//! The message that asks a person. Pure. It holds counts and commands, never an item's values nor the task token.

use std::fmt::Write as _;

use tableshift_aws::ledger_approvals::Question;
use tableshift_core::approval::Requester;
use tableshift_core::canary::Turn;
use tableshift_core::message::{Message, Moment, Notice};
use tableshift_core::policy::OnBadVerdict;
use tableshift_core::report::Report;
use tableshift_core::run_plan::RunPlan;
use tableshift_core::summary::{self, started_by};
use tableshift_core::{keys, links};

/// What the message is made from.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The run's plan.
    pub plan: &'a RunPlan,
    /// The report to review.
    pub report: &'a Report,
    /// Before whose turn it is asked.
    pub turn: Turn,
    /// The question.
    pub question: &'a Question,
    /// The ARN of the execution that waits.
    pub execution: &'a str,
    /// When it is asked, in epoch milliseconds.
    pub at: i64,
    /// Who started the run.
    pub requesters: &'a [Requester],
}

impl Request<'_> {
    /// The message: to people the whole question, to programs that there is one.
    pub fn message(&self) -> Message {
        let moment = Moment::Waiting { answer_by: &self.question.expires_at };
        let notice = Notice::of_run(self.plan, moment, self.at, self.execution);
        let notice = Notice { reported: true, counts: self.report.last_counts(), ..notice };
        notice.message_with(self.subject(), self.text())
    }

    /// The subject.
    pub fn subject(&self) -> String {
        let RunPlan { stage, table, migration, .. } = self.plan;
        match self.turn {
            Turn::Rest => format!("tableshift {stage}: may {} write the rest of {}?", migration.id, table.name),
            Turn::Whole | Turn::Canary => format!("tableshift {stage}: may {} write to {}?", migration.id, table.name),
        }
    }

    /// The message.
    pub fn text(&self) -> String {
        let plan = self.plan;
        let what = if self.turn == Turn::Rest { "the rest of" } else { "to" };
        let mut text =
            format!("Run {} waits for a yes before it writes {what} table {}.\n\n", plan.run, plan.table.name);
        self.line(&mut text, "Stage", &plan.stage);
        self.line(&mut text, "Migration", &plan.migration.id);
        if let Some(description) = plan.migration.description.as_deref() {
            self.line(&mut text, "", description);
        }
        self.line(&mut text, "Execution", self.execution);
        self.line(&mut text, "Started by", &started_by(self.requesters));
        self.line(&mut text, "Answer by", &self.question.expires_at);
        text.push('\n');
        text.push_str(&summary::of(plan, self.report));
        text.push('\n');
        self.commands(&mut text);
        text
    }

    fn line(&self, text: &mut String, name: &str, value: &str) {
        let name = if name.is_empty() { String::new() } else { format!("{name}:") };
        writeln!(text, "{name:<12}{}", value.trim()).expect("a string takes all");
    }

    fn commands(&self, text: &mut String) {
        let RunPlan { bucket, run, stage, .. } = self.plan;
        let Question { plan_hash, report_hash, .. } = self.question;
        let (page, report) = (keys::report_page(run), keys::report(run));
        let region = links::region(self.execution).map(|region| format!(" --region {region}")).unwrap_or_default();
        let without = match (self.turn, self.plan.on_bad_verdict) {
            (Turn::Rest, OnBadVerdict::RollBack) => {
                "Without an answer the run ends at\nthe time above and writes no more; the canary stays as it is. After a no it is put back.\n"
            }
            (Turn::Rest, OnBadVerdict::Hold) => {
                "Without an answer, or after\na no, the run ends and writes no more; the canary stays as it is.\n"
            }
            _ => "Without an\nanswer the run ends at the time above and writes nothing.\n",
        };
        let link = links::object(self.execution, bucket, &page).map(|link| format!("{link}\n")).unwrap_or_default();
        write!(
            text,
            "Read the report first:\n\n\
             {link}aws s3 cp{region} s3://{bucket}/{page} .\n\n\
             The answer is bound to report and plan by their SHA-256:\n\n\
             {report_hash}  {report}\n\
             {plan_hash}  the plan, migration included\n\n\
             To approve:\n\n\
             tableshift approve {run} --stage {stage}\n\n\
             To reject:\n\n\
             tableshift reject {run} --stage {stage} --reason '<why>'\n\n\
             The command signs the answer with your AWS credentials. Who started the run cannot approve it. {without}",
        )
        .expect("a string takes all");
    }
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
