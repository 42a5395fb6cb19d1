use super::*;
use tableshift_core::canary::CanaryPlan;
use tableshift_core::counts::{Counts, JournalCounts, Partial, Phase, Tally};
use tableshift_core::identity::Identity;
use tableshift_core::input::Input;
use tableshift_core::language::document::Document;
use tableshift_core::run_plan::Facts;
use tableshift_core::signals::Watched;

fn plan() -> RunPlan {
    let policy = serde_json::json!({
        "point_in_time_recovery": true, "back_up": true, "rehearse": "export", "approve": true, "verify": true,
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
    text_before(Turn::Whole, plan, report)
}

fn text_before(turn: Turn, plan: &RunPlan, report: &Report) -> (String, String) {
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
    let ann = Requester { identity: Some(identity), ..Requester::unknown("arn:e", "2026-11-22T09:00:00Z") };
    let request = Request {
        plan,
        report,
        turn,
        question: &question,
        execution: "arn:aws:states:eu-central-1:111122223333:execution:tableshift-prod-migrate-table:release-42",
        at: 0,
        requesters: &[ann],
    };
    let message = request.message();
    assert_eq!(message.attributes[0], ("phase", "waiting".to_owned()));
    (message.subject, message.text)
}

fn rehearsed(plan: &RunPlan) -> Report {
    let counts = Counts { scanned: 1_204_310, changed: 1_204_000, not_matched: 307, invalid: 3, ..Counts::default() };
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
    hold("message.txt", text(&plan, &rehearsed(&plan)));
}

/// What is asked once the canary has baked.
#[test]
fn the_message_after_a_canary_is_the_one_in_the_golden_file() {
    let canary = Some(CanaryPlan { segments: 4, bake_seconds: 1800, approve: true });
    let watched = Watched { alarms: vec!["latency".into(), "errors".into()], ..Watched::default() };
    let plan = RunPlan { canary, segments: 64, watched, ..plan() };
    let counts = Counts { scanned: 75_012, changed: 75_001, not_matched: 11, ..Counts::default() };
    let journal = JournalCounts { as_written: 74_990, changed_since: 11, ..JournalCounts::default() };
    let mut report = Report { turn: Turn::Canary, ..rehearsed(&plan) };
    for phase in [Phase::Migrate, Phase::Verify] {
        let tally = Tally { counts, journal, ..Tally::default() };
        let partial = serde_json::json!({"phase": phase, "part": "000007", "done": true, "tally": tally});
        let partial: Partial = serde_json::from_value(partial).unwrap();
        report.fold(phase, 1, vec![partial], plan.invalid_items);
    }
    hold("message-after-canary.txt", text_before(Turn::Rest, &plan, &report));
}

#[test]
fn a_message_without_a_rehearsal_says_so() {
    let plan = plan();
    let (_, text) = text(&plan, &Report::new(&plan, Phase::DryRun));
    assert!(text.contains("There was no dry run."), "{text}");
}
