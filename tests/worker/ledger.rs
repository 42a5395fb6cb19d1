//! The ledger's records of runs, approvals and applied migrations against DynamoDB.

use std::collections::BTreeMap;

use tableshift_aws::ledger_approvals::{Answer, Approvals, Question, Recorded};
use tableshift_aws::ledger_runs::{Applied, AppliedMigrations, Ending, RunRecord, Runs};
use tableshift_tests::Engines;

fn record() -> RunRecord {
    RunRecord {
        run: "r-1".into(),
        table: "airports".into(),
        migration: "split".into(),
        migration_hash: "m".into(),
        plan_hash: "p".into(),
        phase: "planned".into(),
        status: "running".into(),
        started: "2026-11-22T10:00:00Z".into(),
        execution: "arn:e".into(),
        ..RunRecord::default()
    }
}

#[tokio::test]
async fn a_run_is_recorded_from_start_to_end() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    assert_eq!(ledger.run("r-1").await.unwrap(), None);
    ledger.put_run(&record()).await.unwrap();
    assert_eq!(ledger.run("r-1").await.unwrap(), Some(record()));

    ledger.enter_phase("r-1", "writing").await.unwrap();
    let ending = Ending {
        status: "failed".into(),
        ended: "2026-11-22T11:00:00Z".into(),
        error: "LeaseLost".into(),
        cause: "epoch 2 took over".into(),
        counts: BTreeMap::from([("scanned".to_owned(), 7)]),
    };
    assert!(!ledger.end_run("r-1", "arn:other", &ending).await.unwrap());
    assert_eq!(ledger.run("r-1").await.unwrap().unwrap().status, "running");
    assert!(ledger.end_run("r-1", "arn:e", &ending).await.unwrap());
    let ended = ledger.run("r-1").await.unwrap().unwrap();
    assert_eq!(ended.phase, "writing");
    assert_eq!(ended.status, "failed");
    assert_eq!(ended.ended.as_deref(), Some("2026-11-22T11:00:00Z"));
    assert_eq!(ended.error.as_deref(), Some("LeaseLost"));
    assert_eq!(ended.counts, ending.counts);
}

#[tokio::test]
async fn an_update_never_invents_a_run() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    assert!(ledger.enter_phase("r-1", "writing").await.is_err());
    assert_eq!(ledger.run("r-1").await.unwrap(), None);
}

#[tokio::test]
async fn the_first_cause_stays() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    ledger.put_run(&record()).await.unwrap();
    ledger.record_cause("r-1", "BudgetExceeded", "too many").await.unwrap();
    ledger.record_cause("r-1", "LeaseLost", "later").await.unwrap();
    let found = ledger.run("r-1").await.unwrap().unwrap();
    assert_eq!(found.cause_name.as_deref(), Some("BudgetExceeded"));
    assert_eq!(found.cause.as_deref(), Some("too many"));
}

#[tokio::test]
async fn an_applied_migration_is_forgotten_only_by_the_run_that_applied_it() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    ledger.forget_applied("airports", "split", "r-1").await.unwrap();
    let applied = Applied {
        run: "r-2".into(),
        hash: "m".into(),
        at: "2026-11-22T11:00:00Z".into(),
        changed: 28_000,
        verified: true,
        document: "{}".into(),
    };
    ledger.put_applied("airports", "split", &applied).await.unwrap();
    ledger.forget_applied("airports", "split", "r-1").await.unwrap();
    assert_eq!(ledger.applied("airports", "split").await.unwrap(), Some(applied));
    ledger.forget_applied("airports", "split", "r-2").await.unwrap();
    assert_eq!(ledger.applied("airports", "split").await.unwrap(), None);
}

fn question(token: &str) -> Question {
    Question {
        token: token.into(),
        asked_at: "2026-11-22T10:00:00Z".into(),
        expires_at: "2026-11-23T10:00:00Z".into(),
        plan_hash: "p".into(),
        report_hash: "h".into(),
    }
}

fn yes(by: &str) -> Answer {
    Answer { approve: true, by: by.into(), reason: String::new(), answered_at: "2026-11-22T12:00:00Z".into() }
}

#[tokio::test]
async fn a_question_takes_one_answer() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    assert_eq!(ledger.answer("r-1", "h", &yes("ann")).await.unwrap(), Recorded::TooLate);
    ledger.ask("r-1", &question("one")).await.unwrap();
    assert_eq!(ledger.answer("r-1", "other", &yes("ann")).await.unwrap(), Recorded::TooLate);
    assert_eq!(ledger.answer("r-1", "h", &yes("ann")).await.unwrap(), Recorded::Now);
    assert_eq!(ledger.answer("r-1", "h", &yes("bob")).await.unwrap(), Recorded::TooLate);
    let found = ledger.approval("r-1").await.unwrap().unwrap();
    assert_eq!(found.question, question("one"));
    assert_eq!(found.answer, Some(yes("ann")));
}

#[tokio::test]
async fn asking_again_replaces_the_token_and_the_answer() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    ledger.ask("r-1", &question("one")).await.unwrap();
    ledger.answer("r-1", "h", &yes("ann")).await.unwrap();
    ledger.ask("r-1", &question("two")).await.unwrap();
    let found = ledger.approval("r-1").await.unwrap().unwrap();
    assert_eq!(found.question.token, "two");
    assert_eq!(found.answer, None);
}
