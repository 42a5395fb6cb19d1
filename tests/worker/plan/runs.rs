//! What a new run and another execution of an earlier run do.

use super::*;

#[tokio::test]
async fn an_applied_migration_succeeds_without_work_or_lock_unless_it_must_run_again() {
    let engines = Engines::start().await;
    let document = document("a", &Value::Null);
    applied(&engines, &document, "2026-11-20T10:00:00Z", true).await;
    let idle = planned(&engines, "r-1", migrate(&document, json!({}))).await.unwrap();
    assert_eq!(idle.already_applied.as_ref().unwrap().run, "r-0");
    assert_eq!(
        serde_json::to_value(idle.steps).unwrap().as_object().unwrap().values().filter(|step| **step == true).count(),
        0
    );
    assert_eq!(engines.ledger().lock(TABLE).await.unwrap(), None);
    let record = engines.ledger().run("r-1").await.unwrap().unwrap();
    assert_eq!(record.status, "running", "Conclude closes it");
    assert_eq!(record.requesters, [Requester::unknown("arn:r-1", "2026-11-22T10:00:00Z")]);

    let again = planned(&engines, "r-2", migrate(&document, json!({"again": true}))).await.unwrap();
    assert!(again.already_applied.is_none() && again.steps.migrate);
    let dry_run = planned(&engines, "r-3", migrate(&document, json!({"action": "dry-run"}))).await.unwrap();
    assert!(dry_run.already_applied.is_none() && dry_run.steps.dry_run);
}

#[tokio::test]
async fn a_migration_that_was_applied_but_not_verified_runs_again_on_a_stage_that_verifies() {
    let engines = Engines::start().await;
    let document = document("a", &Value::Null);
    applied(&engines, &document, "2026-11-20T10:00:00Z", false).await;
    let planned = planned(&engines, "r-1", migrate(&document, json!({}))).await.unwrap();
    assert!(planned.already_applied.is_none() && planned.steps.verify);
}

#[tokio::test]
async fn the_same_id_with_other_content_is_refused_with_the_difference() {
    let engines = Engines::start().await;
    applied(&engines, &document("a", &Value::Null), "2026-11-20T10:00:00Z", true).await;
    let edited = document("a", &json!({"check": "item.v == 2"}));
    for action in ["migrate", "dry-run"] {
        let error = planned(&engines, "r-1", migrate(&edited, json!({"action": action}))).await.unwrap_err();
        assert_eq!(error.name(), ErrorName::MigrationChanged);
        let message = chain(&error);
        assert!(message.contains("run `r-0`") && message.contains("+  \"check\": \"item.v == 2\""), "{message}");
    }
    assert_eq!(engines.ledger().lock(TABLE).await.unwrap(), None);
}

#[tokio::test]
async fn a_contract_migration_waits_for_its_expand_migration_and_says_until_when() {
    let engines = Engines::start().await;
    let expand = document("a", &json!({"kind": "expand"}));
    let contract = document("b", &json!({"kind": "contract", "requires": "a", "bake": "48h"}));
    let refused = async || {
        let error = planned(&engines, "r-1", migrate(&contract, json!({}))).await.unwrap_err();
        assert_eq!(error.name(), ErrorName::RequirementUnmet);
        chain(&error)
    };
    assert!(refused().await.contains("has not been applied to this table"));
    applied(&engines, &expand, "2026-11-20T10:00:00Z", false).await;
    assert!(refused().await.contains("is not verified"));
    applied(&engines, &expand, "2026-11-20T10:00:01Z", true).await;
    assert!(refused().await.ends_with("so it may run from 2026-11-22T10:00:01Z"), "{}", refused().await);
    assert_eq!(engines.ledger().lock(TABLE).await.unwrap(), None);
    applied(&engines, &expand, "2026-11-20T10:00:00Z", true).await;
    assert!(planned(&engines, "r-1", migrate(&contract, json!({}))).await.unwrap().steps.migrate);
}

#[tokio::test]
async fn a_resumed_run_uses_the_budget_of_its_input_within_the_policy() {
    let engines = Engines::start().await;
    let document = document("a", &Value::Null);
    planned(&engines, "r-1", migrate(&document, json!({}))).await.unwrap();
    let record = engines.ledger().run("r-1").await.unwrap().unwrap();
    engines
        .ledger()
        .put_run(&RunRecord { progress: "writing".into(), status: "failed".into(), ..record })
        .await
        .unwrap();

    let slower = json!({"action": "resume", "run": "r-1", "max_concurrency": 2, "write_units_per_second": 50});
    let resumed = planned(&engines, "e-2", slower).await.unwrap();
    assert_eq!((resumed.run.as_str(), resumed.max_concurrency, resumed.steps.dry_run), ("r-1", 2, false));
    let control = engines.ledger().control("r-1", Phase::Migrate).await.unwrap();
    assert_eq!((control.write_units_per_second, control.read_units_per_second), (Some(50), None));
    let started: Vec<_> = engines.ledger().run("r-1").await.unwrap().unwrap().requesters;
    let started: Vec<&str> = started.iter().map(|requester| requester.execution.as_str()).collect();
    assert_eq!(started, ["arn:r-1", "arn:e-2"], "who resumes a run is a requester of it");

    let faster = json!({"action": "resume", "run": "r-1", "write_units_per_second": 501});
    let error = planned(&engines, "e-3", faster).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::PolicyViolation);
}

#[tokio::test]
async fn a_run_is_neither_rolled_back_nor_resumed_while_a_later_run_of_the_migration_stands() {
    let engines = Engines::start().await;
    let (document, ledger) = (document("a", &Value::Null), engines.ledger());
    for name in ["r-1", "r-2"] {
        planned(&engines, name, migrate(&document, json!({"again": true}))).await.unwrap();
        let record = ledger.run(name).await.unwrap().unwrap();
        ledger.put_run(&RunRecord { progress: "writing".into(), status: "failed".into(), ..record }).await.unwrap();
        for _ in 0..2 {
            ledger.record_writer(TABLE, "a", name).await.unwrap();
        }
    }
    assert_eq!(ledger.writers(TABLE, "a").await.unwrap(), ["r-1", "r-2"], "each is listed once");
    let again = |action: &str, run: &str| json!({"action": action, "run": run});
    // Asked again, and after an execution that took the lock in between, the answer is the same.
    for (number, action) in ["roll-back", "roll-back", "resume", "verify", "roll-back"].into_iter().enumerate() {
        let result = planned(&engines, &format!("e-{number}"), again(action, "r-1")).await;
        if action == "verify" {
            result.unwrap();
            continue;
        }
        let error = result.unwrap_err();
        assert_eq!(error.name(), ErrorName::InvalidInput);
        assert!(error.to_string().contains("roll back run `r-2` first"), "{error}");
    }

    planned(&engines, "e-back-2", again("roll-back", "r-2")).await.unwrap();
    ledger.remove_writer(TABLE, "a", "r-2").await.unwrap();
    planned(&engines, "e-back-1", again("roll-back", "r-1")).await.unwrap();
    ledger.remove_writer(TABLE, "a", "r-1").await.unwrap();
    assert!(ledger.writers(TABLE, "a").await.unwrap().is_empty());
}

/// The segments in a list of the run.
async fn listed(engines: &Engines, key: &str) -> Vec<u64> {
    let list: Option<Vec<Value>> = load(&engines.bucket(), key).await.unwrap();
    list.unwrap().iter().map(|segment| segment["segment"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn the_canary_wave_comes_first_and_lists_its_segments() {
    let engines = Engines::start().await;
    let canary = json!({"segments": 8, "canary": {"segments": 3, "approve": true}});
    let canary = planned(&engines, "r-1", migrate(&document("a", &Value::Null), canary)).await.unwrap();
    let output = serde_json::to_value(&canary).unwrap();
    assert_eq!(output["wave"], json!({"name": "canary", "segments_key": keys::canary("r-1")}));
    assert_eq!(
        (&output["canary"], &output["segments_key"]),
        (&json!({"approve": true}), &json!(keys::segments("r-1")))
    );
    let (first, all) = (listed(&engines, &keys::canary("r-1")).await, listed(&engines, &keys::segments("r-1")).await);
    assert_eq!((first.len(), all.len()), (3, 8));
    assert_eq!(first, all[..3]);
}

#[tokio::test]
async fn a_run_without_a_canary_has_one_wave_over_all_segments() {
    let engines = Engines::start().await;
    let whole = planned(&engines, "r-1", migrate(&document("a", &Value::Null), json!({}))).await.unwrap();
    let output = serde_json::to_value(&whole).unwrap();
    assert_eq!(output["wave"], json!({"name": "whole", "segments_key": keys::segments("r-1")}));
    assert_eq!(output["canary"], json!({"approve": false}));
}

#[tokio::test]
async fn a_resumed_run_continues_in_its_wave_and_a_canary_bakes_again() {
    let engines = Engines::start().await;
    let canary = json!({"segments": 8, "canary": {"segments": 3, "approve": true}});
    planned(&engines, "r-1", migrate(&document("a", &Value::Null), canary)).await.unwrap();
    let cases = [
        ("planned", "canary", true),
        ("canary", "canary", false),
        ("baking", "canary", false),
        ("writing", "main", false),
    ];
    for (number, (phase, wave, dry_runs)) in cases.into_iter().enumerate() {
        let record = engines.ledger().run("r-1").await.unwrap().unwrap();
        let died = RunRecord { progress: phase.into(), status: "failed".into(), ..record };
        engines.ledger().put_run(&died).await.unwrap();
        engines.ledger().set_baking_since("r-1", Some(NOW)).await.unwrap();
        let resume = json!({"action": "resume", "run": "r-1"});
        let resumed = planned(&engines, &format!("e-{number}"), resume).await.unwrap();
        let output = serde_json::to_value(&resumed).unwrap();
        assert_eq!((&output["wave"]["name"], resumed.steps.dry_run), (&json!(wave), dry_runs), "{phase}");
        assert!(resumed.steps.migrate && resumed.steps.verify, "{phase}");
        assert_eq!(
            output["canary"]["approve"], true,
            "{phase}: a run that died before the answer requests approval again"
        );
        let control = engines.ledger().control("r-1", Phase::Migrate).await.unwrap();
        assert_eq!(control.baking_since, None, "no worker read its alarms in between");
    }
    let back = planned(&engines, "e-back", json!({"action": "roll-back", "run": "r-1"})).await.unwrap();
    assert_eq!(serde_json::to_value(&back).unwrap()["wave"]["name"], "whole");
}

#[tokio::test]
async fn an_execution_that_starts_is_announced_with_its_action_and_a_refused_one_is_not() {
    let engines = Engines::start().await;
    let (topic, first) = (Recorder::default(), document("m", &json!({"description": "canary-7f3a"})));
    planned_with_topic(&engines, "r-1", migrate(&first, json!({})), &topic).await.unwrap();
    assert_eq!(topic.events(), ["started"]);
    let message = &topic.messages()[0];
    for part in [r#""action":"migrate""#, r#""run":"r-1""#, r#""execution":"arn:r-1""#, r#""migration":"m""#] {
        assert!(message.json.contains(part), "{}", message.json);
    }
    assert!(!format!("{message:?}").contains("canary-7f3a"), "what a document says may be about items");

    let back = json!({"action": "roll-back", "run": "r-1"});
    planned_with_topic(&engines, "r-2", back, &topic).await.unwrap();
    assert!(topic.messages()[1].json.contains(r#""action":"roll-back""#));
    planned_with_topic(&engines, "r-1", json!({"migration": "m"}), &topic).await.unwrap_err();
    assert_eq!(topic.events().len(), 2);
}

#[tokio::test]
async fn a_missing_topic_does_not_prevent_a_run_from_starting() {
    let engines = Engines::start().await;
    planned_with_topic(&engines, "r-1", migrate(&document("m", &json!({})), json!({})), &MissingTopic).await.unwrap();
}
