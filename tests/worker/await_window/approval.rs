//! The last check of plan, migration, report and approval before the first write.

use super::{DOCUMENT, answer, approved, check_window, check_window_at, put};
use tableshift_aws::ledger::approvals::{Outcome, Question, Secrets};
use tableshift_aws::run_files::store;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_runtime::{ErrorName, Named, chain};
use tableshift_tests::{Engines, NOW, RUN, plan};

/// Fails unless the run may not write and the error has this name. Returns the message.
async fn assert_may_not_write(engines: &Engines, name: ErrorName) -> String {
    let error = check_window(engines).await.unwrap_err();
    assert_eq!(error.name(), name, "{error}");
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().progress, "planned");
    error.to_string()
}

#[tokio::test]
async fn a_run_without_an_approval_does_not_write() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    put(&engines, &keys::migration("m"), DOCUMENT.as_bytes()).await;
    assert!(assert_may_not_write(&engines, ErrorName::ApprovalStale).await.contains("has no approval"));

    let engines = approved(&plan()).await;
    let again = Question { id: "q".into(), plan_hash: plan().hash(), ..Question::default() };
    engines.ledger().ask(RUN, &again, &Secrets::default()).await.unwrap();
    answer(&engines, Outcome::Rejected).await;
    assert_may_not_write(&engines, ErrorName::ApprovalStale).await;
}

#[tokio::test]
async fn an_edited_or_removed_migration_voids_the_approval() {
    let engines = approved(&plan()).await;
    // The same content in another order is the same migration.
    put(&engines, &keys::migration("m"), b"change: [{to: 2, set: v}]\nid: m").await;
    assert!(check_window(&engines).await.is_ok());
    for edited in [b"id: m\nchange: [{set: v, to: 3}]".as_slice(), b"no document"] {
        let engines = approved(&plan()).await;
        put(&engines, &keys::migration("m"), edited).await;
        let message = assert_may_not_write(&engines, ErrorName::MigrationChanged).await;
        assert!(message.contains("migrations/m.yaml was changed"), "{message}");
    }
    let mut elsewhere = plan();
    elsewhere.migration_key = Some("migrations/gone.yaml".into());
    assert_may_not_write(&approved(&elsewhere).await, ErrorName::MigrationChanged).await;
}

#[tokio::test]
async fn an_edited_plan_or_report_voids_the_approval() {
    let engines = approved(&plan()).await;
    store(&engines.bucket(), &keys::plan(RUN), &RunPlan { segments: 99, ..plan() }).await.unwrap();
    assert_may_not_write(&engines, ErrorName::MigrationChanged).await;
    let engines = approved(&plan()).await;
    put(&engines, &keys::report(RUN), b"another").await;
    assert!(assert_may_not_write(&engines, ErrorName::ApprovalStale).await.contains("the report has changed"));
}

#[tokio::test]
async fn a_run_that_has_started_to_write_continues_although_its_report_changed() {
    let engines = approved(&plan()).await;
    check_window(&engines).await.unwrap();
    put(&engines, &keys::report(RUN), b"the report of its writing").await;
    assert!(check_window(&engines).await.unwrap().open);
}

#[tokio::test]
async fn a_stage_without_approvals_requires_no_approval() {
    let mut plan = plan();
    plan.steps.approve = false;
    let engines = Engines::start().await;
    engines.begin(&plan).await;
    assert!(check_window(&engines).await.unwrap().open);
}

#[tokio::test]
async fn an_approval_that_is_older_than_the_policy_allows_has_expired() {
    let engines = approved(&plan()).await;
    let week = 7 * 86_400_000;
    check_window_at(&engines, NOW + week).await.unwrap();
    let engines = approved(&plan()).await;
    let error = check_window_at(&engines, NOW + week + 120_000).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ApprovalExpired, "{}", chain(&error));
    assert!(chain(&error).contains("approval"), "{}", chain(&error));
}
