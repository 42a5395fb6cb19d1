//! RequestApproval and JudgeApproval against the ledger, the bucket and an STS that checks signatures.

use request_approval::{Error, Input, Output, Ports, run};
use serde_json::{Value, json};
use tableshift_aws::CallError;
use tableshift_aws::identity::signatures::Sts;
use tableshift_aws::identity::starts::FindCallers;
use tableshift_aws::ledger::approvals::{Answer, Outcome};
use tableshift_aws::run_files::store;
use tableshift_aws::s3::Bucket;
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::{Requester, UnknownRequester};
use tableshift_core::approval::signature::{AnswerTo, Statement};
use tableshift_core::item::hash;
use tableshift_core::plan::canary::CanaryPlan;
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::settings::policy::OnBadVerdict;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::run_report::Report;
use tableshift_runtime::{ErrorName, Named, chain};
use tableshift_tests::sts::{Person, TestSts};
use tableshift_tests::{EXECUTION, Engines, NOW, RUN, Recorder, plan};

const DAY: i64 = 86_400_000;

/// When the run started: long enough ago that CloudTrail has delivered every record of it.
const STARTED: &str = "2026-11-22T09:40:00Z";

/// The callers of StartExecution that CloudTrail has recorded so far.
#[derive(Debug, Clone, Default)]
struct History(Vec<Identity>);

impl FindCallers for History {
    async fn callers(&self, execution: &str, started: i64, now: i64) -> Result<Vec<Identity>, CallError> {
        assert_eq!(execution, EXECUTION);
        assert!(started < now);
        Ok(self.0.clone())
    }
}

/// A run after its dry run, started by ann, and two people who may answer.
struct Case {
    engines: Engines,
    known: TestSts,
    history: History,
    topic: Recorder,
    ann: Person,
    bob: Person,
    report_hash: String,
    now: i64,
}

impl Case {
    async fn new() -> Self {
        Self::of(&plan()).await
    }

    async fn of(plan: &RunPlan) -> Self {
        let (ann, bob) = (Person::session("Release", "ann"), Person::user("bob"));
        let engines = Engines::start().await;
        engines.begin(plan).await;
        let requester = Requester { signer: Some(ann.identity.clone()), ..Requester::unknown(EXECUTION, STARTED) };
        engines.ledger().put_requesters(RUN, &[requester]).await.unwrap();
        let report_hash = report(&engines, "as it was").await;
        let known = TestSts::new(&[&ann, &bob]);
        Self {
            engines,
            known,
            history: History(vec![ann.identity.clone()]),
            topic: Recorder::default(),
            ann,
            bob,
            report_hash,
            now: NOW + 60_000,
        }
    }

    async fn call(&self, input: Input) -> Result<Output, Error> {
        let ports: Ports<Bucket, &Recorder, Sts, History> = Ports {
            bucket: self.engines.bucket(),
            ledger: self.engines.ledger(),
            topic: &self.topic,
            sts: self.known.sts().await,
            history: self.history.clone(),
            clock: match self.now {
                now if now > NOW + DAY => late,
                now if now > NOW + 60_000 => later,
                _ => soon,
            },
            random: || [7; 32],
        };
        run(&ports, input).await
    }

    async fn ask(&self, token: &str) {
        let input = Input::Ask {
            run: RUN.into(),
            epoch: 1,
            token: token.into(),
            execution: EXECUTION.into(),
            wave: Wave::Whole,
        };
        assert_eq!(self.call(input).await.unwrap(), Output::Asked {});
    }

    async fn asked() -> Self {
        let case = Self::new().await;
        case.ask("t").await;
        case
    }

    /// A person's answer, as the command makes it.
    async fn answer(&self, by: &Person, approve: bool, reason: &str) -> Value {
        let secrets = self.engines.ledger().secrets(RUN).await.unwrap().unwrap();
        let plan_hash = self.engines.ledger().approval(RUN).await.unwrap().unwrap().question.plan_hash;
        let to = AnswerTo { run: RUN, plan_hash: &plan_hash, report_hash: &self.report_hash, secret: &secrets.secret };
        let signature = by.sign(&Statement::answer(to, approve, reason), self.now).await;
        json!({"approve": approve, "report_hash": self.report_hash, "reason": reason, "signature": signature})
    }

    async fn judge(&self, answer: Value) -> Result<Output, Error> {
        self.call(Input::Judge { run: RUN.into(), answer, wave: Wave::Whole }).await
    }

    /// Fails unless the answer is refused with this error name. Returns the message.
    async fn refuses(&self, answer: Value, name: ErrorName) -> String {
        let error = self.judge(answer).await.unwrap_err();
        assert_eq!(error.name(), name, "{}", chain(&error));
        chain(&error)
    }

    async fn recorded(&self) -> Option<Answer> {
        self.engines.ledger().approval(RUN).await.unwrap().unwrap().answer
    }
}

fn soon() -> i64 {
    NOW + 60_000
}

fn later() -> i64 {
    NOW + 900_000
}

fn late() -> i64 {
    NOW + DAY + 120_000
}

/// Writes a report. Returns its hash.
async fn report(engines: &Engines, description: &str) -> String {
    let report = Report { description: Some(description.into()), ..Report::new(&plan(), Phase::DryRun) };
    store(&engines.bucket(), &keys::report(RUN), &report).await.unwrap();
    hash::of_bytes(&serde_json::to_vec(&report).unwrap())
}

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
async fn a_signed_approval_by_another_person_is_recorded_with_who_and_when_and_can_be_checked_again() {
    let case = Case::asked().await;
    let yes = case.answer(&case.bob, true, "looks good").await;
    for _ in 0..2 {
        let approved = case.judge(yes.clone()).await.unwrap();
        assert_eq!(approved, Output::Approved { approved: true, by: case.bob.identity.arn.clone(), wait_seconds: 0 });
    }
    let answer = case.recorded().await.unwrap();
    assert_eq!((answer.outcome, answer.by.as_ref()), (Outcome::Approved, Some(&case.bob.identity)));
    assert_eq!((answer.reason.as_str(), answer.answered_at.as_str()), ("looks good", "2026-11-22T10:01:00Z"));
    let other = case.answer(&case.bob, true, "once more").await;
    case.refuses(other, ErrorName::ApprovalStale).await;
}

#[tokio::test]
async fn a_rejection_is_recorded_with_its_reason_and_ends_the_run_and_the_requester_may_reject_too() {
    let case = Case::asked().await;
    let no = case.answer(&case.ann, false, "not on a Friday").await;
    let said = case.refuses(no.clone(), ErrorName::ApprovalRejected).await;
    assert_eq!(
        said,
        format!("{} rejected the run: not on a Friday; nothing was written; start a new run", case.ann.identity.arn)
    );
    let answer = case.recorded().await.unwrap();
    assert_eq!((answer.outcome, answer.by.as_ref()), (Outcome::Rejected, Some(&case.ann.identity)));
    assert_eq!(answer.reason, "not on a Friday");
    assert_eq!(case.refuses(no, ErrorName::ApprovalRejected).await, said);
}

#[tokio::test]
async fn an_approval_by_the_requester_is_refused_under_any_session_name() {
    for session in ["ann", "somebody-else"] {
        let mut case = Case::asked().await;
        let again = Person::session("Release", session);
        case.known = TestSts::new(&[&again]);
        let own = case.answer(&again, true, "").await;
        let said = case.refuses(own, ErrorName::ApprovalRefused).await;
        assert!(said.contains("may be the person who started the run"), "{said}");
        let answer = case.recorded().await.unwrap();
        assert_eq!((answer.outcome, answer.by), (Outcome::Refused, Some(again.identity)));
    }
}

#[tokio::test]
async fn an_unsigned_approval_is_refused_even_with_the_token() {
    let odd = [
        json!({"approve": true, "report_hash": "", "by": "bob"}),
        json!({"approve": true, "signature": 7}),
        json!("yes"),
        json!(null),
    ];
    for answer in odd {
        let case = Case::asked().await;
        let error = case.judge(answer.clone()).await.unwrap_err();
        assert!(matches!(error.name(), ErrorName::ApprovalRefused | ErrorName::ApprovalStale), "{answer}");
        assert!(case.known.requested_hosts().is_empty());
        assert_eq!(case.recorded().await.unwrap().outcome, Outcome::Refused);
    }
    let case = Case::asked().await;
    let bare = json!({"approve": true, "report_hash": case.report_hash, "by": "bob"});
    let said = case.refuses(bare, ErrorName::ApprovalRefused).await;
    assert!(said.contains("there is no signature"), "{said}");
}

#[tokio::test]
async fn a_signature_without_the_secret_of_the_approvers_is_refused() {
    let case = Case::asked().await;
    let plan_hash = plan().hash();
    let to = AnswerTo { run: RUN, plan_hash: &plan_hash, report_hash: &case.report_hash, secret: "t" };
    let signature = case.bob.sign(&Statement::answer(to, true, ""), case.now).await;
    let answer = json!({"approve": true, "report_hash": case.report_hash, "signature": signature});
    let said = case.refuses(answer, ErrorName::ApprovalRefused).await;
    assert!(said.contains("SignatureDoesNotMatch"), "{said}");
}

#[tokio::test]
async fn neither_the_decision_nor_the_reason_can_be_changed_after_signing() {
    for change in [("approve", json!(true)), ("reason", json!("another"))] {
        let case = Case::asked().await;
        let mut no = case.answer(&case.bob, false, "why").await;
        no[change.0] = change.1;
        let said = case.refuses(no, ErrorName::ApprovalRefused).await;
        assert!(said.contains("STS rejects the signature"), "{said}");
    }
}

#[tokio::test]
async fn a_person_that_sts_does_not_know_is_refused() {
    let case = Case::asked().await;
    let stranger = case.answer(&Person::user("eve"), true, "").await;
    case.refuses(stranger, ErrorName::ApprovalRefused).await;
}

#[tokio::test]
async fn a_signature_for_another_host_is_refused_without_a_request_to_that_host() {
    let case = Case::asked().await;
    let mut yes = case.answer(&case.bob, true, "").await;
    let url = yes["signature"].as_str().unwrap().replace("sts.eu-central-1.amazonaws.com", "sts.evil.example");
    yes["signature"] = json!(url);
    let said = case.refuses(yes, ErrorName::ApprovalRefused).await;
    assert!(said.contains("this stack calls sts.eu-central-1.amazonaws.com"), "{said}");
    assert!(case.known.requested_hosts().is_empty());
}

#[tokio::test]
async fn a_replayed_answer_is_refused() {
    let case = Case::asked().await;
    let yes = case.answer(&case.bob, true, "").await;
    case.judge(yes.clone()).await.unwrap();
    // Approval is requested again, as a resumed run does, with a new secret.
    let ports_random = || [8; 32];
    let ports: Ports<Bucket, &Recorder, Sts, History> = Ports {
        bucket: case.engines.bucket(),
        ledger: case.engines.ledger(),
        topic: &case.topic,
        sts: case.known.sts().await,
        history: case.history.clone(),
        clock: soon,
        random: ports_random,
    };
    let ask =
        Input::Ask { run: RUN.into(), epoch: 1, token: "t2".into(), execution: EXECUTION.into(), wave: Wave::Whole };
    run(&ports, ask).await.unwrap();
    assert_eq!(case.recorded().await, None);
    let said = case.refuses(yes, ErrorName::ApprovalRefused).await;
    assert!(said.contains("used before"), "{said}");
}

#[tokio::test]
async fn an_old_signature_is_refused() {
    let mut case = Case::asked().await;
    case.now = NOW - 1_000_000;
    let yes = case.answer(&case.bob, true, "").await;
    case.now = NOW + 60_000;
    let said = case.refuses(yes, ErrorName::ApprovalRefused).await;
    assert!(said.contains("valid for 15 minutes"), "{said}");
}

#[tokio::test]
async fn a_late_approval_has_expired() {
    let mut case = Case::asked().await;
    case.now = late();
    let yes = case.answer(&case.bob, true, "").await;
    case.refuses(yes, ErrorName::ApprovalExpired).await;
    assert_eq!(case.recorded().await.unwrap().outcome, Outcome::Expired);
}

#[tokio::test]
async fn an_approval_of_another_report_is_stale() {
    let case = Case::asked().await;
    let mut yes = case.answer(&case.bob, true, "").await;
    yes["report_hash"] = json!("another");
    case.refuses(yes, ErrorName::ApprovalStale).await;
}

#[tokio::test]
async fn an_approval_is_stale_once_the_report_or_the_plan_changed() {
    let case = Case::asked().await;
    let yes = case.answer(&case.bob, true, "").await;
    report(&case.engines, "changed since").await;
    case.refuses(yes, ErrorName::ApprovalStale).await;

    let case = Case::asked().await;
    let yes = case.answer(&case.bob, true, "").await;
    store(&case.engines.bucket(), &keys::plan(RUN), &RunPlan { segments: 99, ..plan() }).await.unwrap();
    case.refuses(yes, ErrorName::ApprovalStale).await;
}

#[tokio::test]
async fn a_requester_from_the_console_is_found_in_cloudtrail_and_cannot_approve() {
    let mut case = Case::new().await;
    case.engines.ledger().put_requesters(RUN, &[Requester::unknown(EXECUTION, STARTED)]).await.unwrap();
    case.history = History::default();
    case.ask("t").await;
    // CloudTrail has the record by the time of the answer.
    case.history = History(vec![case.bob.identity.clone()]);
    let own = case.answer(&case.bob, true, "").await;
    let said = case.refuses(own, ErrorName::ApprovalRefused).await;
    assert!(said.contains("may be the person who started the run"), "{said}");
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
        let yes = case.answer(&case.bob, true, "").await;
        match counts {
            true => assert!(case.judge(yes).await.is_ok()),
            false => assert!(case.refuses(yes, ErrorName::ApprovalRefused).await.contains("no record of who started")),
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
    case.engines.ledger().put_requesters(RUN, &[requester]).await.unwrap();
    case.history = History(vec![case.ann.identity.clone()]);
    case.ask("t").await;
    let own = case.answer(&case.ann, true, "").await;
    let said = case.refuses(own, ErrorName::ApprovalRefused).await;
    assert!(said.contains("may be the person who started the run"), "{said}");
}

#[tokio::test]
async fn a_person_who_repeats_the_start_of_a_running_execution_is_a_requester_too() {
    for (first, second) in [(0, 1), (1, 0)] {
        let mut case = Case::new().await;
        let both = [case.bob.identity.clone(), Person::session("Pipeline", "release").identity];
        case.history = History(vec![both[first].clone(), both[second].clone()]);
        case.ask("t").await;
        let own = case.answer(&case.bob, true, "").await;
        let said = case.refuses(own, ErrorName::ApprovalRefused).await;
        assert!(said.contains("may be the person who started the run"), "{said}");
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
        let yes = case.answer(&case.bob, true, "looks good").await;
        let by = case.bob.identity.arn.clone();
        let pending = Output::Pending { approved: false, by: by.clone(), wait_seconds: 540 };
        assert_eq!(case.judge(yes.clone()).await.unwrap(), pending);
        assert_eq!(case.recorded().await.unwrap().outcome, Outcome::Pending);
        let asked = case.known.requested_hosts().len();

        case.now = later();
        case.history = History(callers);
        match approved {
            true => {
                let expected = Output::Approved { approved: true, by, wait_seconds: 0 };
                assert_eq!(case.judge(yes.clone()).await.unwrap(), expected);
                let answer = case.recorded().await.unwrap();
                assert_eq!((answer.outcome, answer.answered_at.as_str()), (Outcome::Approved, "2026-11-22T10:01:00Z"));
            }
            false => {
                let said = case.refuses(yes.clone(), ErrorName::ApprovalRefused).await;
                assert!(said.contains("no record of who started"), "{said}");
            }
        }
        assert_eq!(case.known.requested_hosts().len(), asked, "the signature is checked once");
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
    let own = case.answer(&case.ann, true, "").await;
    case.refuses(own, ErrorName::ApprovalRefused).await;
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

/// A case whose canary is written, with the approval request for the main wave.
async fn about_the_main_wave(on_bad_verdict: OnBadVerdict) -> Case {
    let canary = Some(CanaryPlan { segments: 2, bake_seconds: 600, approve: true });
    let case = Case::of(&RunPlan { canary, on_bad_verdict, ..plan() }).await;
    let input =
        Input::Ask { run: RUN.into(), epoch: 1, token: "t".into(), execution: EXECUTION.into(), wave: Wave::Main };
    assert_eq!(case.call(input).await.unwrap(), Output::Asked {});
    case
}

#[tokio::test]
async fn a_question_about_the_main_wave_says_what_happens_to_the_canary_without_an_approval() {
    for (on_bad_verdict, told) in [
        (OnBadVerdict::Hold, "writes nothing more and leaves the canary as it is.\n"),
        (OnBadVerdict::RollBack, "leaves the canary as it is.\nIf you reject it, the run rolls the canary back.\n"),
    ] {
        let case = about_the_main_wave(on_bad_verdict).await;
        let (subject, text) = case.topic.sent()[0].clone();
        assert!(subject.contains("approve the main wave of"), "{subject}");
        assert!(text.contains("to write its main wave to table") && text.ends_with(told), "{text}");
    }
}

#[tokio::test]
async fn a_rejection_of_the_main_wave_is_an_answer_even_if_it_is_judged_twice_and_an_invalid_answer_is_an_error() {
    let case = about_the_main_wave(OnBadVerdict::Hold).await;
    let no = case.answer(&case.bob, false, "too slow").await;
    for _ in 0..2 {
        let judged = case.call(Input::Judge { run: RUN.into(), answer: no.clone(), wave: Wave::Main }).await.unwrap();
        let (by, reason) = (case.bob.identity.arn.clone(), "too slow".to_owned());
        assert_eq!(judged, Output::Rejected { approved: false, by, reason, wait_seconds: 0 });
    }
    assert_eq!(case.recorded().await.unwrap().outcome, Outcome::Rejected);

    let case = about_the_main_wave(OnBadVerdict::Hold).await;
    let own = case.answer(&case.ann, true, "").await;
    let refused = case.call(Input::Judge { run: RUN.into(), answer: own, wave: Wave::Main }).await.unwrap_err();
    assert_eq!(refused.name(), ErrorName::ApprovalRefused);
    assert!(refused.to_string().contains("only the canary was written"), "{refused}");
}
