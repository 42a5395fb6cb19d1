use super::*;

fn policy() -> Policy {
    serde_json::from_value(serde_json::json!({
        "point_in_time_recovery": true, "back_up": true, "rehearse": "export", "approve": true, "verify": true,
        "approval_timeout_seconds": 60, "on_bad_verdict": "hold", "max_concurrency": 10, "max_segments": 1000,
        "write_units_per_second": 500, "read_units_per_second": null, "invalid_items": 0, "lease_seconds": 900
    }))
    .unwrap()
}

fn facts(input: serde_json::Value) -> Facts {
    let table = serde_json::json!({
        "name": "prod-main", "arn": "arn", "status": "ACTIVE", "keys": ["pk"], "index_keys": {}, "items": 1_000_000,
        "bytes": 300_000_000, "time_to_live": null, "point_in_time_recovery": true, "replicas": 0, "indexes": 1, "stream": false
    });
    Facts {
        run: "r".into(),
        stage: "prod".into(),
        bucket: "b".into(),
        input: Input::parse(&input).unwrap(),
        table: serde_json::from_value(table).unwrap(),
        migration: Document::from_yaml("id: m\nchange: [{set: v, to: 2}]").unwrap(),
        policy: policy(),
        locked_at: 0,
    }
}

fn input() -> serde_json::Value {
    serde_json::json!({"migration": "m", "table": "prod-main"})
}

#[test]
fn a_prod_run_takes_every_step() {
    let plan = RunPlan::of(facts(input())).unwrap();
    let steps = plan.steps;
    assert!(steps.back_up && steps.export && steps.dry_run && steps.approve && steps.migrate && steps.verify);
    assert!(!steps.roll_back && !steps.roll_back_if_bad);
    assert_eq!(plan.max_concurrency, 10);
    assert_eq!(plan.write_units_per_second, Some(500));
}

#[test]
fn a_dry_run_neither_asks_nor_writes() {
    let mut json = input();
    json["action"] = "dry-run".into();
    let steps = RunPlan::of(facts(json)).unwrap().steps;
    assert_eq!(steps, Steps { export: true, dry_run: true, ..Steps::default() });
}

#[test]
fn prod_without_point_in_time_recovery_is_refused_with_the_command_that_mends_it() {
    let mut facts = facts(input());
    facts.table.point_in_time_recovery = false;
    let error = RunPlan::of(facts).unwrap_err().to_string();
    assert!(error.contains("aws dynamodb update-continuous-backups --table-name prod-main"), "{error}");
}

#[test]
fn an_input_tightens_the_policy_and_never_loosens_it() {
    let mut json = input();
    json["write_units_per_second"] = 100.into();
    assert_eq!(RunPlan::of(facts(json.clone())).unwrap().write_units_per_second, Some(100));
    json["write_units_per_second"] = 501.into();
    assert!(matches!(RunPlan::of(facts(json)), Err(PlanError::Policy(text)) if text.contains("501")));
}

#[test]
fn a_budget_below_the_estimate_is_refused() {
    let mut json = input();
    json["budget_usd"] = 0.01.into();
    assert!(matches!(RunPlan::of(facts(json)), Err(PlanError::Budget { .. })));
}

#[test]
fn a_table_that_is_not_active_is_refused() {
    let mut facts = facts(input());
    facts.table.status = "UPDATING".into();
    assert!(matches!(RunPlan::of(facts), Err(PlanError::NotActive { .. })));
}

#[test]
fn the_hash_changes_with_the_plan() {
    let plan = RunPlan::of(facts(input())).unwrap();
    let mut other = plan.clone();
    other.segments += 1;
    assert_ne!(plan.hash(), other.hash());
    assert_eq!(plan.hash(), plan.clone().hash());
}
