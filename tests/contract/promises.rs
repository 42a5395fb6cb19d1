//! The output of each Task's worker: the fields that the state machine reads.
//!
//! The paths test follows these fields through the definition. A change of a worker's Output needs a change here too.

use serde_json::{Value, json};

/// The output of the Task with this name; `None` for a Task whose output no state may read.
pub fn answer_of(state: &str) -> Option<Value> {
    let answer = match state {
        "Plan" => plan(),
        "BackUp" => json!({ "arn": "", "status": "" }),
        "Export" => json!({ "arn": "", "status": "", "files": 0, "items": 0 }),
        "ReportDryRun" | "ReportMigrate" | "ReportVerify" | "ReportRollBack" => {
            json!({ "verdict": "", "reasons": [], "phase": "", "wave": "", "key": "", "hash": "" })
        }
        // The person who answers an approval request chooses the content: only the answer's existence is certain.
        "RequestApproval" => json!(null),
        "JudgeApproval" => json!({ "approved": true, "by": "", "wait_seconds": 0 }),
        "AwaitWindow"
        | "Bake"
        | "BeginRollBack"
        | "DryRunPartAnnounceHold"
        | "MigrateSegmentAnnounceHold"
        | "VerifySegmentAnnounceHold"
        | "RollBackSegmentAnnounceHold" => {
            json!({ "open": true, "until": "", "reason": "", "epoch": 1 })
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
        // An element has `segment` or `file`, depending on the source of the dry run: only `part` is certain.
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
