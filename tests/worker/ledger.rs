//! The ledger's records of runs, approvals and applied migrations against DynamoDB.

use std::collections::BTreeMap;

use tableshift_aws::ledger::approvals::{Answer, Outcome, Question, Recorded, Secrets};
use tableshift_aws::ledger::checkpoints::Checkpoint;
use tableshift_aws::ledger::runs::{Applied, Ending, RunRecord};
use tableshift_core::approval::rules::Requester;
use tableshift_core::approval::search::{Pass, Search};
use tableshift_core::control::monitor_status::{Alarm, Closed, MonitorStatus};
use tableshift_core::control::run_control::State;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::counts::{Counts, Tally};
use tableshift_tests::sts::Person;
use tableshift_tests::{Engines, LEDGER};

fn record() -> RunRecord {
    RunRecord {
        run: "r-1".into(),
        table: "airports".into(),
        migration: "split".into(),
        migration_hash: "m".into(),
        plan_hash: "p".into(),
        progress: "planned".into(),
        status: "running".into(),
        started: "2026-11-22T10:00:00Z".into(),
        execution: "arn:e".into(),
        ..RunRecord::default()
    }
}

#[tokio::test]
async fn a_run_is_recorded_from_start_to_end() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    assert_eq!(ledger.run("r-1").await.unwrap(), None);
    ledger.put_run(&record()).await.unwrap();
    assert_eq!(ledger.run("r-1").await.unwrap(), Some(record()));

    assert!(ledger.set_progress("r-1", "writing").await.unwrap());
    assert!(!ledger.set_progress("r-1", "writing").await.unwrap(), "it was in it already");
    let ending = Ending {
        status: "failed".into(),
        ended: "2026-11-22T11:00:00Z".into(),
        error: "LeaseLost".into(),
        cause: "epoch 2 took over".into(),
        counts: BTreeMap::from([("scanned".to_owned(), 7)]),
    };
    assert!(!ledger.end_run("r-1", "arn:other", &ending).await.unwrap());
    assert_eq!(ledger.run("r-1").await.unwrap().unwrap().status, "running");
    assert!(ledger.end_run("r-1", "arn:e", &ending).await.unwrap());
    let ended = ledger.run("r-1").await.unwrap().unwrap();
    assert_eq!(ended.progress, "writing");
    assert_eq!(ended.status, "failed");
    assert_eq!(ended.ended.as_deref(), Some("2026-11-22T11:00:00Z"));
    assert_eq!(ended.error.as_deref(), Some("LeaseLost"));
    assert_eq!(ended.counts, ending.counts);
}

#[tokio::test]
async fn an_update_never_creates_a_run() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    assert!(ledger.set_progress("r-1", "writing").await.is_err());
    assert_eq!(ledger.run("r-1").await.unwrap(), None);
}

#[tokio::test]
async fn the_first_cause_is_kept() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    ledger.put_run(&record()).await.unwrap();
    ledger.record_cause("r-1", 1, "BudgetExceeded", "too many").await.unwrap();
    ledger.record_cause("r-1", 1, "LeaseLost", "later").await.unwrap();
    let found = ledger.run("r-1").await.unwrap().unwrap();
    assert_eq!(found.cause_name.as_deref(), Some("BudgetExceeded"));
    assert_eq!(found.cause.as_deref(), Some("too many"));
}

#[tokio::test]
async fn an_applied_migration_is_removed_only_for_the_run_that_applied_it() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    ledger.remove_applied("airports", "split", "r-1").await.unwrap();
    let applied = Applied {
        run: "r-2".into(),
        hash: "m".into(),
        at: "2026-11-22T11:00:00Z".into(),
        changed: 28_000,
        verified: true,
        document: "{}".into(),
    };
    ledger.put_applied("airports", "split", &applied).await.unwrap();
    ledger.remove_applied("airports", "split", "r-1").await.unwrap();
    assert_eq!(ledger.applied("airports", "split").await.unwrap(), Some(applied));
    ledger.remove_applied("airports", "split", "r-2").await.unwrap();
    assert_eq!(ledger.applied("airports", "split").await.unwrap(), None);
}

fn question(id: &str) -> Question {
    Question {
        id: id.into(),
        asked_at: "2026-11-22T10:00:00Z".into(),
        expires_at: "2026-11-23T10:00:00Z".into(),
        plan_hash: "p".into(),
        report_hash: "h".into(),
    }
}

fn secrets(question: &str) -> Secrets {
    Secrets { question: question.into(), token: format!("token of {question}"), secret: "hush".into() }
}

fn approval_by(by: &str) -> Answer {
    Answer {
        outcome: Outcome::Approved,
        by: Some(Person::user(by).identity),
        reason: String::new(),
        answered_at: "2026-11-22T12:00:00Z".into(),
        signature: "s".into(),
    }
}

#[tokio::test]
async fn an_approval_request_accepts_one_answer() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    assert_eq!(ledger.answer("r-1", "one", &approval_by("ann")).await.unwrap(), Recorded::TooLate);
    ledger.ask("r-1", &question("one"), &secrets("one")).await.unwrap();
    assert_eq!(ledger.answer("r-1", "other", &approval_by("ann")).await.unwrap(), Recorded::TooLate);
    assert_eq!(ledger.answer("r-1", "one", &approval_by("ann")).await.unwrap(), Recorded::Now);
    assert_eq!(ledger.answer("r-1", "one", &approval_by("bob")).await.unwrap(), Recorded::TooLate);
    let found = ledger.approval("r-1").await.unwrap().unwrap();
    assert_eq!(found.question, question("one"));
    assert_eq!(found.answer, Some(approval_by("ann")));
}

#[tokio::test]
async fn a_repeated_approval_request_replaces_the_request_its_secrets_and_the_answer() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    for id in ["one", "two"] {
        ledger.ask("r-1", &question(id), &secrets(id)).await.unwrap();
        assert_eq!(ledger.approval("r-1").await.unwrap().unwrap().answer, None);
        assert_eq!(ledger.secrets("r-1").await.unwrap(), Some(secrets(id)));
        ledger.answer("r-1", id, &approval_by("ann")).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_without_a_person_is_read_as_it_was_written() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    for outcome in [Outcome::Rejected, Outcome::Refused, Outcome::Expired] {
        ledger.ask("r-1", &question("one"), &secrets("one")).await.unwrap();
        let answer = Answer { outcome, by: None, reason: "why".into(), signature: String::new(), ..approval_by("ann") };
        assert_eq!(ledger.answer("r-1", "one", &answer).await.unwrap(), Recorded::Now);
        assert_eq!(ledger.approval("r-1").await.unwrap().unwrap().answer, Some(answer));
    }
}

#[tokio::test]
async fn the_secrets_of_an_approval_request_have_their_own_partition_key() {
    let engines = Engines::start().await;
    engines.ledger().ask("r-1", &question("one"), &secrets("one")).await.unwrap();
    let items = engines.dynamodb.scan().table_name(LEDGER).send().await.unwrap().items.unwrap();
    for item in items {
        let pk = item["pk"].as_s().unwrap();
        let is_hidden = pk.starts_with("APPROVAL#");
        // infra/template.yaml grants this prefix to approvers and denies it to all other roles.
        assert_eq!(is_hidden, format!("{item:?}").contains("token of one"), "{pk}");
        assert_eq!(is_hidden, format!("{item:?}").contains("hush"), "{pk}");
    }
}

#[tokio::test]
async fn a_signature_can_be_used_for_one_purpose_only() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    for (purpose, fresh) in [("one", true), ("one", true), ("two", false), ("one", true)] {
        assert_eq!(ledger.use_signature("s", purpose, "2026-11-22T12:00:00Z").await.unwrap(), fresh, "{purpose}");
    }
    assert!(ledger.use_signature("t", "two", "2026-11-22T12:00:00Z").await.unwrap());
}

#[tokio::test]
async fn the_requester_of_a_run_is_read_as_it_was_written() {
    let engines = Engines::start().await;
    let ledger = engines.ledger();
    ledger.put_run(&record()).await.unwrap();
    let unknown = Requester::unknown("arn:1", "2026-11-22T10:00:00Z");
    let known = Requester {
        signer: Some(Person::user("bob").identity),
        callers: vec![Person::session("Release", "ann").identity, Person::user("bob").identity],
        ..Requester::unknown("arn:2", "2026-11-22T11:00:00Z")
    };
    let both = [unknown, known];
    let interrupted = Search { complete_until: 5, pass: Some(Pass { begun: 30, until: 20, unread_until: 10 }) };
    for search in [interrupted, Search { pass: None, ..interrupted }] {
        ledger.put_requesters("r-1", &both, &search).await.unwrap();
        let record = ledger.run("r-1").await.unwrap().unwrap();
        assert_eq!((record.requesters, record.search), (both.to_vec(), search));
    }
}

#[tokio::test]
async fn an_operator_can_pause_throttle_and_resume_a_run_but_not_pause_an_aborted_one() {
    let ledger = Engines::start().await.ledger();
    let control = async || ledger.control("r-1", Phase::Migrate).await.unwrap();
    assert!(!ledger.resume("r-1").await.unwrap(), "it was not paused");
    assert!(ledger.pause("r-1", "lunch", 7_000).await.unwrap());
    let paused = control().await;
    assert_eq!((paused.state, paused.since, paused.reason.as_deref()), (State::Paused, 7_000, Some("lunch")));

    ledger.throttle("r-1", Some(50), None).await.unwrap();
    ledger.throttle("r-1", None, Some(70)).await.unwrap();
    ledger.throttle("r-1", None, None).await.unwrap();
    assert!(ledger.resume("r-1").await.unwrap());
    let resumed = control().await;
    assert_eq!((resumed.state, resumed.reason, resumed.since), (State::Running, None, 0));
    assert_eq!((resumed.write_units_per_second, resumed.read_units_per_second), (Some(50), Some(70)));

    ledger.stop("r-1", "the wrong week", 8_000).await.unwrap();
    assert!(!ledger.pause("r-1", "lunch", 9_000).await.unwrap());
    assert_eq!(control().await.reason.as_deref(), Some("the wrong week"));
}

#[tokio::test]
async fn one_worker_reads_the_monitors_and_shares_a_reading_that_is_removed_when_the_hold_ends() {
    let ledger = Engines::start().await.ledger();
    let monitor_status = async || ledger.control("r-1", Phase::Migrate).await.unwrap().monitor_status;
    assert!(ledger.claim_monitor_reading("r-1", 60_000).await.unwrap());
    assert!(!ledger.claim_monitor_reading("r-1", 119_999).await.unwrap());
    assert!(ledger.claim_monitor_reading("r-1", 120_000).await.unwrap());
    let seen = MonitorStatus {
        last_read_at: 120_000,
        closed: Some(Closed { until: None }),
        alarm: Some(Alarm { name: "latency".into(), since: 60_000, seen: 120_000 }),
    };
    ledger.save_monitor_status("r-1", &seen).await.unwrap();
    assert_eq!(monitor_status().await, seen);
    let over = MonitorStatus { last_read_at: 120_000, closed: Some(Closed { until: Some(5) }), alarm: None };
    ledger.save_monitor_status("r-1", &over).await.unwrap();
    assert_eq!(monitor_status().await, over);
}

#[tokio::test]
async fn progress_is_the_sum_of_the_checkpoints_and_the_history_of_a_table_is_listed_by_migration() {
    let ledger = Engines::start().await.ledger();
    for (part, done) in [("000000", true), ("000001", false)] {
        let claimed = ledger.claim("r-1", Phase::Migrate, part, 1).await.unwrap().unwrap();
        let counts = Counts { scanned: 10, changed: 4, not_matched: 6, ..Counts::default() };
        let tally = Tally { counts, ..Tally::default() };
        let checkpoint = Checkpoint { attempt: claimed.attempt + 1, epoch: 1, done, tally, ..claimed };
        assert!(ledger.save("r-1", Phase::Migrate, part, &checkpoint).await.unwrap());
    }
    ledger.claim("r-1", Phase::Verify, "000000", 1).await.unwrap();
    let progress = ledger.progress("r-1", Phase::Migrate, Wave::Whole).await.unwrap();
    assert_eq!((progress.begun, progress.done, progress.tally.counts.changed), (2, 1, 8));

    for id in ["b", "a"] {
        let (run, hash) = (format!("r-{id}"), format!("hash of {id}"));
        let applied = Applied { run, hash, verified: id == "a", ..Applied::default() };
        ledger.put_applied("people", id, &applied).await.unwrap();
    }
    let past = ledger.all_applied("people").await.unwrap();
    let past: Vec<_> = past.iter().map(|(id, applied)| (id.as_str(), applied.run.as_str(), applied.verified)).collect();
    assert_eq!(past, [("a", "r-a", true), ("b", "r-b", false)]);
    ledger.set_verified("people", "b", "hash of b", true).await.unwrap();
    ledger.set_verified("people", "a", "another hash", false).await.unwrap();
    assert!(ledger.applied("people", "b").await.unwrap().unwrap().verified);
    assert!(ledger.applied("people", "a").await.unwrap().unwrap().verified, "other content is not touched");
}
