//! Conclude against the ledger and the bucket.

use conclude::{Error, Input, Output, run};
use serde_json::{Value, json};
use tableshift_aws::ledger::approvals::{Outcome, Question, Secrets};
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::run_files::store;
use tableshift_aws::sns::Publish;
use tableshift_core::language::document::Document;
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::report::run_report::Report;
use tableshift_core::write::counts::{Counts, Partial, Tally};
use tableshift_runtime::{ErrorName, Named};
use tableshift_tests::{EXECUTION, Engines, MissingTopic, NOW, RUN, Recorder, TABLE, plan};

async fn call(engines: &Engines, topic: &impl Publish, execution: &str, state: Value) -> Result<Output, Error> {
    let input = Input { execution: execution.into(), name: RUN.into(), started: String::new(), state };
    run(&engines.bucket(), &engines.ledger(), topic, "test", NOW, input).await
}

fn state(phase: &str, verdict: &str) -> Value {
    json!({
        "input": {"table": TABLE}, "run": RUN, "epoch": 1, "table": TABLE, "migration": "m",
        "steps": {"dry_run": true, "migrate": true, "verify": true},
        "report": {"verdict": verdict, "reasons": [], "phase": phase, "key": keys::report(RUN)},
    })
}

/// Writes a report of a run that changed seven items.
async fn report(engines: &Engines) {
    let counts = Counts { scanned: 7, changed: 7, ..Counts::default() };
    let tally = Tally { counts, ..Tally::default() };
    let partial = json!({"phase": "migrate", "part": "000000", "done": true, "tally": tally});
    let partial: Partial = serde_json::from_value(partial).unwrap();
    let mut report = Report::new(&plan(), Phase::Migrate);
    report.fold(Phase::Migrate, 1, vec![partial], 0);
    store(&engines.bucket(), &keys::report(RUN), &report).await.unwrap();
}

async fn started_run() -> Engines {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    engines
}

async fn holder(engines: &Engines) -> Option<String> {
    engines.ledger().lock(TABLE).await.unwrap().unwrap().execution
}

#[tokio::test]
async fn a_successful_run_is_closed_recorded_as_applied_announced_and_unlocked() {
    let engines = started_run().await;
    report(&engines).await;
    let topic = Recorder::default();
    for _ in 0..2 {
        let output = call(&engines, &topic, EXECUTION, state("verify", "good")).await.unwrap();
        assert_eq!(output, Output { outcome: "succeeded", error: String::new(), cause: String::new() });
    }
    let record = engines.ledger().run(RUN).await.unwrap().unwrap();
    assert_eq!((record.status.as_str(), record.error.as_deref()), ("succeeded", Some("")));
    assert_eq!(record.ended.as_deref(), Some("2026-11-22T10:00:00Z"));
    assert_eq!(record.counts["changed"], 7);
    let applied = engines.ledger().applied(TABLE, "m").await.unwrap().unwrap();
    assert_eq!((applied.run.as_str(), applied.changed, applied.hash), (RUN, 7, plan().migration_hash));
    assert_eq!(holder(&engines).await, None);
    assert_eq!(topic.sent()[0].0, "tableshift test: applied: run r-1");
}

#[tokio::test]
async fn a_failed_run_is_closed_and_unlocked_and_not_recorded_as_applied() {
    let engines = started_run().await;
    let topic = Recorder::default();
    let output = call(&engines, &topic, EXECUTION, state("verify", "bad")).await.unwrap();
    assert_eq!((output.outcome, output.error.as_str()), ("failed", "VerificationFailed"));
    let record = engines.ledger().run(RUN).await.unwrap().unwrap();
    assert_eq!((record.status.as_str(), record.error.as_deref()), ("failed", Some("VerificationFailed")));
    assert_eq!(engines.ledger().applied(TABLE, "m").await.unwrap(), None);
    assert_eq!(holder(&engines).await, None);
    assert!(topic.sent()[0].1.starts_with("Run r-1 failed with VerificationFailed:\n"));
}

#[tokio::test]
async fn an_applied_migration_is_stored_with_its_document_and_the_result_of_its_last_verification() {
    let engines = started_run().await;
    let mut unverified = state("migrate", "good");
    unverified["steps"] = json!({"migrate": true});
    call(&engines, &Recorder::default(), EXECUTION, unverified).await.unwrap();
    let applied = async || engines.ledger().applied(TABLE, "m").await.unwrap().unwrap();
    assert!(!applied().await.verified);
    let document: Document = serde_json::from_str(&applied().await.document).unwrap();
    assert_eq!(document.hash(), applied().await.hash);

    for (verdict, verified) in [("good", true), ("bad", false), ("good", true)] {
        let mut verification = state("verify", verdict);
        verification["steps"] = json!({"verify": true});
        call(&engines, &Recorder::default(), EXECUTION, verification).await.unwrap();
        assert_eq!(applied().await.verified, verified);
    }
}

#[tokio::test]
async fn a_run_over_dead_letters_is_not_recorded_as_applied() {
    let engines = Engines::start().await;
    let mut plan = plan();
    plan.dead_letters_of = Some("r-0".into());
    engines.begin(&plan).await;
    call(&engines, &Recorder::default(), EXECUTION, state("verify", "good")).await.unwrap();
    assert_eq!(engines.ledger().applied(TABLE, "m").await.unwrap(), None);
}

#[tokio::test]
async fn a_run_with_nothing_to_do_succeeds_and_leaves_the_ledger_unchanged() {
    let engines = started_run().await;
    call(&engines, &Recorder::default(), EXECUTION, state("verify", "good")).await.unwrap();
    let before = engines.ledger().applied(TABLE, "m").await.unwrap();
    let topic = Recorder::default();
    let idle = json!({"run": RUN, "table": TABLE, "steps": {}, "already_applied": {"run": "r-0", "at": "2026-11-20T10:00:00Z"}});
    let output = call(&engines, &topic, EXECUTION, idle).await.unwrap();
    assert_eq!(output.outcome, "succeeded");
    assert!(topic.sent()[0].1.contains("had nothing to do: run r-0 applied the migration"));
    assert_eq!(engines.ledger().applied(TABLE, "m").await.unwrap(), before);
}

#[tokio::test]
async fn a_failed_map_is_reported_with_the_cause_that_its_worker_recorded() {
    let engines = started_run().await;
    engines.ledger().record_cause(RUN, 1, "BudgetExceeded", "6 items are invalid").await.unwrap();
    let mut state = state("dry-run", "good");
    state["error"] = json!({"Error": "States.ExceedToleratedFailureThreshold", "Cause": "exceeded"});
    for _ in 0..2 {
        let output = call(&engines, &Recorder::default(), EXECUTION, state.clone()).await.unwrap();
        assert_eq!((output.error.as_str(), output.cause.as_str()), ("BudgetExceeded", "6 items are invalid"));
    }
}

#[tokio::test]
async fn a_migration_that_was_rolled_back_is_no_longer_applied() {
    let engines = started_run().await;
    call(&engines, &Recorder::default(), EXECUTION, state("verify", "good")).await.unwrap();
    assert!(engines.ledger().applied(TABLE, "m").await.unwrap().is_some());
    let mut state = state("roll-back", "good");
    state["steps"] = json!({"roll_back": true});
    let output = call(&engines, &Recorder::default(), EXECUTION, state).await.unwrap();
    assert_eq!(output.outcome, "succeeded");
    assert_eq!(engines.ledger().applied(TABLE, "m").await.unwrap(), None);
}

#[tokio::test]
async fn the_run_and_the_lock_of_another_execution_stay_unchanged() {
    let engines = started_run().await;
    let refused = json!({
        "input": {"table": TABLE, "run": RUN},
        "error": {"Error": "LockHeld", "Cause": "{\"errorType\":\"LockHeld\",\"errorMessage\":\"held\"}"},
    });
    let output = call(&engines, &Recorder::default(), "arn:other", refused).await.unwrap();
    assert_eq!((output.error.as_str(), output.cause.as_str()), ("LockHeld", "held"));
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().status, "running");
    assert_eq!(holder(&engines).await.as_deref(), Some(EXECUTION));
}

#[tokio::test]
async fn a_lock_that_plan_took_before_it_failed_is_released() {
    let engines = started_run().await;
    let failed = json!({"input": {"table": TABLE}, "error": {"Error": "AccessDenied", "Cause": "s3:PutObject"}});
    let output = call(&engines, &Recorder::default(), EXECUTION, failed).await.unwrap();
    assert_eq!(output.error, "AccessDenied");
    assert_eq!(holder(&engines).await, None);
}

#[tokio::test]
async fn an_execution_that_left_nothing_still_ends() {
    let engines = Engines::start().await;
    let output = call(&engines, &Recorder::default(), EXECUTION, Value::Null).await.unwrap();
    assert_eq!((output.outcome, output.error.as_str()), ("failed", "Internal"));
}

#[tokio::test]
async fn a_missing_topic_fails_no_run_and_is_reported_with_the_other_failures() {
    let engines = started_run().await;
    let output = call(&engines, &MissingTopic, EXECUTION, state("verify", "good")).await.unwrap();
    assert_eq!(output.outcome, "succeeded");
    assert_eq!(holder(&engines).await, None);

    let bucket = engines.bucket();
    let empty = tableshift_aws::ledger::table::Ledger::new(engines.dynamodb.clone(), "no-such-table");
    let input =
        Input { execution: EXECUTION.into(), name: RUN.into(), started: String::new(), state: state("verify", "good") };
    let error = run(&bucket, &empty, &MissingTopic, "test", NOW, input).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Internal);
    for part in ["outcome succeeded, but reading the run's record failed", "releasing the lock failed"] {
        assert!(error.to_string().contains(part), "{error}");
    }
}

#[tokio::test]
async fn an_unanswered_approval_request_is_closed_as_expired_with_time_and_reason() {
    let engines = started_run().await;
    let question = Question { id: "q".into(), ..Question::default() };
    engines.ledger().ask(RUN, &question, &Secrets::default()).await.unwrap();
    let mut state = state("dry-run", "good");
    state["steps"]["approve"] = json!(true);
    state["error"] = json!({"Error": "States.Timeout", "Cause": ""});
    let output = call(&engines, &Recorder::default(), EXECUTION, state).await.unwrap();
    assert_eq!(output.error, "ApprovalExpired");
    let answer = engines.ledger().approval(RUN).await.unwrap().unwrap().answer.unwrap();
    assert_eq!((answer.outcome, answer.by), (Outcome::Expired, None));
    assert_eq!(answer.answered_at, "2026-11-22T10:00:00Z");
    assert!(answer.reason.contains("was not answered in time"), "{}", answer.reason);
}

#[tokio::test]
async fn an_execution_with_the_arn_of_an_earlier_one_leaves_the_record_of_the_earlier_run_alone() {
    let engines = started_run().await;
    call(&engines, &Recorder::default(), EXECUTION, state("verify", "good")).await.unwrap();
    let before = engines.ledger().run(RUN).await.unwrap().unwrap();
    // Step Functions gives a name, and so the ARN, again after 90 days. Plan refused the name.
    let refused = json!({"input": {"table": TABLE}, "error": {"Error": "InvalidInput", "Cause": "{}"}});
    let started = "2027-03-01T10:00:00Z".to_owned();
    let input = Input { execution: EXECUTION.into(), name: RUN.into(), started, state: refused };
    run(&engines.bucket(), &engines.ledger(), &Recorder::default(), "test", NOW, input).await.unwrap();
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap(), before);
}
