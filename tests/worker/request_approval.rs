//! RequestApproval and JudgeApproval against the ledger and the bucket.

use request_approval::{Error, Input, Output, Place, Sent, run};
use tableshift_aws::ledger_approvals::Approvals;
use tableshift_aws::run_files::store;
use tableshift_core::counts::Phase;
use tableshift_core::report::Report;
use tableshift_core::{hash, keys};
use tableshift_runtime::{ErrorName, Named};
use tableshift_tests::{EXECUTION, Engines, LEDGER, NOW, RUN, Recorder, plan};

const DAY: i64 = 86_400_000;

async fn rehearsed() -> (Engines, String) {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let hash = report(&engines, "as it was").await;
    (engines, hash)
}

/// Writes a report and gives its hash.
async fn report(engines: &Engines, description: &str) -> String {
    let report = Report { description: Some(description.into()), ..Report::new(&plan(), Phase::DryRun) };
    store(&engines.bucket(), &keys::report(RUN), &report).await.unwrap();
    hash::of_bytes(&serde_json::to_vec(&report).unwrap())
}

async fn call(engines: &Engines, topic: &Recorder, now: i64, input: Input) -> Result<Output, Error> {
    let place = Place { ledger_table: LEDGER, now };
    run(&engines.bucket(), &engines.ledger(), topic, place, input).await
}

async fn ask(engines: &Engines, token: &str) -> Recorder {
    let topic = Recorder::default();
    let input = Input::Ask { run: RUN.into(), epoch: 1, token: token.into(), execution: EXECUTION.into() };
    assert_eq!(call(engines, &topic, NOW, input).await.unwrap(), Output::Asked {});
    topic
}

async fn judge(engines: &Engines, now: i64, approve: bool, report_hash: &str, by: &str) -> Result<Output, Error> {
    let answer = Sent { approve, report_hash: report_hash.into(), by: by.into(), reason: String::new() };
    call(engines, &Recorder::default(), now, Input::Judge { run: RUN.into(), answer }).await
}

#[tokio::test]
async fn asking_keeps_the_token_in_the_ledger_and_out_of_the_message() {
    let (engines, hash) = rehearsed().await;
    let topic = ask(&engines, "secret-token").await;
    let sent = topic.sent();
    assert_eq!(sent.len(), 1);
    let (subject, text) = &sent[0];
    assert!(!subject.contains("secret-token") && !text.contains("secret-token"), "{text}");
    assert!(text.contains(&hash), "{text}");

    let question = engines.ledger().approval(RUN).await.unwrap().unwrap().question;
    assert_eq!(question.token, "secret-token");
    assert_eq!(question.expires_at, "2026-11-23T10:00:00Z");
    assert_eq!((question.report_hash, question.plan_hash), (hash, plan().hash()));
    // The lock lasts until after the last moment to answer.
    assert_eq!(engines.lease_until().await, NOW / 1000 + 86_400 + 900);
}

#[tokio::test]
async fn a_yes_to_what_was_asked_is_recorded_and_may_be_judged_again() {
    let (engines, hash) = rehearsed().await;
    ask(&engines, "t").await;
    for _ in 0..2 {
        let approved = judge(&engines, NOW + 1000, true, &hash, "ann").await.unwrap();
        assert_eq!(approved, Output::Approved { approved: true, by: "ann".into() });
    }
    let answer = engines.ledger().approval(RUN).await.unwrap().unwrap().answer.unwrap();
    assert!(answer.approve);
    assert_eq!((answer.by.as_str(), answer.answered_at.as_str()), ("ann", "2026-11-22T10:00:01Z"));
    let other = judge(&engines, NOW + 2000, true, &hash, "bob").await.unwrap_err();
    assert_eq!(other.name(), ErrorName::ApprovalStale);
}

#[tokio::test]
async fn a_no_is_recorded_and_ends_the_run() {
    let (engines, hash) = rehearsed().await;
    ask(&engines, "t").await;
    assert_eq!(judge(&engines, NOW, false, &hash, "ann").await.unwrap_err().name(), ErrorName::ApprovalRejected);
    let answer = engines.ledger().approval(RUN).await.unwrap().unwrap().answer.unwrap();
    assert!(!answer.approve);
}

#[tokio::test]
async fn a_yes_that_does_not_fit_or_comes_late_is_not_recorded() {
    let (engines, hash) = rehearsed().await;
    ask(&engines, "t").await;
    let stale = judge(&engines, NOW, true, "another", "ann").await.unwrap_err();
    assert_eq!(stale.name(), ErrorName::ApprovalStale);
    let late = judge(&engines, NOW + DAY + 1000, true, &hash, "ann").await.unwrap_err();
    assert_eq!(late.name(), ErrorName::ApprovalExpired);
    report(&engines, "changed since").await;
    let changed = judge(&engines, NOW, true, &hash, "ann").await.unwrap_err();
    assert_eq!(changed.name(), ErrorName::ApprovalStale);
    assert_eq!(engines.ledger().approval(RUN).await.unwrap().unwrap().answer, None);
}

#[tokio::test]
async fn nobody_is_asked_once_the_lock_is_lost() {
    let (engines, _) = rehearsed().await;
    let topic = Recorder::default();
    let input = Input::Ask { run: RUN.into(), epoch: 2, token: "t".into(), execution: EXECUTION.into() };
    assert_eq!(call(&engines, &topic, NOW, input).await.unwrap_err().name(), ErrorName::LeaseLost);
    assert!(topic.sent().is_empty());
    assert_eq!(engines.ledger().approval(RUN).await.unwrap(), None);
}
