//! Names, tables and policies that Plan refuses, and rates that an operator cannot set.

use super::*;

/// Fails unless Plan refuses the run with this error name and did not store anything. Returns the message.
async fn assert_refused(engines: &Engines, name: &str, input: Value, error_name: ErrorName) -> String {
    let error = planned(engines, name, input).await.unwrap_err();
    assert_eq!(error.name(), error_name, "{}", chain(&error));
    assert_eq!(engines.ledger().lock(TABLE).await.unwrap(), None);
    chain(&error)
}

#[tokio::test]
async fn a_name_that_no_later_action_could_name_is_refused_before_anything_is_done() {
    let engines = Engines::start().await;
    let input = migrate(&document("a", &Value::Null), json!({}));
    let message = assert_refused(&engines, "r@1", input, ErrorName::InvalidInput).await;
    assert!(message.contains("`r@1`"), "{message}");
    assert_eq!(engines.ledger().run("r@1").await.unwrap(), None);
}

#[tokio::test]
async fn a_name_is_refused_while_objects_of_an_earlier_run_are_left() {
    let engines = Engines::start().await;
    let left = keys::partial("r-1", Phase::Migrate, "000007");
    engines.bucket().put(&left, b"{}".to_vec(), "application/json").await.unwrap();
    let input = migrate(&document("a", &Value::Null), json!({}));
    let message = assert_refused(&engines, "r-1", input.clone(), ErrorName::InvalidInput).await;
    assert!(message.contains("runs/r-1/"), "{message}");
    planned(&engines, "r-10", input).await.unwrap();
}

#[tokio::test]
async fn a_name_whose_execution_was_started_again_after_ninety_days_is_refused_but_a_retry_is_not() {
    let engines = Engines::start().await;
    let input = migrate(&document("a", &Value::Null), json!({}));
    planned(&engines, "r-1", input.clone()).await.unwrap();
    planned(&engines, "r-1", input.clone()).await.unwrap();
    let record = engines.ledger().run("r-1").await.unwrap().unwrap();
    // Step Functions gives the new execution the ARN of the old one.
    engines.ledger().put_run(&RunRecord { started: "2026-08-01T10:00:00Z".into(), ..record }).await.unwrap();
    let error = planned(&engines, "r-1", input).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::InvalidInput, "{}", chain(&error));
}

#[tokio::test]
async fn a_ledger_is_never_the_table_of_a_run() {
    let engines = Engines::start().await;
    for table in ["tableshift-prod-ledger", LEDGER] {
        let input = json!({"migration": document("a", &Value::Null), "table": table});
        let message = assert_refused(&engines, "r-1", input, ErrorName::PolicyViolation).await;
        assert!(message.contains(table), "{message}");
    }
}

#[tokio::test]
async fn prod_refuses_a_pattern_that_matches_every_table() {
    let engines = Engines::start().await;
    let input = migrate(&document("a", &Value::Null), json!({}));
    for (stage, pattern, allowed) in [
        ("prod", "*", false),
        ("prod", "?*", false),
        ("prod", "", false),
        ("prod", "prod-*", true),
        ("test", "*", true),
    ] {
        let stage = Stage { name: stage.into(), table_pattern: pattern.into(), ..stage_under(policy()) };
        let name = format!("r-{}-{}", stage.name, pattern.len());
        let planned = planned_on(&engines, stage, &name, input.clone(), &Recorder::default()).await;
        match planned {
            Ok(_) => assert!(allowed, "{name}"),
            Err(error) if error.name() == ErrorName::LockHeld => assert!(allowed, "{name}"),
            Err(error) => {
                assert_eq!((allowed, error.name()), (false, ErrorName::PolicyViolation), "{name}");
                assert!(chain(&error).contains("TableNamePattern"), "{}", chain(&error));
            }
        }
    }
}

#[tokio::test]
async fn an_operator_cannot_raise_a_rate_over_the_policy() {
    let engines = Engines::start().await;
    let rates = json!({"write_units_per_second": 100, "read_units_per_second": 100});
    planned(&engines, "r-1", migrate(&document("a", &Value::Null), rates)).await.unwrap();
    engines.ledger().throttle("r-1", Some(900), Some(900)).await.unwrap();
    let control = engines.ledger().control("r-1", Phase::Migrate).await.unwrap();
    // The policy has no limit for reads.
    assert_eq!((control.write_units_per_second, control.read_units_per_second), (Some(500), Some(900)));
}

#[tokio::test]
async fn a_policy_with_an_impossible_approval_is_refused_by_the_name_of_its_field() {
    let engines = Engines::start().await;
    let input = migrate(&document("a", &Value::Null), json!({}));
    for (approval, field) in [
        (json!({"record_delay_seconds": 86_401}), "`approval.record_delay_seconds`"),
        (json!({"record_delay_seconds": u64::MAX}), "`approval.record_delay_seconds`"),
        (json!({"record_delay_seconds": 60, "max_age_seconds": 60}), "`approval.max_age_seconds`"),
    ] {
        let mut policy = policy();
        policy["approval"] = approval;
        let error = planned_under(&engines, "r-1", input.clone(), policy, &Recorder::default()).await.unwrap_err();
        assert!(chain(&error).contains(field), "{}", chain(&error));
    }
}
