//! What a person reads before they approve or reject a run. Makes no calls.

use super::decision::Decision;
use tableshift_aws::ledger::approvals::Question;
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::Requester;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::report::run_report::Report;
use tableshift_core::report::summary::{self, started_by};

/// What the summary shows.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    /// The run's plan.
    pub plan: &'a RunPlan,
    /// The report to review.
    pub report: &'a Report,
    /// The request for approval.
    pub question: &'a Question,
    /// Everybody who started or resumed the run.
    pub requesters: &'a [Requester],
    /// The identity that will sign the answer.
    pub caller: &'a Identity,
    /// What the person is about to answer.
    pub decision: Decision,
}

impl Summary<'_> {
    /// The facts of the request in rows, then what the run would write.
    pub fn text(&self) -> String {
        let (plan, question) = (self.plan, self.question);
        let rows = [
            ("Run", plan.run.clone()),
            ("Table", plan.table.name.clone()),
            ("Migration", plan.migration.id.clone()),
            ("", plan.migration.description.as_deref().unwrap_or_default().trim().to_owned()),
            ("Started by", started_by(self.requesters)),
            ("Deadline", question.expires_at.clone()),
            ("Plan hash", question.plan_hash.clone()),
            ("Report hash", question.report_hash.clone()),
            ("Report", format!("s3://{}/{}", plan.bucket, keys::report_page(&plan.run))),
        ];
        let rows = rows.into_iter().filter(|(_, value)| !value.is_empty());
        let rows: String = rows.map(|(name, value)| format!("{name:<13}{value}\n")).collect();
        let (what, verb, arn) = (summary::of(plan, self.report), self.decision.verb(), &self.caller.arn);
        format!("{rows}\n{what}\nYou {verb} as {arn}.\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tableshift_core::language::document::Document;
    use tableshift_core::plan::phase::Phase;
    use tableshift_core::plan::planning::Facts;
    use tableshift_core::plan::settings::input::Input;
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

    fn report(plan: &RunPlan) -> Report {
        let counts = Counts { scanned: 1_204_310, changed: 1_204_000, not_matched: 310, ..Counts::default() };
        let tally = Tally { counts, change_units: 1_320_455, ..Tally::default() };
        let partial: Partial = serde_json::from_value(serde_json::json!({
            "phase": "dry-run", "part": "file-000000", "done": true, "tally": tally,
        }))
        .unwrap();
        let mut report = Report::new(plan, Phase::DryRun);
        report.fold(Phase::DryRun, 1, vec![partial], plan.invalid_items);
        report
    }

    fn question() -> Question {
        Question {
            id: "id".into(),
            asked_at: "2026-11-22T10:00:00Z".into(),
            expires_at: "2026-11-23T10:00:00Z".into(),
            plan_hash: "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752".into(),
            report_hash: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        }
    }

    /// The expected text is question.txt, to be read as a whole.
    #[test]
    fn the_summary_is_as_in_the_golden_file() {
        let plan = plan();
        let caller = Identity {
            arn: "arn:aws:iam::111122223333:user/bob".into(),
            user_id: "AIDAEXAMPLE".into(),
            account: "111122223333".into(),
        };
        let (report, question) = (report(&plan), question());
        let (requesters, decision) = (&[], Decision::Approve);
        let summary =
            Summary { plan: &plan, report: &report, question: &question, requesters, caller: &caller, decision };
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/question.txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(path, summary.text()).unwrap();
        }
        let golden = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(summary.text(), golden, "update {path} with UPDATE_GOLDEN=1");
    }
}
