//! The message that asks for an approval. It contains counts and commands, but no item values and no task token.

use std::fmt::Write as _;

use tableshift_aws::ledger::approvals::Question;
use tableshift_core::approval::rules::Requester;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::settings::policy::OnBadVerdict;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::event::Event;
use tableshift_core::report::links;
use tableshift_core::report::message::{Message, Notice};
use tableshift_core::report::run_report::Report;
use tableshift_core::report::summary::{self, started_by};

/// Everything that the message is made from.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The plan to approve.
    pub plan: &'a RunPlan,
    /// The report to review.
    pub report: &'a Report,
    /// The wave that needs the approval.
    pub wave: Wave,
    /// The question as the ledger has it.
    pub question: &'a Question,
    /// The ARN of the execution that waits for the answer.
    pub execution: &'a str,
    /// When the question is asked, in epoch milliseconds.
    pub at: i64,
    /// Who started and resumed the run.
    pub requesters: &'a [Requester],
}

impl Request<'_> {
    /// The message: the complete question for people, and the event `waiting` for programs.
    pub fn message(&self) -> Message {
        let event = Event::Waiting { answer_by: &self.question.expires_at };
        let notice = Notice::of_run(self.plan, event, self.at, self.execution);
        let notice = Notice { reported: true, counts: self.report.last_counts(), ..notice };
        notice.message_with(self.subject(), self.text())
    }

    fn subject(&self) -> String {
        let RunPlan { stage, table, migration, .. } = self.plan;
        let wave = if self.wave == Wave::Main { "the main wave of " } else { "" };
        format!("tableshift {stage}: approve {wave}{} on {}?", migration.id, table.name)
    }

    fn text(&self) -> String {
        let plan = self.plan;
        let wave = if self.wave == Wave::Main { "its main wave " } else { "" };
        let mut text =
            format!("Run {} waits for your approval to write {wave}to table {}.\n\n", plan.run, plan.table.name);
        push_field(&mut text, "Stage", &plan.stage);
        push_field(&mut text, "Migration", &plan.migration.id);
        if let Some(description) = plan.migration.description.as_deref() {
            push_field(&mut text, "", description);
        }
        push_field(&mut text, "Execution", self.execution);
        push_field(&mut text, "Started by", &started_by(self.requesters));
        push_field(&mut text, "Answer by", &self.question.expires_at);
        text.push('\n');
        text.push_str(&summary::of(plan, self.report));
        text.push('\n');
        self.push_commands(&mut text);
        text
    }

    fn push_commands(&self, text: &mut String) {
        let RunPlan { bucket, run, stage, .. } = self.plan;
        let Question { plan_hash, report_hash, .. } = self.question;
        let (page, report) = (keys::report_page(run), keys::report(run));
        let region = links::region(self.execution).map(|region| format!(" --region {region}")).unwrap_or_default();
        let link = links::object(self.execution, bucket, &page).map(|link| format!("{link}\n")).unwrap_or_default();
        let otherwise = self.without_approval();
        write!(
            text,
            "Review the report before you answer:\n\n\
             {link}aws s3 cp{region} s3://{bucket}/{page} .\n\n\
             Your answer applies only to the report and the plan with these SHA-256 hashes:\n\n\
             {report_hash}  {report}\n\
             {plan_hash}  the plan, including the migration\n\n\
             To approve:\n\n\
             tableshift approve {run} --stage {stage}\n\n\
             To reject:\n\n\
             tableshift reject {run} --stage {stage} --reason '<why>'\n\n\
             The command signs your answer with your AWS credentials.\n\
             Nobody who started or resumed the run can approve it.\n\
             {otherwise}\n",
        )
        .expect("writing to a string does not fail");
    }

    /// What happens if the wave is not approved.
    fn without_approval(&self) -> &'static str {
        match (self.wave, self.plan.on_bad_verdict) {
            (Wave::Main, OnBadVerdict::RollBack) => {
                "If nobody answers in time, the run ends, writes nothing more and leaves the canary as it is.\n\
                 If you reject it, the run rolls the canary back."
            }
            (Wave::Main, OnBadVerdict::Hold) => {
                "If nobody answers in time, or if you reject it, the run ends, writes nothing more and leaves the canary as it is."
            }
            _ => "If nobody answers in time, or if you reject it, the run ends and writes nothing.",
        }
    }
}

/// Adds a line with a name and a value in two columns.
fn push_field(text: &mut String, name: &str, value: &str) {
    let name = if name.is_empty() { String::new() } else { format!("{name}:") };
    writeln!(text, "{name:<12}{}", value.trim()).expect("writing to a string does not fail");
}

#[cfg(test)]
mod tests {
    use super::*;
    use tableshift_core::approval::identity::Identity;
    use tableshift_core::language::document::Document;
    use tableshift_core::plan::canary::CanaryPlan;
    use tableshift_core::plan::phase::Phase;
    use tableshift_core::plan::planning::Facts;
    use tableshift_core::plan::settings::input::Input;
    use tableshift_core::plan::settings::monitors::Monitors;
    use tableshift_core::write::counts::{Counts, JournalCounts, Partial, Tally};

    fn plan() -> RunPlan {
        let policy = serde_json::json!({
            "point_in_time_recovery": true, "back_up": true, "dry_run_source": "export", "approve": true, "verify": true,
            "approval_timeout_seconds": 86_400, "on_bad_verdict": "hold", "max_concurrency": 10, "max_segments": 1000,
            "write_units_per_second": null, "read_units_per_second": null, "invalid_items": 5, "lease_seconds": 900
        });
        let table = serde_json::json!({
            "name": "prod-main-table", "arn": "arn", "status": "ACTIVE", "keys": ["pk"], "index_keys": {},
            "items": 1_204_000, "bytes": 300_000_000, "time_to_live": null, "point_in_time_recovery": true,
            "replicas": 0, "indexes": 2, "stream": false
        });
        let input = serde_json::json!({ "migration": "20261122-split-address", "table": "prod-main-table", "write_units_per_second": 2_000 });
        let migration = "id: 20261122-split-address\n\
                     description: address becomes addressDetails {street, city, state}\n\
                     change: [{set: version, to: 2}]";
        let facts = Facts {
            run: "release-42".into(),
            stage: "prod".into(),
            bucket: "tableshift-prod-bucket".into(),
            input: Input::parse(&input).unwrap(),
            table: serde_json::from_value(table).unwrap(),
            migration: Document::from_yaml(migration).unwrap(),
            policy: serde_json::from_value(policy).unwrap(),
            locked_at: 0,
        };
        RunPlan::of(facts).unwrap()
    }

    fn text(plan: &RunPlan, report: &Report) -> (String, String) {
        text_before(Wave::Whole, plan, report)
    }

    fn text_before(wave: Wave, plan: &RunPlan, report: &Report) -> (String, String) {
        let question = Question {
            id: "id".into(),
            asked_at: "2026-11-22T10:00:00Z".into(),
            expires_at: "2026-11-23T10:00:00Z".into(),
            plan_hash: "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752".into(),
            report_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        };
        let identity = Identity {
            arn: "arn:aws:sts::111122223333:assumed-role/Release/ann".into(),
            user_id: "AROAEXAMPLE:ann".into(),
            account: "111122223333".into(),
        };
        let ann = Requester { signer: Some(identity), ..Requester::unknown("arn:e", "2026-11-22T09:00:00Z") };
        let request = Request {
            plan,
            report,
            wave,
            question: &question,
            execution: "arn:aws:states:eu-central-1:111122223333:execution:tableshift-prod-migrate-table:release-42",
            at: 0,
            requesters: &[ann],
        };
        let message = request.message();
        assert_eq!(message.attributes[0], ("event", "waiting".to_owned()));
        (message.subject, message.text)
    }

    fn dry_run(plan: &RunPlan) -> Report {
        let counts =
            Counts { scanned: 1_204_310, changed: 1_204_000, not_matched: 307, invalid: 3, ..Counts::default() };
        let tally = Tally { counts, change_units: 1_320_455, ..Tally::default() };
        let partial: Partial = serde_json::from_value(serde_json::json!({
            "phase": "dry-run", "part": "file-000000", "done": true, "tally": tally,
        }))
        .unwrap();
        let mut report = Report::new(plan, Phase::DryRun);
        report.fold(Phase::DryRun, 1, vec![partial], plan.invalid_items);
        report
    }

    /// Compares a message with its golden file.
    fn assert_golden(name: &str, (subject, text): (String, String)) {
        let (found, path) =
            (format!("Subject: {subject}\n\n{text}"), format!("{}/tests/{name}", env!("CARGO_MANIFEST_DIR")));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, golden, "if the difference is intended, run the test with UPDATE_GOLDEN=1");
    }

    #[test]
    fn the_message_is_the_one_in_the_golden_file() {
        let plan = plan();
        assert_golden("message.txt", text(&plan, &dry_run(&plan)));
    }

    #[test]
    fn the_message_after_a_canary_is_the_one_in_the_golden_file() {
        let canary = Some(CanaryPlan { segments: 4, bake_seconds: 1800, approve: true });
        let monitors = Monitors { alarms: vec!["latency".into(), "errors".into()], ..Monitors::default() };
        let plan = RunPlan { canary, segments: 64, monitors, ..plan() };
        let counts = Counts { scanned: 75_012, changed: 75_001, not_matched: 11, ..Counts::default() };
        let journal = JournalCounts { as_written: 74_990, changed_since: 11, ..JournalCounts::default() };
        let mut report = Report { wave: Wave::Canary, ..dry_run(&plan) };
        for phase in [Phase::Migrate, Phase::Verify] {
            let tally = Tally { counts, journal, ..Tally::default() };
            let partial = serde_json::json!({"phase": phase, "part": "000007", "done": true, "tally": tally});
            let partial: Partial = serde_json::from_value(partial).unwrap();
            report.fold(phase, 1, vec![partial], plan.invalid_items);
        }
        assert_golden("message-after-canary.txt", text_before(Wave::Main, &plan, &report));
    }

    #[test]
    fn a_message_without_a_dry_run_says_so() {
        let plan = plan();
        let (_, text) = text(&plan, &Report::new(&plan, Phase::DryRun));
        assert!(text.contains("There was no dry run."), "{text}");
    }
}
