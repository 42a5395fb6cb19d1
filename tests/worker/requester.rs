//! Plan verifies who starts an execution.

use std::time::{Duration, SystemTime};

use plan::requester::identify;
use plan::{Error, Request};
use serde_json::{Value, json};
use tableshift_aws::session::executions::Run;
use tableshift_aws::session::signed::signed;
use tableshift_core::approval::rules::{ApprovalRules, Requester};
use tableshift_core::approval::signature::Statement;
use tableshift_core::plan::settings::input::Input;
use tableshift_runtime::{ErrorName, Named, chain};
use tableshift_tests::sts::{Person, TestSts};
use tableshift_tests::{EXECUTION, Engines, NOW};

fn request(execution: &str, input: Value) -> Request {
    Request { input, execution: execution.into(), name: "r-1".into(), started: "2026-11-22T10:00:00Z".into() }
}

fn input() -> Value {
    json!({"migration": "m", "table": "airports"})
}

struct Start {
    engines: Engines,
    known: TestSts,
    ann: Person,
}

impl Start {
    async fn new() -> Self {
        let ann = Person::session("Release", "ann");
        Self { engines: Engines::start().await, known: TestSts::new(&[&ann]), ann }
    }

    async fn signed(&self, execution: &str, input: &Value) -> String {
        self.ann.sign(&Statement::start(execution, input), NOW).await
    }

    async fn found(&self, request: &Request, signature: Option<&str>) -> Result<Requester, Error> {
        self.found_under(&ApprovalRules::default(), request, signature).await
    }

    async fn found_under(
        &self,
        rules: &ApprovalRules,
        request: &Request,
        signature: Option<&str>,
    ) -> Result<Requester, Error> {
        identify(&self.known.sts().await, &self.engines.ledger(), rules, request, signature, NOW + 5_000).await
    }
}

#[tokio::test]
async fn a_signature_over_execution_and_input_identifies_the_requester_also_when_plan_is_retried() {
    let start = Start::new().await;
    let url = start.signed(EXECUTION, &input()).await;
    let mut whole = input();
    whole["requested_by"] = json!(url);
    for _ in 0..2 {
        let requester = start.found(&request(EXECUTION, whole.clone()), Some(&url)).await.unwrap();
        assert_eq!((requester.signer.as_ref(), requester.callers.len()), (Some(&start.ann.identity), 0));
        assert_eq!((requester.execution.as_str(), requester.started.as_str()), (EXECUTION, "2026-11-22T10:00:00Z"));
    }
}

#[tokio::test]
async fn the_signature_of_the_command_identifies_the_requester_and_differs_for_each_start() {
    let start = Start::new().await;
    let execution = Run { name: "r-1".into(), arn: EXECUTION.into() };
    let at = |millis: i64| SystemTime::UNIX_EPOCH + Duration::from_millis(millis.unsigned_abs());
    let signer = start.ann.signer().await;
    let whole = signed(&signer, &execution, input(), at(NOW)).await.unwrap();
    assert_ne!(whole, signed(&signer, &execution, input(), at(NOW + 1_000)).await.unwrap());
    let parsed = Input::parse(&whole).unwrap();
    let requester = start.found(&request(EXECUTION, whole), parsed.requested_by.as_deref()).await.unwrap();
    assert_eq!((requester.signer.as_ref(), requester.callers.len()), (Some(&start.ann.identity), 0));
}

#[tokio::test]
async fn without_a_signature_sts_is_not_called_and_the_requester_is_unknown() {
    let start = Start::new().await;
    let requester = start.found(&request(EXECUTION, input()), None).await.unwrap();
    assert_eq!(requester, Requester::unknown(EXECUTION, "2026-11-22T10:00:00Z"));
    assert!(start.known.requested_hosts().is_empty());
}

#[tokio::test]
async fn a_signature_for_another_execution_or_input_is_refused() {
    let start = Start::new().await;
    let other = json!({"migration": "m", "table": "customers"});
    for request in
        [request("arn:aws:states:eu-central-1:111122223333:execution:m:r-2", input()), request(EXECUTION, other)]
    {
        let url = start.signed(EXECUTION, &input()).await;
        let error = start.found(&request, Some(&url)).await.unwrap_err();
        assert_eq!(error.name(), ErrorName::InvalidInput);
        assert!(chain(&error).contains("`requested_by`"), "{}", chain(&error));
    }
}

#[tokio::test]
async fn a_signature_that_was_used_for_one_execution_is_refused_for_the_next_without_a_call_to_sts() {
    let start = Start::new().await;
    let url = start.signed(EXECUTION, &input()).await;
    start.found(&request(EXECUTION, input()), Some(&url)).await.unwrap();
    let asked = start.known.requested_hosts().len();
    let error = start.found(&request("arn:other", input()), Some(&url)).await.unwrap_err();
    assert!(chain(&error).contains("used before"), "{}", chain(&error));
    assert_eq!(start.known.requested_hosts().len(), asked);
}

#[tokio::test]
async fn a_signature_for_a_foreign_host_causes_no_request_to_that_host() {
    let start = Start::new().await;
    let url = start.signed(EXECUTION, &input()).await.replace("sts.eu-central-1.amazonaws.com", "169.254.169.254");
    let error = start.found(&request(EXECUTION, input()), Some(&url)).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::InvalidInput);
    assert!(start.known.requested_hosts().is_empty());
}

#[tokio::test]
async fn a_signer_of_another_account_is_refused_unless_the_policy_lists_it() {
    let mut start = Start::new().await;
    start.ann.identity.account = "999988887777".into();
    start.ann.identity.arn = "arn:aws:iam::999988887777:user/ann-at-home".into();
    start.known = TestSts::new(&[&start.ann]);
    let url = start.signed(EXECUTION, &input()).await;
    let error = start.found(&request(EXECUTION, input()), Some(&url)).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::InvalidInput);
    assert!(chain(&error).contains("does not belong to this account"), "{}", chain(&error));
    let listed = ApprovalRules { foreign_requesters: vec![start.ann.identity.arn.clone()], ..ApprovalRules::default() };
    let requester = start.found_under(&listed, &request(EXECUTION, input()), Some(&url)).await.unwrap();
    assert_eq!(requester.signer, Some(start.ann.identity));
}
