//! What the request for an approval contains, and what it leaves in the ledger.

use super::Case;
use request_approval::Input;
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::{ErrorName, Named};
use tableshift_tests::{EXECUTION, NOW, RUN, plan};

#[tokio::test]
async fn an_approval_request_keeps_token_and_secret_in_the_ledger_and_out_of_the_message() {
    let case = Case::new().await;
    case.ask("secret-token").await;
    let secrets = case.engines.ledger().secrets(RUN).await.unwrap().unwrap();
    assert_eq!(secrets.token, "secret-token");
    let sent = case.topic.sent();
    assert_eq!(sent.len(), 1);
    let (subject, body) = &sent[0];
    for hidden in [&secrets.token, &secrets.secret] {
        assert!(!subject.contains(hidden) && !body.contains(hidden), "{body}");
    }
    assert!(body.contains(&case.report_hash) && body.contains(&case.ann.identity.arn), "{body}");

    let question = case.engines.ledger().approval(RUN).await.unwrap().unwrap().question;
    assert_eq!(question.expires_at, "2026-11-23T10:01:00Z");
    assert_eq!((question.report_hash, question.plan_hash), (case.report_hash.clone(), plan().hash()));
    // The lease ends after the last possible time of an answer.
    assert_eq!(case.engines.lease_until().await, NOW / 1000 + 60 + 86_400 + 900);
}

#[tokio::test]
async fn no_approval_is_requested_once_the_lock_is_lost() {
    let case = Case::new().await;
    let input =
        Input::Ask { run: RUN.into(), epoch: 2, token: "t".into(), execution: EXECUTION.into(), wave: Wave::Whole };
    assert_eq!(case.call(input).await.unwrap_err().name(), ErrorName::LeaseLost);
    assert!(case.topic.sent().is_empty());
    assert_eq!(case.engines.ledger().approval(RUN).await.unwrap(), None);
}
