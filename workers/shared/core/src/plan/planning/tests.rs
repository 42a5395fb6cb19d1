use super::*;
use crate::plan::wave::Wave;

fn policy() -> Policy {
    serde_json::from_value(serde_json::json!({
        "point_in_time_recovery": true, "back_up": true, "dry_run_source": "export", "approve": true, "verify": true,
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
fn a_dry_run_neither_requests_approval_nor_writes() {
    let mut json = input();
    json["action"] = "dry-run".into();
    let steps = RunPlan::of(facts(json)).unwrap().steps;
    assert_eq!(steps, Steps { export: true, dry_run: true, ..Steps::default() });
}

#[test]
fn a_table_without_point_in_time_recovery_is_refused_with_the_command_to_switch_it_on() {
    let mut facts = facts(input());
    facts.table.point_in_time_recovery = false;
    let error = RunPlan::of(facts).unwrap_err().to_string();
    assert!(error.contains("aws dynamodb update-continuous-backups --table-name prod-main"), "{error}");
}

#[test]
fn an_input_may_tighten_the_policy_but_not_loosen_it() {
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

fn with_canary(canary: serde_json::Value) -> Result<RunPlan, PlanError> {
    let mut json = input();
    json["canary"] = canary;
    RunPlan::of(facts(json))
}

#[test]
fn a_table_has_enough_segments_for_its_canary() {
    let whole = RunPlan::of(facts(input())).unwrap();
    let plan = with_canary(serde_json::json!({"percent": 5, "bake": "30m"})).unwrap();
    assert_eq!((whole.segments, plan.segments), (10, 20));
    assert_eq!(plan.canary, Some(CanaryPlan { segments: 1, bake_seconds: 1800, approve: false }));
    assert_eq!((plan.segments_of(Wave::Canary), plan.segments_of(Wave::Main)), (1, 20));
    assert_ne!(plan.hash(), with_canary(serde_json::json!({"percent": 5, "bake": "31m"})).unwrap().hash());
}

#[test]
fn the_plan_of_a_run_without_a_canary_has_no_such_field() {
    let json = serde_json::to_value(RunPlan::of(facts(input())).unwrap()).unwrap();
    assert!(json.get("canary").is_none());
}

#[test]
fn a_run_with_a_canary_is_verified_on_any_stage() {
    let mut json = input();
    let unverified = |json: &serde_json::Value| {
        let mut facts = facts(json.clone());
        facts.policy.verify = false;
        RunPlan::of(facts).unwrap().steps.verify
    };
    assert!(!unverified(&json));
    json["canary"] = serde_json::json!({"segments": 1});
    assert!(unverified(&json));
}

#[test]
fn the_main_wave_follows_once_the_progress_says_so() {
    let whole = RunPlan::of(facts(input())).unwrap();
    let plan = with_canary(serde_json::json!({"segments": 4, "approve": true})).unwrap();
    for (progress, wave) in
        [("planned", Wave::Canary), ("canary", Wave::Canary), ("baking", Wave::Canary), ("writing", Wave::Main)]
    {
        assert_eq!((plan.wave_in(progress), whole.wave_in(progress)), (wave, Wave::Whole), "{progress}");
    }
    assert!(plan.asks_before(Wave::Canary), "as the policy says");
    assert!(plan.asks_before(Wave::Main), "as the canary says");
    assert!(!with_canary(serde_json::json!({"segments": 4})).unwrap().asks_before(Wave::Main));
}

#[test]
fn the_canary_of_a_stage_applies_to_every_run_that_writes_except_over_dead_letters() {
    let demanded = |more: serde_json::Value| {
        let mut json = input();
        json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let mut facts = facts(json);
        facts.policy.canary = serde_json::from_value(serde_json::json!({"percent": 5, "bake": "30m"})).unwrap();
        RunPlan::of(facts)
    };
    let canary = |more| demanded(more).unwrap().canary.map(|canary| canary.segments);
    assert_eq!(canary(serde_json::json!({})), Some(1));
    assert_eq!(canary(serde_json::json!({"action": "dry-run"})), None);
    assert_eq!(canary(serde_json::json!({"dead_letters_of": "r-0"})), None);
    let refused = |more| demanded(more).unwrap_err().to_string();
    let one = refused(serde_json::json!({"segments": 1}));
    assert!(one.starts_with("`canary` needs a run of 2 segments or more"), "{one}");
    let shorter = refused(serde_json::json!({"canary": {"percent": 5, "bake": "10m"}}));
    assert!(shorter.starts_with("`canary.bake` is 10m, but this stage's policy requires 30m"), "{shorter}");
    let larger = refused(serde_json::json!({"canary": {"percent": 50}}));
    assert!(larger.starts_with("`canary` is 10 segments, but this stage's policy requires at most 1"), "{larger}");
}

#[test]
fn a_canary_with_all_segments_that_a_stage_allows_is_refused() {
    let error = with_canary(serde_json::json!({"segments": 1000})).unwrap_err().to_string();
    assert!(error.starts_with("`canary.segments` is 1000 of 1000 segments, which leaves none"), "{error}");
}

#[test]
fn a_canary_consists_of_the_first_segments_of_the_run() {
    let plan = with_canary(serde_json::json!({"segments": 4})).unwrap();
    let all = plan.segments_in_order(Wave::Main);
    assert_eq!(plan.segments_in_order(Wave::Canary), all[..4]);
    assert_eq!(all, segments::order(plan.segments, &plan.run));
}

#[test]
fn at_least_one_worker_runs_and_never_more_than_there_are_segments() {
    let mut plan = RunPlan::of(facts(input())).unwrap();
    for (max_concurrency, segments, workers) in [(10, 1000, 10), (10, 4, 4), (0, 4, 1)] {
        (plan.max_concurrency, plan.segments) = (max_concurrency, segments);
        assert_eq!(plan.workers(), workers);
    }
}
