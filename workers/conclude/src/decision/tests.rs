use super::*;
use serde_json::json;

fn decide_of(data: Value) -> (String, String) {
    decide_with(data, Context::default())
}

fn decide_with(data: Value, context: Context<'_>) -> (String, String) {
    let decision = decide(&State::parse(&data), context);
    (decision.error.unwrap_or_else(|| "succeeded".into()), decision.cause)
}

fn reported(steps: Value, phase: &str, verdict: &str) -> Value {
    let reasons = if verdict == "bad" { json!(["3 items are late"]) } else { json!([]) };
    let report = json!({"verdict": verdict, "reasons": reasons, "phase": phase, "key": "runs/r/report.json"});
    json!({"run": "r", "steps": steps, "report": report})
}

fn migrate() -> Value {
    json!({"back_up": true, "dry_run": true, "approve": true, "migrate": true, "verify": true, "roll_back_if_bad": true})
}

#[test]
fn a_good_last_phase_is_success() {
    let unverified = json!({"dry_run": true, "migrate": true});
    for (steps, phase) in [
        (migrate(), "verify"),
        (unverified, "migrate"),
        (json!({"dry_run": true}), "dry-run"),
        (json!({"verify": true}), "verify"),
        (json!({"roll_back": true}), "roll-back"),
    ] {
        assert_eq!(decide_of(reported(steps, phase, "good")), ("succeeded".into(), String::new()));
    }
}

#[test]
fn a_bad_dry_run_fails_before_anything_is_written() {
    let (error, cause) = decide_of(reported(migrate(), "dry-run", "bad"));
    assert_eq!(error, "DryRunFailed");
    let expected = "the dry run's verdict is bad: 3 items are late; nothing was written; see runs/r/report.json";
    assert_eq!(cause, expected);
}

#[test]
fn a_bad_verification_without_a_roll_back_says_how_to_continue() {
    for phase in ["verify", "migrate"] {
        let (error, cause) = decide_of(reported(migrate(), phase, "bad"));
        assert_eq!(error, "VerificationFailed");
        assert!(cause.contains("3 items are late") && cause.contains("action: roll-back"), "{cause}");
    }
}

#[test]
fn a_bad_verification_that_was_rolled_back_is_a_failure_with_the_reasons_of_the_verdict() {
    let reasons = ["5 items are late".to_owned()];
    let context = Context { verdict_reasons: &reasons, ..Context::default() };
    let (error, cause) = decide_with(reported(migrate(), "roll-back", "good"), context);
    assert_eq!(error, "RolledBack");
    assert!(cause.starts_with("the verdict was bad: 5 items are late; every item"), "{cause}");
}

#[test]
fn a_run_that_ends_before_its_last_phase_is_an_internal_error() {
    assert_eq!(decide_of(reported(migrate(), "dry-run", "good")).0, "Internal");
    assert_eq!(decide_of(json!({"run": "r", "steps": migrate()})).0, "Internal");
    assert_eq!(decide_of(json!({})).0, "Internal");
    assert_eq!(decide_of(json!(null)).0, "Internal");
}

#[test]
fn a_run_with_nothing_left_to_do_succeeds() {
    assert_eq!(decide_of(json!({"run": "r", "steps": {}})).0, "succeeded");
}

#[test]
fn the_error_of_a_worker_keeps_its_name_and_message() {
    let cause = json!({"errorType": "LockHeld", "errorMessage": "table t is locked by run q", "trace": []});
    let data = json!({"error": {"Error": "LockHeld", "Cause": cause.to_string()}});
    assert_eq!(decide_of(data), ("LockHeld".into(), "table t is locked by run q".into()));
}

#[test]
fn a_caught_error_takes_precedence_over_a_good_report() {
    let mut data = reported(migrate(), "dry-run", "good");
    data["error"] = json!({"Error": "LeaseLost", "Cause": "a plain message"});
    assert_eq!(decide_of(data), ("LeaseLost".into(), "a plain message".into()));
}

#[test]
fn a_failed_map_is_reported_with_the_error_that_its_worker_recorded() {
    let mut data = reported(migrate(), "dry-run", "good");
    data["wave"] = json!({"name": "whole", "answer": {"approve": true}});
    let cause = "The specified tolerated failure threshold was exceeded";
    data["error"] = json!({"Error": "States.ExceedToleratedFailureThreshold", "Cause": cause});
    let context = Context { worker_error: Some(("BudgetExceeded", "6 items are invalid")), ..Context::default() };
    assert_eq!(decide_with(data.clone(), context), ("BudgetExceeded".into(), "6 items are invalid".into()));
    let unchanged = ("States.ExceedToleratedFailureThreshold".into(), cause.into());
    assert_eq!(decide_of(data), unchanged);
}

#[test]
fn the_error_of_a_worker_takes_precedence_over_the_one_that_another_recorded() {
    let data = json!({"run": "r", "error": {"Error": "Internal", "Cause": "here"}});
    let context = Context { worker_error: Some(("BudgetExceeded", "there")), ..Context::default() };
    assert_eq!(decide_with(data, context).0, "Internal");
}

#[test]
fn a_request_that_timed_out_has_expired() {
    let mut data = reported(migrate(), "dry-run", "good");
    data["error"] = json!({"Error": "States.Timeout", "Cause": ""});
    assert_eq!(decide_of(data.clone()).0, "ApprovalExpired");
    // After the answer, another step took too long.
    data["wave"] = json!({"name": "whole", "answer": {"approve": true}});
    let (error, cause) = decide_of(data);
    assert_eq!(error, "States.Timeout");
    assert!(!cause.is_empty());
}

#[test]
fn an_error_without_a_name_is_an_internal_error() {
    assert_eq!(decide_of(json!({"error": {}})).0, "Internal");
}

/// A run with a good canary, before its main wave.
fn after_canary(report: &str) -> Value {
    let mut data = reported(migrate(), report, "good");
    data["canary"] = json!({"approve": true});
    data["wave"] = json!({"name": "main", "segments_key": "k"});
    data
}

#[test]
fn a_good_canary_alone_is_not_a_success() {
    let mut data = reported(migrate(), "verify", "good");
    data["report"]["wave"] = json!("canary");
    assert_eq!(decide_of(data).0, "Internal");
}

#[test]
fn a_bad_canary_says_that_the_main_wave_was_not_written() {
    let mut data = reported(migrate(), "verify", "bad");
    data["report"]["wave"] = json!("canary");
    let (error, cause) = decide_of(data);
    assert_eq!(error, "VerificationFailed");
    assert!(
        cause.starts_with("the canary's verdict is bad: 3 items are late; the main wave was not written"),
        "{cause}"
    );
}

#[test]
fn an_unanswered_question_after_the_canary_expires_although_the_first_was_answered() {
    let mut data = after_canary("verify");
    data["error"] = json!({"Error": "States.Timeout", "Cause": ""});
    let (error, cause) = decide_of(data.clone());
    assert_eq!(error, "ApprovalExpired");
    assert!(cause.contains("only the canary was written"), "{cause}");
    // If the main wave needs no approval, another step took too long.
    data["canary"] = json!({"approve": false});
    assert_eq!(decide_of(data).0, "States.Timeout");
}

#[test]
fn a_rejection_of_the_main_wave_says_who_and_why_and_what_happened_to_the_canary() {
    let rejection = json!({"approved": false, "by": "arn:bob", "reason": "too slow"});
    for (report, what) in [("verify", "only the canary was written"), ("roll-back", "every item of the canary")] {
        let mut data = after_canary(report);
        data["wave"]["approval"] = rejection.clone();
        let (error, cause) = decide_of(data);
        assert_eq!(error, "ApprovalRejected");
        assert!(cause.starts_with(&format!("arn:bob rejected the main wave: too slow; {what}")), "{cause}");
    }
    let mut data = reported(migrate(), "roll-back", "bad");
    data["wave"] = json!({"name": "main", "approval": rejection});
    assert_eq!(decide_of(data).0, "VerificationFailed", "some items could not be restored");
}
