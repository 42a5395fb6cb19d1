//! The message that asks a person. Pure. It holds counts and commands, never an item's values nor the task token.

use std::fmt::Write as _;

use tableshift_aws::ledger::approvals::Question;
use tableshift_core::approval::rules::Requester;
use tableshift_core::plan::keys;
use tableshift_core::plan::policy::OnBadVerdict;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::event::Event;
use tableshift_core::report::links;
use tableshift_core::report::message::{Message, Notice};
use tableshift_core::report::run_report::Report;
use tableshift_core::report::summary::{self, started_by};

/// What the message is made from.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The run's plan.
    pub plan: &'a RunPlan,
    /// The report to review.
    pub report: &'a Report,
    /// Before whose turn it is asked.
    pub wave: Wave,
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
        let event = Event::Waiting { answer_by: &self.question.expires_at };
        let notice = Notice::of_run(self.plan, event, self.at, self.execution);
        let notice = Notice { reported: true, counts: self.report.last_counts(), ..notice };
        notice.message_with(self.subject(), self.text())
    }

    /// The subject.
    pub fn subject(&self) -> String {
        let RunPlan { stage, table, migration, .. } = self.plan;
        match self.wave {
            Wave::Main => format!("tableshift {stage}: approve the main wave of {} on {}?", migration.id, table.name),
            Wave::Whole | Wave::Canary => format!("tableshift {stage}: approve {} on {}?", migration.id, table.name),
        }
    }

    /// The message.
    pub fn text(&self) -> String {
        let plan = self.plan;
        let before = if self.wave == Wave::Main { "its main wave" } else { "it" };
        let mut text =
            format!("Run {} needs an approval before {before} writes to table {}.\n\n", plan.run, plan.table.name);
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
        let without = match (self.wave, self.plan.on_bad_verdict) {
            (Wave::Main, OnBadVerdict::RollBack) => {
                "Without an answer\nthe run ends at the time above and writes no more; the canary stays as it is. If rejected, the canary is rolled back.\n"
            }
            (Wave::Main, OnBadVerdict::Hold) => {
                "If the run is\nrejected or not answered in time, it ends and writes no more; the canary stays as it is.\n"
            }
            _ => "Without an answer\nthe run ends at the time above and writes nothing.\n",
        };
        let link = links::object(self.execution, bucket, &page).map(|link| format!("{link}\n")).unwrap_or_default();
        write!(
            text,
            "Read the report first:\n\n\
             {link}aws s3 cp{region} s3://{bucket}/{page} .\n\n\
             The answer is bound to the SHA-256 of report and plan:\n\n\
             {report_hash}  {report}\n\
             {plan_hash}  the plan, migration included\n\n\
             To approve:\n\n\
             tableshift approve {run} --stage {stage}\n\n\
             To reject:\n\n\
             tableshift reject {run} --stage {stage} --reason '<why>'\n\n\
             The command signs the answer with your AWS credentials. Whoever started the run cannot approve it. {without}",
        )
        .expect("a string takes all");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tableshift_core::approval::identity::Identity;
    use tableshift_core::language::document::Document;
    use tableshift_core::plan::canary::CanaryPlan;
    use tableshift_core::plan::input::Input;
    use tableshift_core::plan::monitors::Monitors;
    use tableshift_core::plan::phase::Phase;
    use tableshift_core::plan::planning::Facts;
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

    /// Holds a message against its golden file.
    fn hold(name: &str, (subject, text): (String, String)) {
        let (found, path) =
            (format!("Subject: {subject}\n\n{text}"), format!("{}/tests/{name}", env!("CARGO_MANIFEST_DIR")));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &found).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(found, golden, "if this is as it should be: UPDATE_GOLDEN=1 cargo test");
    }

    /// The message as people get it, to be read and changed as a whole.
    #[test]
    fn the_message_is_the_one_in_the_golden_file() {
        let plan = plan();
        hold("message.txt", text(&plan, &dry_run(&plan)));
    }

    /// What is asked once the canary has baked.
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
        hold("message-after-canary.txt", text_before(Wave::Main, &plan, &report));
    }

    #[test]
    fn a_message_without_a_dry_run_says_so() {
        let plan = plan();
        let (_, text) = text(&plan, &Report::new(&plan, Phase::DryRun));
        assert!(text.contains("There was no dry run."), "{text}");
    }
}
