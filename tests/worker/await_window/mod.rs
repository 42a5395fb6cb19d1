//! AwaitWindow against the ledger and the bucket.

mod approval;
mod monitors;
mod notifications;
mod window;

use await_window::{Error, Input, Output, Step, run};
use tableshift_aws::ledger::approvals::{Answer, Outcome, Question, Secrets};
use tableshift_aws::s3::WriteObject;
use tableshift_core::item::hash;
use tableshift_core::plan::keys;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;
use tableshift_tests::sts::Person;
use tableshift_tests::{Engines, NOW, NoMonitors, RUN, Recorder};

const DOCUMENT: &str = "id: m\nchange: [{set: v, to: 2}]";
const REPORT: &[u8] = b"the report";

/// A run that bob has approved.
async fn approved(plan: &RunPlan) -> Engines {
    let engines = Engines::start().await;
    engines.begin(plan).await;
    put(&engines, &keys::migration("m"), DOCUMENT.as_bytes()).await;
    put(&engines, &keys::report(RUN), REPORT).await;
    let question = Question {
        id: "q".into(),
        asked_at: "2026-11-22T10:00:00Z".into(),
        expires_at: "2026-11-23T10:00:00Z".into(),
        plan_hash: plan.hash(),
        report_hash: hash::of_bytes(REPORT),
    };
    engines.ledger().ask(RUN, &question, &Secrets { question: "q".into(), ..Secrets::default() }).await.unwrap();
    answer(&engines, Outcome::Approved).await;
    engines
}

async fn answer(engines: &Engines, outcome: Outcome) {
    let answer = Answer {
        outcome,
        by: Some(Person::user("bob").identity),
        reason: String::new(),
        answered_at: "2026-11-22T10:01:00Z".into(),
        signature: "s".into(),
    };
    engines.ledger().answer(RUN, "q", &answer).await.unwrap();
}

async fn put(engines: &Engines, key: &str, bytes: &[u8]) {
    engines.bucket().put(key, bytes.to_vec(), "text/plain").await.unwrap();
}

async fn check_window(engines: &Engines) -> Result<Output, Error> {
    check_window_at(engines, NOW).await
}

async fn check_window_at(engines: &Engines, now: i64) -> Result<Output, Error> {
    run(&engines.bucket(), &engines.ledger(), &NoMonitors, &Recorder::default(), now, input(1)).await
}

fn input(epoch: u64) -> Input {
    Input { step: Step::Window, run: RUN.into(), epoch, wave: Wave::Whole, settle_seconds: 0 }
}
