//! What the worker behind each Task promises to answer, as far as the state machine reads it.
//!
//! The paths test follows these through the definition. Who changes a worker's Output changes it here as well.

use serde_json::{Value, json};

/// The answer of the Task of this name; `None` for a Task whose answer nothing may be read from.
pub fn answer_of(state: &str) -> Option<Value> {
    let answer = match state {
        "Plan" => plan(),
        "BackUp" => json!({ "arn": "", "status": "" }),
        "Export" => json!({ "arn": "", "status": "", "files": 0, "items": 0 }),
        "ReportDryRun" | "ReportMigrate" | "ReportVerify" | "ReportRollBack" => {
            json!({ "verdict": "", "reasons": [], "phase": "", "wave": "", "key": "", "hash": "" })
        }
        // Whoever answers an approval chooses what is in it: only that there is an answer is certain.
        "RequestApproval" => json!(null),
        "JudgeApproval" => json!({ "approved": true, "by": "", "wait_seconds": 0 }),
        "AwaitWindow"
        | "Bake"
        | "DryRunPartAnnounceHold"
        | "MigrateSegmentAnnounceHold"
        | "VerifySegmentAnnounceHold"
        | "RollBackSegmentAnnounceHold" => {
            json!({ "open": true, "until": "", "reason": "" })
        }
        "Conclude" => json!({ "outcome": "", "error": "", "cause": "" }),
        "DryRunPart" | "MigrateSegment" | "VerifySegment" | "RollBackSegment" => {
            json!({ "done": true, "wait_seconds": 0, "announce_hold": true })
        }
        _ => return None,
    };
    Some(answer)
}

/// One element of the list that a Map reads, by the path of the list's key.
pub fn element_of(key_path: &str) -> Option<Value> {
    match key_path {
        // The canary's list and the list of all segments have the same elements.
        "$.segments_key" | "$.wave.segments_key" => Some(json!({ "segment": 0 })),
        // An element has `segment` or `file`, as the stage does a dry run: only `part` is certain.
        "$.dry_run_key" => Some(json!({ "part": "" })),
        _ => None,
    }
}

fn plan() -> Value {
    json!({
        "run": "", "epoch": 1, "action": "", "table": "", "migration": "", "bucket": "",
        "steps": {
            "back_up": true, "export": true, "dry_run": true, "approve": true,
            "migrate": true, "verify": true, "roll_back": true, "roll_back_if_bad": true,
        },
        "segments_key": "", "wave": { "name": "", "segments_key": "" }, "canary": { "approve": true },
        "dry_run_key": "", "results_prefix": "",
        "max_concurrency": 1, "approval_timeout_seconds": 1, "settle_seconds": 0,
        "backup": { "arn": null, "status": "" },
        "export": { "arn": null, "status": "" },
    })
}
