//! The message that asks a person. Pure. It holds counts and commands, never an item's values nor the task token.

use std::fmt::Write as _;

use tableshift_aws::ledger_approvals::Question;
use tableshift_core::approval::Requester;
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
    /// The question.
    pub question: &'a Question,
    /// The ARN of the execution that waits.
    pub execution: &'a str,
    /// Who started the run.
    pub requesters: &'a [Requester],
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
        self.line(&mut text, "Started by", &started_by(self.requesters));
        self.line(&mut text, "Answer by", &self.question.expires_at);
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
        put(match self.ceiling() {
            Some(ceiling) => {
                let time = least_time(units, ceiling);
                format!("At no more than {} write units a second that is {time}.", grouped(ceiling))
            }
            None => "Nothing limits the write units a second, so it takes as long as the table allows.".to_owned(),
        });
        for reason in &rehearsal.reasons {
            put(format!("Reason: {reason}"));
        }
        for note in &rehearsal.notes {
            put(format!("Note: {note}"));
        }
    }

    /// The most write units a second: the run's own limit, or what the table can take.
    fn ceiling(&self) -> Option<u64> {
        let own = self.plan.write_units_per_second.map(u64::from);
        [own, self.plan.table.write_limit].into_iter().flatten().min()
    }

    fn commands(&self, text: &mut String) {
        let RunPlan { bucket, run, stage, .. } = self.plan;
        let Question { plan_hash, report_hash, .. } = self.question;
        let (page, report) = (keys::report_page(run), keys::report(run));
        let region = region(self.execution).map(|region| format!(" --region {region}")).unwrap_or_default();
        let link = link(self.execution, bucket, &page).map(|link| format!("{link}\n")).unwrap_or_default();
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
             The command signs the answer with your AWS credentials. Who started the run cannot approve it. Without an\n\
             answer the run ends at the time above and writes nothing.\n",
        )
        .expect("a string takes all");
    }
}

/// Who started the run, as far as anybody can say.
fn started_by(requesters: &[Requester]) -> String {
    let names = requesters.iter().map(|requester| match &requester.identity {
        Some(identity) => identity.arn.as_str(),
        None => "unknown so far",
    });
    let names: Vec<&str> = names.collect();
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

/// The page in the S3 console. Source: the console's own addresses; only the partition `aws` has this host.
fn link(execution: &str, bucket: &str, key: &str) -> Option<String> {
    let region = region(execution).filter(|_| execution.starts_with("arn:aws:"))?;
    Some(format!("https://{region}.console.aws.amazon.com/s3/object/{bucket}?region={region}&prefix={key}"))
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
