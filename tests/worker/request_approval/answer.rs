//! Valid answers: an approval and a rejection are recorded and can be judged again.

use super::Case;
use request_approval::Output;
use tableshift_aws::ledger::approvals::Outcome;
use tableshift_runtime::ErrorName;

#[tokio::test]
async fn a_signed_approval_by_another_person_is_recorded_with_who_and_when_and_can_be_checked_again() {
    let case = Case::asked().await;
    let approval = case.answer(&case.bob, true, "looks good").await;
    for _ in 0..2 {
        let approved = case.judge(approval.clone()).await.unwrap();
        assert_eq!(approved, Output::Approved { approved: true, by: case.bob.identity.arn.clone(), wait_seconds: 0 });
    }
    let answer = case.recorded().await.unwrap();
    assert_eq!((answer.outcome, answer.by.as_ref()), (Outcome::Approved, Some(&case.bob.identity)));
    assert_eq!((answer.reason.as_str(), answer.answered_at.as_str()), ("looks good", "2026-11-22T10:01:00Z"));
    let other = case.answer(&case.bob, true, "once more").await;
    case.assert_refused(other, ErrorName::ApprovalStale).await;
}

#[tokio::test]
async fn a_rejection_is_recorded_with_its_reason_and_ends_the_run_and_the_requester_may_reject_too() {
    let case = Case::asked().await;
    let rejection = case.answer(&case.ann, false, "not on a Friday").await;
    let message = case.assert_refused(rejection.clone(), ErrorName::ApprovalRejected).await;
    assert_eq!(
        message,
        format!("{} rejected the run: not on a Friday; nothing was written; start a new run", case.ann.identity.arn)
    );
    let answer = case.recorded().await.unwrap();
    assert_eq!((answer.outcome, answer.by.as_ref()), (Outcome::Rejected, Some(&case.ann.identity)));
    assert_eq!(answer.reason, "not on a Friday");
    assert_eq!(case.assert_refused(rejection, ErrorName::ApprovalRejected).await, message);
}
