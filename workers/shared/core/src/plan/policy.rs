//! A stage's policy: what every run on it must do, which an input may tighten and never loosen.

use crate::approval::rules::ApprovalRules;
use crate::plan::canary::Canary;
use crate::plan::rate::Rate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The policy of a stage, from `infra/stages/<stage>.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Whether the table must have point-in-time recovery on.
    pub point_in_time_recovery: bool,
    /// Whether a run makes an on-demand backup first.
    pub back_up: bool,
    /// What the dry run reads.
    pub dry_run_source: DryRunSource,
    /// Whether a person must say yes before the first write.
    pub approve: bool,
    /// Whose yes counts.
    #[serde(default)]
    pub approval: ApprovalRules,
    /// The canary of every run that writes, unless its input asks for a more careful one; none if a run needs none.
    #[serde(default)]
    pub canary: Option<Canary>,
    /// Whether a run is verified after its last write.
    pub verify: bool,
    /// How long a request for approval stays open, in seconds.
    pub approval_timeout_seconds: u64,
    /// What a run does whose verification fails, unless the input says.
    pub on_bad_verdict: OnBadVerdict,
    /// The most segment workers at a time.
    pub max_concurrency: u32,
    /// The most segments a run is cut into.
    pub max_segments: u32,
    /// The most write units a second that a run may consume, all workers together; none means no limit.
    pub write_units_per_second: Option<Rate>,
    /// The most read units a second that a run may consume, all workers together; none means no limit.
    pub read_units_per_second: Option<Rate>,
    /// How many invalid items a run tolerates.
    pub invalid_items: u64,
    /// How many it tolerates in percent of the table's items, if that is more.
    #[serde(default)]
    pub invalid_percent: f64,
    /// How long a lock lasts without being renewed, in seconds.
    pub lease_seconds: u64,
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
    /// Stops as it is, for a person to look.
    Hold,
    /// Puts every item back.
    RollBack,
}
