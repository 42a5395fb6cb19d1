//! The signature of an answer: who signed it, and that it covers exactly this answer.

use super::{Case, EventHistory, soon};
use request_approval::{Input, Ports, run};
use serde_json::json;
use tableshift_aws::identity::signatures::Sts;
use tableshift_aws::ledger::approvals::Outcome;
use tableshift_aws::s3::Bucket;
use tableshift_core::approval::signature::{AnswerTo, Statement};
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::{ErrorName, Named};
use tableshift_tests::sts::Person;
use tableshift_tests::{EXECUTION, NOW, RUN, Recorder, plan};

#[tokio::test]
async fn an_unsigned_approval_is_refused_even_with_the_token() {
    let malformed = [
        json!({"approve": true, "report_hash": "", "by": "bob"}),
        json!({"approve": true, "signature": 7}),
        json!("yes"),
        json!(null),
    ];
    for answer in malformed {
        let case = Case::asked().await;
        let error = case.judge(answer.clone()).await.unwrap_err();
        assert!(matches!(error.name(), ErrorName::ApprovalRefused | ErrorName::ApprovalStale), "{answer}");
        assert!(case.sts.requested_hosts().is_empty());
        assert_eq!(case.recorded().await.unwrap().outcome, Outcome::Refused);
    }
    let case = Case::asked().await;
    let unsigned = json!({"approve": true, "report_hash": case.report_hash, "by": "bob"});
    let message = case.assert_refused(unsigned, ErrorName::ApprovalRefused).await;
    assert!(message.contains("there is no signature"), "{message}");
}

#[tokio::test]
async fn a_signature_without_the_secret_of_the_approvers_is_refused() {
    let case = Case::asked().await;
    let plan_hash = plan().hash();
    let to = AnswerTo { run: RUN, plan_hash: &plan_hash, report_hash: &case.report_hash, secret: "t" };
    let signature = case.bob.sign(&Statement::answer(to, true, ""), case.now).await;
    let answer = json!({"approve": true, "report_hash": case.report_hash, "signature": signature});
    let message = case.assert_refused(answer, ErrorName::ApprovalRefused).await;
    assert!(message.contains("SignatureDoesNotMatch"), "{message}");
}

#[tokio::test]
async fn neither_the_decision_nor_the_reason_can_be_changed_after_signing() {
    for change in [("approve", json!(true)), ("reason", json!("another"))] {
        let case = Case::asked().await;
        let mut rejection = case.answer(&case.bob, false, "why").await;
        rejection[change.0] = change.1;
        let message = case.assert_refused(rejection, ErrorName::ApprovalRefused).await;
        assert!(message.contains("STS rejects the signature"), "{message}");
    }
}

#[tokio::test]
async fn a_person_that_sts_does_not_know_is_refused() {
    let case = Case::asked().await;
    let stranger = case.answer(&Person::user("eve"), true, "").await;
    case.assert_refused(stranger, ErrorName::ApprovalRefused).await;
}

#[tokio::test]
async fn a_signature_for_another_host_is_refused_without_a_request_to_that_host() {
    let case = Case::asked().await;
    let mut approval = case.answer(&case.bob, true, "").await;
    let url = approval["signature"].as_str().unwrap().replace("sts.eu-central-1.amazonaws.com", "sts.evil.example");
    approval["signature"] = json!(url);
    let message = case.assert_refused(approval, ErrorName::ApprovalRefused).await;
    assert!(message.contains("this stack calls sts.eu-central-1.amazonaws.com"), "{message}");
    assert!(case.sts.requested_hosts().is_empty());
}

#[tokio::test]
async fn a_replayed_answer_is_refused() {
    let case = Case::asked().await;
    let approval = case.answer(&case.bob, true, "").await;
    case.judge(approval.clone()).await.unwrap();
    // Approval is requested again, as a resumed run does, with a new secret.
    let ports_random = || [8; 32];
    let ports: Ports<Bucket, &Recorder, Sts, EventHistory> = Ports {
        bucket: case.engines.bucket(),
        ledger: case.engines.ledger(),
        topic: &case.topic,
        sts: case.sts.sts().await,
        history: case.history.history(),
        clock: soon,
        random: ports_random,
    };
    let ask =
        Input::Ask { run: RUN.into(), epoch: 1, token: "t2".into(), execution: EXECUTION.into(), wave: Wave::Whole };
    run(&ports, ask).await.unwrap();
    assert_eq!(case.recorded().await, None);
    let message = case.assert_refused(approval, ErrorName::ApprovalRefused).await;
    assert!(message.contains("used before"), "{message}");
}

#[tokio::test]
async fn an_old_signature_is_refused() {
    let mut case = Case::asked().await;
    case.now = NOW - 1_000_000;
    let approval = case.answer(&case.bob, true, "").await;
    case.now = NOW + 60_000;
    let message = case.assert_refused(approval, ErrorName::ApprovalRefused).await;
    assert!(message.contains("valid for 15 minutes"), "{message}");
}
