//! How long an approval is valid, and which plan and report it is about.

use super::{Case, late, store_report};
use serde_json::json;
use tableshift_aws::ledger::approvals::Outcome;
use tableshift_aws::run_files::store;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_runtime::ErrorName;
use tableshift_tests::{RUN, plan};

#[tokio::test]
async fn a_late_approval_has_expired() {
    let mut case = Case::asked().await;
    case.now = late();
    let approval = case.answer(&case.bob, true, "").await;
    case.assert_refused(approval, ErrorName::ApprovalExpired).await;
    assert_eq!(case.recorded().await.unwrap().outcome, Outcome::Expired);
}

#[tokio::test]
async fn an_approval_of_another_report_is_stale() {
    let case = Case::asked().await;
    let mut approval = case.answer(&case.bob, true, "").await;
    approval["report_hash"] = json!("another");
    case.assert_refused(approval, ErrorName::ApprovalStale).await;
}

#[tokio::test]
async fn an_approval_is_stale_once_the_report_or_the_plan_changed() {
    let case = Case::asked().await;
    let approval = case.answer(&case.bob, true, "").await;
    store_report(&case.engines, "changed since").await;
    case.assert_refused(approval, ErrorName::ApprovalStale).await;

    let case = Case::asked().await;
    let approval = case.answer(&case.bob, true, "").await;
    store(&case.engines.bucket(), &keys::plan(RUN), &RunPlan { segments: 99, ..plan() }).await.unwrap();
    case.assert_refused(approval, ErrorName::ApprovalStale).await;
}
