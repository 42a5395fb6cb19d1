//! The message that asks a person. Pure. It holds counts and commands, never an item's values nor the task token.

use std::fmt::Write as _;

use tableshift_core::counts::Phase;
use tableshift_core::estimate::cost_usd;
use tableshift_core::keys;
use tableshift_core::report::{PhaseReport, Report, Verdict};
use tableshift_core::run_plan::RunPlan;

/// What the message is made from.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The run's plan.
    pub plan: &'a RunPlan,
    /// The report to review.
    pub report: &'a Report,
    /// Its hash.
    pub report_hash: &'a str,
    /// Until when an answer counts.
    pub expires_at: &'a str,
    /// The ARN of the execution that waits.
    pub execution: &'a str,
    /// The ledger's name.
    pub ledger_table: &'a str,
}

impl Request<'_> {
    /// The subject.
    pub fn subject(&self) -> String {
        let RunPlan { stage, table, migration, .. } = self.plan;
        format!("tableshift {stage}: may {} write to {}?", migration.id, table.name)
    }

    /// The message.
    pub fn text(&self) -> String {
        let plan = self.plan;
        let mut text = format!("Run {} waits for a yes before it writes to table {}.\n\n", plan.run, plan.table.name);
        self.line(&mut text, "Stage", &plan.stage);
        self.line(&mut text, "Migration", &plan.migration.id);
        if let Some(description) = plan.migration.description.as_deref() {
            self.line(&mut text, "", description);
        }
        self.line(&mut text, "Execution", self.execution);
        self.line(&mut text, "Answer by", self.expires_at);
        text.push('\n');
        match self.report.phases.get(&Phase::DryRun) {
            Some(rehearsal) => self.rehearsal(&mut text, rehearsal),
            None => text.push_str("There was no dry run.\n"),
        }
        text.push('\n');
        self.commands(&mut text);
        text
    }

    fn line(&self, text: &mut String, name: &str, value: &str) {
        let name = if name.is_empty() { String::new() } else { format!("{name}:") };
        writeln!(text, "{name:<12}{}", value.trim()).expect("a string takes all");
    }

    fn rehearsal(&self, text: &mut String, rehearsal: &PhaseReport) {
        let verdict = if rehearsal.verdict == Verdict::Good { "good" } else { "bad" };
        let counts = &rehearsal.tally.counts;
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
        let (units, indexes) = (rehearsal.tally.change_units, self.plan.table.indexes);
        let cost = cost_usd(units as f64, 0.0);
        put(format!("Writing takes {} write units, about US$ {cost:.2} on demand,", grouped(units)));
        put(match indexes {
            0 => "and the table has no index that would add to it.".to_owned(),
            1 => "and up to as many again for the table's index.".to_owned(),
            _ => format!("and up to as many again for each of the table's {indexes} indexes."),
        });
        for reason in &rehearsal.reasons {
            put(format!("Reason: {reason}"));
        }
        for note in &rehearsal.notes {
            put(format!("Note: {note}"));
        }
    }

    fn commands(&self, text: &mut String) {
        let (bucket, run) = (&self.plan.bucket, &self.plan.run);
        let region = region(self.execution).map(|region| format!(" --region {region}")).unwrap_or_default();
        let token = format!(
            "aws dynamodb get-item{region} --table-name {} --key '{{\"pk\":{{\"S\":\"RUN#{run}\"}},\"sk\":{{\"S\":\"APPROVAL\"}}}}' \
             --query Item.token.S --output text",
            self.ledger_table
        );
        let answer = format!("aws stepfunctions send-task-success{region} --task-token \"$({token})\" --task-output");
        let hash = self.report_hash;
        write!(
            text,
            "Read the report first:\n\n\
             aws s3 cp{region} s3://{bucket}/{page} .\n\n\
             The answer is bound to s3://{bucket}/{report}, which has the SHA-256\n{hash}\n\n\
             To approve, put your name in and send:\n\n\
             {answer} '{{\"approve\":true,\"report_hash\":\"{hash}\",\"by\":\"<your name>\"}}'\n\n\
             To reject, put your name and your reason in and send:\n\n\
             {answer} '{{\"approve\":false,\"report_hash\":\"{hash}\",\"by\":\"<your name>\",\"reason\":\"<why>\"}}'\n\n\
             Without an answer the run ends at the time above and writes nothing.\n",
            page = keys::report_page(run),
            report = keys::report(run),
        )
        .expect("a string takes all");
    }
}

/// The Region in an ARN.
fn region(arn: &str) -> Option<&str> {
    arn.split(':').nth(3).filter(|region| !region.is_empty())
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
#[path = "message_tests.rs"]
mod tests;
