//! Who started the run, and that such a person cannot approve it.

use super::{Case, DAY, STARTED, later, trail};
use jiff::Timestamp;
use request_approval::{Input, Output};
use tableshift_aws::ledger::approvals::Outcome;
use tableshift_aws::ledger::lock::LockTable;
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::{Requester, UnknownRequester};
use tableshift_core::approval::search::Search;
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::{ErrorName, Named, chain};
use tableshift_tests::cloudtrail::TestTrail;
use tableshift_tests::sts::{Person, TestSts};
use tableshift_tests::{EXECUTION, NOW, RUN, plan};

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
    case.forget_signer().await;
    case.history = TestTrail::default();
    case.ask("t").await;
    // CloudTrail has the record by the time of the answer.
    case.history = trail(&[&case.bob.identity], STARTED);
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
        case.history = TestTrail::default();
        case.forget_signer().await;
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
    // Ann has an IAM user in her own account, signs the start with it, and approves with her usual identity.
    let mut case = Case::new().await;
    let foreign = Identity {
        arn: "arn:aws:iam::999988887777:user/ann-at-home".into(),
        user_id: "AIDAHOME".into(),
        account: "999988887777".into(),
    };
    let requester = Requester { signer: Some(foreign), ..Requester::unknown(EXECUTION, STARTED) };
    case.engines.ledger().put_requesters(RUN, &[requester], &Search::default()).await.unwrap();
    case.history = trail(&[&case.ann.identity], STARTED);
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
        case.history = trail(&[&both[first], &both[second]], STARTED);
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
        case.engines
            .ledger()
            .put_requesters(RUN, std::slice::from_ref(&just_started), &Search::default())
            .await
            .unwrap();
        case.history = TestTrail::default();
        case.ask("t").await;
        let approval = case.answer(&case.bob, true, "looks good").await;
        let by = case.bob.identity.arn.clone();
        let pending = Output::Pending { approved: false, by: by.clone(), wait_seconds: 540 };
        assert_eq!(case.judge(approval.clone()).await.unwrap(), pending);
        assert_eq!(case.recorded().await.unwrap().outcome, Outcome::Pending);
        let asked = case.sts.requested_hosts().len();

        case.now = later();
        case.history = trail(&callers.iter().collect::<Vec<_>>(), &just_started.started);
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
    case.engines.ledger().put_requesters(RUN, &[requester], &Search::default()).await.unwrap();
    case.history = TestTrail::default();
    case.ask("t").await;
    let own_approval = case.answer(&case.ann, true, "").await;
    case.assert_refused(own_approval, ErrorName::ApprovalRefused).await;
}

#[tokio::test]
async fn a_caller_who_was_read_counts_although_the_account_starts_many_other_executions() {
    let mut lenient = plan();
    lenient.approval.unknown_requester = UnknownRequester::Allow;
    for plan in [plan(), lenient] {
        let mut case = Case::of(&plan).await;
        case.forget_signer().await;
        let started = STARTED.parse::<Timestamp>().unwrap().as_second();
        case.history = trail(&[&case.bob.identity], STARTED);
        let others = Person::session("Service", "orders").identity;
        (0..1500).for_each(|n| case.history.add(&others, "arn:other", started - 50 + n % 50));
        case.ask("t").await;
        let own_approval = case.answer(&case.bob, true, "").await;
        let message = case.assert_refused(own_approval, ErrorName::ApprovalRefused).await;
        assert!(message.contains("may be the person who started the run"), "{message}");
    }
}

#[tokio::test]
async fn a_person_who_repeats_the_start_in_a_busy_account_is_a_requester_too() {
    let mut case = Case::new().await;
    let started = STARTED.parse::<Timestamp>().unwrap().as_second();
    case.history.add(&case.bob.identity, EXECUTION, started + 100);
    let others = Person::session("Service", "orders").identity;
    (0..6000).for_each(|n| case.history.add(&others, "arn:other", started + 120 + n % 1000));
    case.ask("t").await;
    let own_approval = case.answer(&case.bob, true, "").await;
    let mut judged = case.judge(own_approval.clone()).await;
    while let Ok(Output::Pending { .. }) = judged {
        judged = case.judge(own_approval.clone()).await;
    }
    let message = chain(&judged.unwrap_err());
    assert!(message.contains("may be the person who started the run"), "{message}");
}

#[tokio::test]
async fn a_refusal_because_cloudtrail_cannot_be_read_says_so() {
    let mut case = Case::new().await;
    case.forget_signer().await;
    case.history.fail_with("AccessDeniedException");
    case.ask("t").await;
    let approval = case.answer(&case.bob, true, "").await;
    let message = case.assert_refused(approval, ErrorName::ApprovalRefused).await;
    assert!(message.contains("LookupEvents"), "{message}");
}

#[tokio::test]
async fn a_judgement_continues_where_the_last_one_stopped_and_keeps_the_lease() {
    let mut case = Case::new().await;
    case.ask("t").await;
    let asked = case.history.requests().len();
    let started = STARTED.parse::<Timestamp>().unwrap().as_second();
    let others = Person::session("Service", "orders").identity;
    (0..6000).for_each(|n| case.history.add(&others, "arn:other", started + 120 + n % 1000));
    let approval = case.answer(&case.bob, true, "").await;
    let mut oldest = i64::MAX;
    while let Output::Pending { wait_seconds, .. } = case.judge(approval.clone()).await.unwrap() {
        assert_eq!(wait_seconds, 1);
        let pass = case.engines.ledger().run(RUN).await.unwrap().unwrap().search.pass.unwrap();
        assert!(pass.unread_until < oldest, "each judgement reads further");
        oldest = pass.unread_until;
        let lock = case.engines.ledger().lock(&plan().table.name).await.unwrap().unwrap();
        assert!(lock.lease_until >= case.now / 1000 + 61 + plan().lease_seconds as i64);
    }
    let pages = case.history.requests().len() - asked;
    assert!(
        (90..=95).contains(&pages),
        "every page after the last complete pass is read about once, not {pages} times"
    );
}

#[tokio::test]
async fn an_approval_waits_while_cloudtrail_is_throttled() {
    let mut case = Case::asked().await;
    case.history.fail_with("ThrottlingException");
    let approval = case.answer(&case.bob, true, "").await;
    let by = case.bob.identity.arn.clone();
    let pending = Output::Pending { approved: false, by, wait_seconds: 60 };
    assert_eq!(case.judge(approval).await.unwrap(), pending);
}

#[tokio::test]
async fn a_judgement_without_the_lock_is_refused() {
    let case = Case::asked().await;
    let approval = case.answer(&case.bob, true, "").await;
    let input = Input::Judge { run: RUN.into(), epoch: 9, answer: approval, wave: Wave::Whole };
    assert_eq!(case.call(input).await.unwrap_err().name(), ErrorName::LeaseLost);
}

#[tokio::test]
async fn an_approval_that_stays_pending_longer_than_it_is_valid_expires() {
    let mut plan = plan();
    plan.approval.max_age_seconds = 3_600;
    let mut case = Case::of(&plan).await;
    case.ask("t").await;
    case.history.fail_with("ThrottlingException");
    let approval = case.answer(&case.bob, true, "").await;
    assert!(matches!(case.judge(approval.clone()).await.unwrap(), Output::Pending { .. }));
    case.now = NOW + DAY + 120_000;
    let message = case.assert_refused(approval, ErrorName::ApprovalExpired).await;
    assert!(message.contains("was valid until"), "{message}");
    assert_eq!(case.recorded().await.unwrap().outcome, Outcome::Expired);
}
