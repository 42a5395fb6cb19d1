//! The plan of a run: every decision, made once, before anything is touched. Workers follow it.
//!
//! `runs/<run>/plan.json` holds it and never changes; its hash is what an approval is bound to.

use crate::approval::rules::ApprovalRules;
use crate::item::hash;
use crate::item::table::Table;
use crate::language::document::Document;
use crate::plan::canary::CanaryPlan;
use crate::plan::estimate::Estimate;
use crate::plan::input::Action;
use crate::plan::monitors::Monitors;
use crate::plan::policy::OnBadVerdict;
use crate::plan::segments;
use crate::plan::steps::Steps;
use crate::plan::wave::Wave;
use crate::plan::window::Window;
use serde::{Deserialize, Serialize};

/// A run's plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunPlan {
    /// The run's id: the name of the execution that began it.
    pub run: String,
    /// What was asked for.
    pub action: Action,
    /// The stage.
    pub stage: String,
    /// The stack's bucket.
    pub bucket: String,
    /// The table as it was described.
    pub table: Table,
    /// The migration, whole.
    pub migration: Document,
    /// The migration's content hash.
    pub migration_hash: String,
    /// Where the migration was read from; none if the input held it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration_key: Option<String>,
    /// Which steps the run takes.
    pub steps: Steps,
    /// Into how many segments the table is cut. It never changes: cursors are only good for it.
    pub segments: u32,
    /// What goes first, if not everything goes at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<CanaryPlan>,
    /// The most segment workers at a time.
    pub max_concurrency: u32,
    /// The most write units a second, all workers together.
    pub write_units_per_second: Option<u32>,
    /// The most read units a second, all workers together.
    pub read_units_per_second: Option<u32>,
    /// The earlier run whose dead letters alone this run takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letters_of: Option<String>,
    /// When the run may write.
    pub window: Option<Window>,
    /// The calendars and alarms that are looked at while it writes.
    #[serde(default, skip_serializing_if = "Monitors::is_empty")]
    pub monitors: Monitors,
    /// What to do if the verification fails.
    pub on_bad_verdict: OnBadVerdict,
    /// What the run is expected to take, from the table's size.
    pub estimate: Estimate,
    /// How many invalid items a dry run tolerates.
    pub invalid_items: u64,
    /// Whose yes counts, where a person is asked.
    #[serde(default)]
    pub approval: ApprovalRules,
    /// How long a request for approval stays open, in seconds.
    pub approval_timeout_seconds: u64,
    /// How long the lock lasts without being renewed, in seconds.
    pub lease_seconds: u64,
    /// When the lock was taken, in epoch milliseconds: the export is not older, and times to live are judged by it.
    pub locked_at: i64,
}

impl RunPlan {
    /// How many segments a wave has.
    pub fn segments_of(&self, wave: Wave) -> u32 {
        match (wave, &self.canary) {
            (Wave::Canary, Some(canary)) => canary.segments,
            _ => self.segments,
        }
    }

    /// The segments of a wave, in the order in which they are worked on: a canary is so many of the first.
    pub fn segments_in_order(&self, wave: Wave) -> Vec<u32> {
        let mut order = segments::order(self.segments, &self.run);
        order.truncate(usize::try_from(self.segments_of(wave)).unwrap_or(usize::MAX));
        order
    }

    /// Whose turn it is first.
    pub fn first_wave(&self) -> Wave {
        if self.canary.is_some() { Wave::Canary } else { Wave::Whole }
    }

    /// Whose turn it is in a run that is in this phase, as its record in the ledger has it.
    pub fn wave_in(&self, progress: &str) -> Wave {
        let is_rest = self.canary.is_some() && Wave::Main.has_started(progress);
        if is_rest { Wave::Main } else { self.first_wave() }
    }

    /// Whether a person must have said yes before anything is written in this wave.
    pub fn asks_before(&self, wave: Wave) -> bool {
        match wave {
            Wave::Whole | Wave::Canary => self.steps.approve,
            Wave::Main => self.canary.is_some_and(|canary| canary.approve),
        }
    }

    /// How many segment workers are at work at a time.
    pub fn workers(&self) -> u32 {
        self.max_concurrency.min(self.segments).max(1)
    }

    /// The hash that an approval is bound to.
    pub fn hash(&self) -> String {
        hash::of_json(self)
    }
}
