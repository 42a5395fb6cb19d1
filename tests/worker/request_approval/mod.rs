//! RequestApproval and JudgeApproval against the ledger, the bucket and an STS that checks signatures.

mod answer;
mod main_wave;
mod request;
mod requester;
mod signature;
mod validity;

use jiff::Timestamp;
use request_approval::{Error, Input, Output, Ports, run};
use serde_json::{Value, json};
use tableshift_aws::identity::signatures::Sts;
use tableshift_aws::identity::starts::EventHistory;
use tableshift_aws::ledger::approvals::Answer;
use tableshift_aws::run_files::store;
use tableshift_aws::s3::Bucket;
use tableshift_core::approval::identity::Identity;
use tableshift_core::approval::rules::Requester;
use tableshift_core::approval::search::Search;
use tableshift_core::approval::signature::{AnswerTo, Statement};
use tableshift_core::item::hash;
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::run_report::Report;
use tableshift_runtime::{ErrorName, Named, chain};
use tableshift_tests::cloudtrail::TestTrail;
use tableshift_tests::sts::{Person, TestSts};
use tableshift_tests::{EXECUTION, Engines, NOW, RUN, Recorder, plan};

const DAY: i64 = 86_400_000;

/// When the run started: long enough ago that CloudTrail has delivered every record of it.
const STARTED: &str = "2026-11-22T09:40:00Z";

/// A CloudTrail with a call of StartExecution by each of these callers, at this time.
fn trail(callers: &[&Identity], started: &str) -> TestTrail {
    let mut trail = TestTrail::default();
    let started: Timestamp = started.parse().unwrap();
    callers.iter().for_each(|caller| trail.add(caller, EXECUTION, started.as_second()));
    trail
}

/// A run after its dry run, started by ann, and two people who may answer.
struct Case {
    engines: Engines,
    sts: TestSts,
    history: TestTrail,
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

    /// The run was started without a signature: only CloudTrail knows who did.
    async fn forget_signer(&self) {
        let requester = Requester::unknown(EXECUTION, STARTED);
        self.engines.ledger().put_requesters(RUN, &[requester], &Search::default()).await.unwrap();
    }

    async fn of(plan: &RunPlan) -> Self {
        let (ann, bob) = (Person::session("Release", "ann"), Person::user("bob"));
        let engines = Engines::start().await;
        engines.begin(plan).await;
        let requester = Requester { signer: Some(ann.identity.clone()), ..Requester::unknown(EXECUTION, STARTED) };
        engines.ledger().put_requesters(RUN, &[requester], &Search::default()).await.unwrap();
        let report_hash = store_report(&engines, "as it was").await;
        let sts = TestSts::new(&[&ann, &bob]);
        Self {
            engines,
            sts,
            history: trail(&[&ann.identity], STARTED),
            topic: Recorder::default(),
            ann,
            bob,
            report_hash,
            now: NOW + 60_000,
        }
    }

    async fn call(&self, input: Input) -> Result<Output, Error> {
        let ports: Ports<Bucket, &Recorder, Sts, EventHistory> = Ports {
            bucket: self.engines.bucket(),
            ledger: self.engines.ledger(),
            topic: &self.topic,
            sts: self.sts.sts().await,
            history: self.history.history(),
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
        self.call(Input::Judge { run: RUN.into(), epoch: 1, answer, wave: Wave::Whole }).await
    }

    /// Fails unless the answer is refused with this error name. Returns the message.
    async fn assert_refused(&self, answer: Value, name: ErrorName) -> String {
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
async fn store_report(engines: &Engines, description: &str) -> String {
    let report = Report { description: Some(description.into()), ..Report::new(&plan(), Phase::DryRun) };
    store(&engines.bucket(), &keys::report(RUN), &report).await.unwrap();
    hash::of_bytes(&serde_json::to_vec(&report).unwrap())
}
