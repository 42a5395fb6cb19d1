//! What is shown before a yes or a no. Pure.

use std::fmt::Write as _;
use tableshift_aws::ledger::approvals::Question;
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::Requester;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::report::run_report::Report;
use tableshift_core::report::summary::{self, started_by};

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
mod tests {
    use super::*;
    use tableshift_core::language::document::Document;
    use tableshift_core::plan::input::Input;
    use tableshift_core::plan::phase::Phase;
    use tableshift_core::plan::planning::Facts;
    use tableshift_core::write::counts::{Counts, Partial, Tally};

    fn plan() -> RunPlan {
        let policy = serde_json::json!({
            "point_in_time_recovery": true, "back_up": true, "dry_run_source": "export", "approve": true, "verify": true,
            "approval_timeout_seconds": 86_400, "on_bad_verdict": "hold", "max_concurrency": 10, "max_segments": 1000,
            "write_units_per_second": 2_000, "read_units_per_second": null, "invalid_items": 5, "lease_seconds": 900
        });
        let table = serde_json::json!({
            "name": "prod-main-table", "arn": "arn", "status": "ACTIVE", "keys": ["pk"], "index_keys": {},
            "items": 1_204_000, "bytes": 300_000_000, "time_to_live": null, "point_in_time_recovery": true,
            "replicas": 0, "indexes": 0, "stream": false
        });
        let input = serde_json::json!({ "migration": "20261122-split-address", "table": "prod-main-table" });
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

    fn told(plan: &RunPlan) -> Told {
        let counts = Counts { scanned: 1_204_310, changed: 1_204_000, not_matched: 310, ..Counts::default() };
        let tally = Tally { counts, change_units: 1_320_455, ..Tally::default() };
        let partial: Partial = serde_json::from_value(serde_json::json!({
            "phase": "dry-run", "part": "file-000000", "done": true, "tally": tally,
        }))
        .unwrap();
        let mut report = Report::new(plan, Phase::DryRun);
        report.fold(Phase::DryRun, 1, vec![partial], plan.invalid_items);
        let question = Question {
            id: "id".into(),
            asked_at: "2026-11-22T10:00:00Z".into(),
            expires_at: "2026-11-23T10:00:00Z".into(),
            plan_hash: "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752".into(),
            report_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        };
        Told { report, question, requesters: Vec::new(), execution: "arn:e".into() }
    }

    /// What an approver reads, to be read and changed as a whole: question.txt.
    #[test]
    fn what_is_shown_is_what_the_golden_file_shows() {
        let plan = plan();
        let told = told(&plan);
        let me = Identity {
            arn: "arn:aws:iam::111122223333:user/bob".into(),
            user_id: "AIDAEXAMPLE".into(),
            account: "111122223333".into(),
        };
        let found = View { plan: &plan, told: &told, me: &me, yes: true }.text();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/question.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, &found).unwrap();
        }
        let golden = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(found, golden, "if this is as it should be: UPDATE_GOLDEN=1 cargo test");
    }
}
