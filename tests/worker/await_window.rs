//! AwaitWindow against the ledger and the bucket.

use await_window::{Error, Input, Output, run};
use serde_json::json;
use tableshift_aws::ledger_approvals::{Answer, Approvals, Outcome, Question, Secrets};
use tableshift_aws::ledger_runs::Runs;
use tableshift_aws::objects::WriteObject;
use tableshift_aws::run_files::store;
use tableshift_core::run_plan::RunPlan;
use tableshift_core::{hash, keys};
use tableshift_runtime::{ErrorName, Named};
use tableshift_tests::sts::Person;
use tableshift_tests::{Engines, NOW, RUN, plan};

const DOCUMENT: &str = "id: m\nchange: [{set: v, to: 2}]";
const REPORT: &[u8] = b"the report";

/// A run as it is when bob has said yes to it.
async fn approved(plan: &RunPlan) -> Engines {
    let engines = Engines::start().await;
    engines.begin(plan).await;
    put(&engines, &keys::migration("m"), DOCUMENT.as_bytes()).await;
    put(&engines, &keys::report(RUN), REPORT).await;
    let question = Question {
        id: "q".into(),
        asked_at: "2026-11-22T10:00:00Z".into(),
        expires_at: "2026-11-23T10:00:00Z".into(),
        plan_hash: plan.hash(),
        report_hash: hash::of_bytes(REPORT),
    };
    engines.ledger().ask(RUN, &question, &Secrets { question: "q".into(), ..Secrets::default() }).await.unwrap();
    answer(&engines, Outcome::Approved).await;
    engines
}

async fn answer(engines: &Engines, outcome: Outcome) {
    let answer = Answer {
        outcome,
        by: Some(Person::user("bob").identity),
        reason: String::new(),
        answered_at: "2026-11-22T10:01:00Z".into(),
        signature: "s".into(),
    };
    engines.ledger().answer(RUN, "q", &answer).await.unwrap();
}

async fn put(engines: &Engines, key: &str, bytes: &[u8]) {
    engines.bucket().put(key, bytes.to_vec(), "text/plain").await.unwrap();
}

async fn look(engines: &Engines) -> Result<Output, Error> {
    run(&engines.bucket(), &engines.ledger(), NOW, input(1)).await
}

/// Fails unless the run is kept from writing under this name; gives what is said.
async fn is_void(engines: &Engines, name: ErrorName) -> String {
    let error = look(engines).await.unwrap_err();
    assert_eq!(error.name(), name, "{error}");
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().phase, "planned");
    error.to_string()
}

fn input(epoch: u64) -> Input {
    Input { run: RUN.into(), epoch }
}

#[tokio::test]
async fn a_run_without_a_window_goes_on_at_once_and_counts_as_writing() {
    let engines = approved(&plan()).await;
    let found = look(&engines).await.unwrap();
    assert!(found.open);
    assert_eq!(found.until, "2026-11-22T10:00:00Z");
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().phase, "writing");
}

#[tokio::test]
async fn a_closed_window_says_when_it_opens_and_the_lease_lasts_until_then() {
    let mut plan = plan();
    // NOW is Sunday, 11:00 in Berlin.
    let window = json!({"days": ["mon"], "from": "22:00", "to": "04:00", "time_zone": "Europe/Berlin"});
    plan.window = serde_json::from_value(window).unwrap();
    let engines = approved(&plan).await;
    let found = run(&engines.bucket(), &engines.ledger(), NOW, input(1)).await.unwrap();
    assert!(!found.open);
    assert_eq!(found.until, "2026-11-23T21:00:00Z");
    let opens: i64 = NOW / 1000 + 35 * 3600;
    assert_eq!(engines.lease_until().await, opens + 900);
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().phase, "planned");
    // Looked at again when it said.
    assert!(run(&engines.bucket(), &engines.ledger(), opens * 1000, input(1)).await.unwrap().open);
}

#[tokio::test]
async fn a_run_that_lost_its_lock_does_not_go_on() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let error = run(&engines.bucket(), &engines.ledger(), NOW, input(2)).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::LeaseLost);
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().phase, "planned");
}

#[tokio::test]
async fn a_run_without_a_plan_is_not_found() {
    let engines = Engines::start().await;
    let error = run(&engines.bucket(), &engines.ledger(), NOW, input(1)).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::RunNotFound);
}

#[tokio::test]
async fn a_run_without_a_yes_does_not_write() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    put(&engines, &keys::migration("m"), DOCUMENT.as_bytes()).await;
    assert!(is_void(&engines, ErrorName::ApprovalStale).await.contains("has no yes"));

    let engines = approved(&plan()).await;
    let again = Question { id: "q".into(), plan_hash: plan().hash(), ..Question::default() };
    engines.ledger().ask(RUN, &again, &Secrets::default()).await.unwrap();
    answer(&engines, Outcome::Rejected).await;
    is_void(&engines, ErrorName::ApprovalStale).await;
}

#[tokio::test]
async fn an_edited_migration_voids_the_approval_and_so_does_a_removed_one() {
    let engines = approved(&plan()).await;
    // Another order of the same content is the same migration.
    put(&engines, &keys::migration("m"), b"change: [{to: 2, set: v}]\nid: m").await;
    assert!(look(&engines).await.is_ok());
    for edited in [b"id: m\nchange: [{set: v, to: 3}]".as_slice(), b"no document"] {
        let engines = approved(&plan()).await;
        put(&engines, &keys::migration("m"), edited).await;
        let said = is_void(&engines, ErrorName::MigrationChanged).await;
        assert!(said.contains("migrations/m.yaml was changed"), "{said}");
    }
    let mut elsewhere = plan();
    elsewhere.migration_key = Some("migrations/gone.yaml".into());
    is_void(&approved(&elsewhere).await, ErrorName::MigrationChanged).await;
}

#[tokio::test]
async fn an_edited_plan_or_report_voids_the_approval() {
    let engines = approved(&plan()).await;
    store(&engines.bucket(), &keys::plan(RUN), &RunPlan { segments: 99, ..plan() }).await.unwrap();
    is_void(&engines, ErrorName::MigrationChanged).await;
    let engines = approved(&plan()).await;
    put(&engines, &keys::report(RUN), b"another").await;
    assert!(is_void(&engines, ErrorName::ApprovalStale).await.contains("the report is no longer"));
}

#[tokio::test]
async fn a_run_that_has_begun_to_write_goes_on_with_the_report_of_its_writing() {
    let engines = approved(&plan()).await;
    look(&engines).await.unwrap();
    put(&engines, &keys::report(RUN), b"the report of its writing").await;
    assert!(look(&engines).await.unwrap().open);
}

#[tokio::test]
async fn a_stage_without_approvals_asks_for_none() {
    let mut plan = plan();
    plan.steps.approve = false;
    let engines = Engines::start().await;
    engines.begin(&plan).await;
    assert!(look(&engines).await.unwrap().open);
}
