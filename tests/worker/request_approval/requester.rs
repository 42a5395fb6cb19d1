//! Who started the run, and that such a person cannot approve it.

use super::{Case, History, STARTED, later};
use request_approval::Output;
use tableshift_aws::ledger::approvals::Outcome;
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::{Requester, UnknownRequester};
use tableshift_runtime::ErrorName;
use tableshift_tests::sts::{Person, TestSts};
use tableshift_tests::{EXECUTION, RUN, plan};

#[tokio::test]
async fn an_approval_by_the_requester_is_refused_under_any_session_name() {
    for session in ["ann", "somebody-else"] {
        let mut case = Case::asked().await;
        let again = Person::session("Release", session);
        case.sts = TestSts::new(&[&again]);
        let own_approval = case.answer(&again, true, "").await;
        let message = case.assert_refused(own_approval, ErrorName::ApprovalRefused).await;
        assert!(message.contains("may be the person who started the run"), "{message}");
        let answer = case.recorded().await.unwrap();
        assert_eq!((answer.outcome, answer.by), (Outcome::Refused, Some(again.identity)));
    }
}

#[tokio::test]
async fn a_requester_from_the_console_is_found_in_cloudtrail_and_cannot_approve() {
    let mut case = Case::new().await;
    case.engines.ledger().put_requesters(RUN, &[Requester::unknown(EXECUTION, STARTED)]).await.unwrap();
    case.history = History::default();
    case.ask("t").await;
    // CloudTrail has the record by the time of the answer.
    case.history = History(vec![case.bob.identity.clone()]);
    let own_approval = case.answer(&case.bob, true, "").await;
    let message = case.assert_refused(own_approval, ErrorName::ApprovalRefused).await;
    assert!(message.contains("may be the person who started the run"), "{message}");
    let requesters = case.engines.ledger().run(RUN).await.unwrap().unwrap().requesters;
    assert_eq!((requesters[0].signer.as_ref(), &requesters[0].callers), (None, &vec![case.bob.identity.clone()]));
}

#[tokio::test]
async fn the_policy_decides_whether_an_approval_counts_when_the_requester_is_unknown() {
    let mut lenient = plan();
    lenient.approval.unknown_requester = UnknownRequester::Allow;
    for (plan, counts) in [(plan(), false), (lenient, true)] {
        let mut case = Case::of(&plan).await;
        case.history = History::default();
        case.engines.ledger().put_requesters(RUN, &[Requester::unknown(EXECUTION, STARTED)]).await.unwrap();
        case.ask("t").await;
        let approval = case.answer(&case.bob, true, "").await;
        match counts {
            true => assert!(case.judge(approval).await.is_ok()),
            false => assert!(
                case.assert_refused(approval, ErrorName::ApprovalRefused).await.contains("no record of who started")
            ),
        }
    }
}

#[tokio::test]
async fn a_start_that_another_person_signed_does_not_hide_its_caller() {
    // Ann has an IAM user in her own_approval account, signs the start with it, and approves with her usual identity.
    let mut case = Case::new().await;
    let foreign = Identity {
        arn: "arn:aws:iam::999988887777:user/ann-at-home".into(),
        user_id: "AIDAHOME".into(),
        account: "999988887777".into(),
    };
    let requester = Requester { signer: Some(foreign), ..Requester::unknown(EXECUTION, STARTED) };
    case.engines.ledger().put_requesters(RUN, &[requester]).await.unwrap();
    case.history = History(vec![case.ann.identity.clone()]);
    case.ask("t").await;
    let own_approval = case.answer(&case.ann, true, "").await;
    let message = case.assert_refused(own_approval, ErrorName::ApprovalRefused).await;
    assert!(message.contains("may be the person who started the run"), "{message}");
}

#[tokio::test]
async fn a_person_who_repeats_the_start_of_a_running_execution_is_a_requester_too() {
    for (first, second) in [(0, 1), (1, 0)] {
        let mut case = Case::new().await;
        let both = [case.bob.identity.clone(), Person::session("Pipeline", "release").identity];
        case.history = History(vec![both[first].clone(), both[second].clone()]);
        case.ask("t").await;
        let own_approval = case.answer(&case.bob, true, "").await;
        let message = case.assert_refused(own_approval, ErrorName::ApprovalRefused).await;
        assert!(message.contains("may be the person who started the run"), "{message}");
    }
}

#[tokio::test]
async fn an_approval_before_cloudtrail_has_the_record_waits_and_is_checked_again() {
    let just_started = Requester::unknown(EXECUTION, "2026-11-22T09:55:00Z");
    for (callers, approved) in [(vec![Person::session("Release", "ann").identity], true), (Vec::new(), false)] {
        let mut case = Case::new().await;
        case.engines.ledger().put_requesters(RUN, std::slice::from_ref(&just_started)).await.unwrap();
        case.history = History::default();
        case.ask("t").await;
        let approval = case.answer(&case.bob, true, "looks good").await;
        let by = case.bob.identity.arn.clone();
        let pending = Output::Pending { approved: false, by: by.clone(), wait_seconds: 540 };
        assert_eq!(case.judge(approval.clone()).await.unwrap(), pending);
        assert_eq!(case.recorded().await.unwrap().outcome, Outcome::Pending);
        let asked = case.sts.requested_hosts().len();

        case.now = later();
        case.history = History(callers);
        match approved {
            true => {
                let expected = Output::Approved { approved: true, by, wait_seconds: 0 };
                assert_eq!(case.judge(approval.clone()).await.unwrap(), expected);
                let answer = case.recorded().await.unwrap();
                assert_eq!((answer.outcome, answer.answered_at.as_str()), (Outcome::Approved, "2026-11-22T10:01:00Z"));
            }
            false => {
                let message = case.assert_refused(approval.clone(), ErrorName::ApprovalRefused).await;
                assert!(message.contains("no record of who started"), "{message}");
            }
        }
        assert_eq!(case.sts.requested_hosts().len(), asked, "the signature is checked once");
    }
}

#[tokio::test]
async fn a_requester_is_refused_at_once_without_waiting_for_more_records() {
    let mut case = Case::new().await;
    let requester =
        Requester { signer: Some(case.ann.identity.clone()), ..Requester::unknown(EXECUTION, "2026-11-22T09:59:00Z") };
    case.engines.ledger().put_requesters(RUN, &[requester]).await.unwrap();
    case.history = History::default();
    case.ask("t").await;
    let own_approval = case.answer(&case.ann, true, "").await;
    case.assert_refused(own_approval, ErrorName::ApprovalRefused).await;
}
