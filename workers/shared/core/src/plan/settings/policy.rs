//! A stage's policy: the rules for every run on the stage. An input may tighten them, but not loosen them.

use crate::approval::rules::ApprovalRules;
use crate::plan::canary::Canary;
use crate::plan::settings::rate::Rate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The policy of a stage, from `infra/stages/<stage>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Whether the table must have point-in-time recovery.
    pub point_in_time_recovery: bool,
    /// Whether a run makes an on-demand backup before it writes.
    pub back_up: bool,
    /// What the dry run reads.
    pub dry_run_source: DryRunSource,
    /// Whether a run needs an approval before its first write.
    pub approve: bool,
    /// Who may approve.
    #[serde(default)]
    pub approval: ApprovalRules,
    /// The canary of every run that writes, unless its input asks for a more careful one; `None` if no canary is required.
    #[serde(default)]
    pub canary: Option<Canary>,
    /// Whether a run is verified after its last write.
    pub verify: bool,
    /// How long a request for approval stays open, in seconds.
    pub approval_timeout_seconds: u64,
    /// What a run does if its verification fails, unless the input says otherwise.
    pub on_bad_verdict: OnBadVerdict,
    /// The most segment workers that run at a time.
    pub max_concurrency: u32,
    /// The most segments of a run.
    pub max_segments: u32,
    /// The most write units per second that a run may consume, all workers together; `None` means no limit.
    pub write_units_per_second: Option<Rate>,
    /// The most read units per second that a run may consume, all workers together; `None` means no limit.
    pub read_units_per_second: Option<Rate>,
    /// The number of invalid items that a run tolerates.
    pub invalid_items: u64,
    /// The tolerated invalid items in percent of the table's items. The larger of both limits applies.
    #[serde(default)]
    pub invalid_percent: f64,
    /// How long a lock lasts without renewal, in seconds.
    pub lease_seconds: u64,
}

/// The longest delay of CloudTrail's records that a policy may assume, in seconds: one day. CloudTrail delivers within about
/// 5 minutes on average. Source: CloudTrail user guide, *How CloudTrail works*.
const MOST_RECORD_DELAY_SECONDS: u64 = 86_400;

/// A field of the policy has a value that no run could work with.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{field}` is {value}, but {rule}; correct it in infra/stages/<stage>.json and deploy the stage again")]
pub struct PolicyError {
    /// The path of the field.
    pub field: &'static str,
    /// Its value.
    pub value: u64,
    /// Which values are allowed.
    pub rule: String,
}

impl Policy {
    /// Checks the values that the types do not restrict.
    pub fn check(&self) -> Result<(), PolicyError> {
        let ApprovalRules { record_delay_seconds: delay, max_age_seconds: age, .. } = self.approval;
        if delay > MOST_RECORD_DELAY_SECONDS {
            let rule = format!("at most {MOST_RECORD_DELAY_SECONDS}, one day, is allowed");
            return Err(PolicyError { field: "approval.record_delay_seconds", value: delay, rule });
        }
        // An approval has to be still valid when it can be decided.
        if age <= delay {
            let rule = format!("it must be more than `approval.record_delay_seconds`, which is {delay}");
            return Err(PolicyError { field: "approval.max_age_seconds", value: age, rule });
        }
        Ok(())
    }
}

/// What the dry run reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DryRunSource {
    /// A point-in-time export in S3: no read units, no load on the table.
    Export,
    /// The table itself, by Scan.
    Scan,
}

/// What a run does whose verification fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnBadVerdict {
    /// Leaves the items as they are, so that a person can look.
    Hold,
    /// Rolls the run back.
    RollBack,
}
