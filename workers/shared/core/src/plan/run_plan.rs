//! The plan of a run: every decision that is made once, before the run touches anything. All workers follow it.
//!
//! The plan is stored in `runs/<run>/plan.json` and never changes. An approval is bound to its hash.

use crate::approval::rules::ApprovalRules;
use crate::item::hash;
use crate::item::table::Table;
use crate::language::document::Document;
use crate::plan::canary::CanaryPlan;
use crate::plan::estimate::Estimate;
use crate::plan::segments;
use crate::plan::settings::input::Action;
use crate::plan::settings::monitors::Monitors;
use crate::plan::settings::policy::OnBadVerdict;
use crate::plan::steps::Steps;
use crate::plan::wave::Wave;
use crate::plan::window::Window;
use serde::{Deserialize, Serialize};

/// A run's plan. [`planning`](crate::plan::planning) makes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunPlan {
    /// The run's id: the name of the execution that started it.
    pub run: String,
    /// The action in the input.
    pub action: Action,
    /// The stage's name.
    pub stage: String,
    /// The stack's bucket.
    pub bucket: String,
    /// The table as DescribeTable returned it when the run was planned.
    pub table: Table,
    /// The whole migration document.
    pub migration: Document,
    /// The SHA-256 of the migration's content.
    pub migration_hash: String,
    /// The key of the object with the migration; `None` if the input contained the document.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration_key: Option<String>,
    /// The steps that the run takes.
    pub steps: Steps,
    /// The number of segments. It cannot change during a run: a cursor is only valid for the number it was made with.
    pub segments: u32,
    /// The canary, if the run has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanaryPlan>,
    /// The most segment workers that run at a time.
    pub max_concurrency: u32,
    /// The most write units per second, all workers together.
    pub write_units_per_second: Option<u32>,
    /// The most read units per second, all workers together.
    pub read_units_per_second: Option<u32>,
    /// The earlier run whose dead letters this run works on, instead of the whole table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letters_of: Option<String>,
    /// When the run may write; `None` means any time.
    pub window: Option<Window>,
    /// The calendars and alarms that the run watches while it writes.
    #[serde(default, skip_serializing_if = "Monitors::is_empty")]
    pub monitors: Monitors,
    /// What to do if the verification fails.
    pub on_bad_verdict: OnBadVerdict,
    /// What the run is expected to consume, from the table's size.
    pub estimate: Estimate,
    /// The number of invalid items that the run tolerates.
    pub invalid_items: u64,
    /// Who may approve the run, where it needs an approval.
    #[serde(default)]
    pub approval: ApprovalRules,
    /// How long a request for approval stays open, in seconds.
    pub approval_timeout_seconds: u64,
    /// How long the lock lasts without renewal, in seconds.
    pub lease_seconds: u64,
    /// When the lock was taken, in epoch milliseconds. The export must not be older, and times to live are compared with
    /// this time.
    pub locked_at: i64,
}

impl RunPlan {
    /// The number of segments in a wave.
    pub fn segments_of(&self, wave: Wave) -> u32 {
        match (wave, &self.canary) {
            (Wave::Canary, Some(canary)) => canary.segments,
            _ => self.segments,
        }
    }

    /// The segments of a wave in the order in which workers start on them. The canary consists of the first ones.
    pub fn segments_in_order(&self, wave: Wave) -> Vec<u32> {
        let mut order = segments::order(self.segments, &self.run);
        order.truncate(usize::try_from(self.segments_of(wave)).unwrap_or(usize::MAX));
        order
    }

    /// The run's first wave.
    pub fn first_wave(&self) -> Wave {
        if self.canary.is_some() { Wave::Canary } else { Wave::Whole }
    }

    /// The wave of a run with this `progress` in its ledger record.
    pub fn wave_in(&self, progress: &str) -> Wave {
        let is_main = self.canary.is_some() && Wave::Main.has_started(progress);
        if is_main { Wave::Main } else { self.first_wave() }
    }

    /// Whether this wave needs an approval before it writes.
    pub fn asks_before(&self, wave: Wave) -> bool {
        match wave {
            Wave::Whole | Wave::Canary => self.steps.approve,
            Wave::Main => self.canary.is_some_and(|canary| canary.approve),
        }
    }

    /// The number of segment workers that run at a time.
    pub fn workers(&self) -> u32 {
        self.max_concurrency.min(self.segments).max(1)
    }

    /// The SHA-256 of the plan. An approval is bound to it.
    pub fn hash(&self) -> String {
        hash::of_json(self)
    }
}
