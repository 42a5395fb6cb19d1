//! The plan of a run: every decision, made once, before anything is touched. Workers follow it.
//!
//! `runs/<run>/plan.json` holds it and never changes; its hash is what an approval is bound to.

use crate::approval::rules::ApprovalRules;
use crate::item::table::Table;
use crate::language::document::Document;
use crate::plan::canary::{Canary, CanaryError, CanaryPlan, Wave};
use crate::plan::estimate::Estimate;
use crate::plan::input::{Action, Input};
use crate::plan::monitors::Monitors;
use crate::plan::policy::{DryRunSource, OnBadVerdict, Policy};
use crate::plan::rate::Rate;
use crate::plan::segments;
use crate::plan::window::Window;
use serde::{Deserialize, Serialize};
use thiserror::Error;

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

/// How fast an execution works that takes a run up again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speed {
    /// The most segment workers at a time.
    pub max_concurrency: u32,
    /// The most write units a second, if it is not to be what it was.
    pub write_units_per_second: Option<u32>,
    /// The most read units a second, if it is not to be what it was.
    pub read_units_per_second: Option<u32>,
}

/// Which steps a run takes. The state machine routes by them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps {
    /// Make an on-demand backup.
    pub back_up: bool,
    /// Export the table to S3 for the dry run.
    pub export: bool,
    /// Rehearse.
    pub dry_run: bool,
    /// Ask a person.
    pub approve: bool,
    /// Write.
    pub migrate: bool,
    /// Verify.
    pub verify: bool,
    /// Put back an earlier run's items.
    pub roll_back: bool,
    /// Put everything back if the verification fails.
    pub roll_back_if_bad: bool,
}

/// Why a run cannot be planned.
#[derive(Debug, Error)]
pub enum PlanError {
    /// The table is being created, deleted or restored.
    #[error("table `{table}` is {status}, not ACTIVE; wait until it is")]
    NotActive {
        /// The table.
        table: String,
        /// Its status.
        status: String,
    },
    /// The policy demands what the table or the input does not give.
    #[error("{0}")]
    Policy(String),
    /// The estimate is over the input's budget.
    #[error("the run is estimated to cost ${estimate:.2}, over `budget_usd` {budget:.2}; raise it or leave it out")]
    Budget {
        /// The estimated cost, in US dollars.
        estimate: f64,
        /// The budget.
        budget: f64,
    },
}

/// What the plan of a new run is made from.
#[derive(Debug)]
pub struct Facts {
    /// The run's id.
    pub run: String,
    /// The stage.
    pub stage: String,
    /// The stack's bucket.
    pub bucket: String,
    /// The input.
    pub input: Input,
    /// The table.
    pub table: Table,
    /// The migration.
    pub migration: Document,
    /// The stage's policy.
    pub policy: Policy,
    /// When the lock was taken, in epoch milliseconds.
    pub locked_at: i64,
}

impl RunPlan {
    /// Plans a new run, or says why the policy or the table forbids it.
    pub fn of(facts: Facts) -> Result<Self, PlanError> {
        let Facts { run, stage, bucket, input, table, migration, policy, locked_at } = facts;
        check_table(&table, &policy)?;
        let max_concurrency = tighten("max_concurrency", input.max_concurrency, Some(policy.max_concurrency))?;
        let segments = segment_count(&input, &table, &policy, max_concurrency)?;
        let canary = canary(&input, &policy, segments)?;
        let estimate = Estimate::of(&table);
        check_budget(&estimate, input.budget_usd)?;
        let on_bad_verdict = input.on_bad_verdict.unwrap_or(policy.on_bad_verdict);
        let monitors = input.monitors();
        let mut steps = Steps::of(input.action, &policy, on_bad_verdict);
        // An export holds the whole table; the dry run of dead letters reads them from the table itself.
        steps.export &= input.dead_letters_of.is_none();
        // What is not verified is no canary.
        steps.verify |= canary.is_some();
        Ok(Self {
            run,
            action: input.action,
            stage,
            bucket,
            migration_hash: migration.hash(),
            migration_key: input.migration.as_ref().and_then(|id| id.as_str()).map(crate::plan::keys::migration),
            migration,
            steps,
            segments,
            canary,
            max_concurrency: max_concurrency.unwrap_or(1),
            write_units_per_second: rate(
                "write_units_per_second",
                input.write_units_per_second,
                policy.write_units_per_second,
                table.write_limit,
            )?,
            read_units_per_second: rate(
                "read_units_per_second",
                input.read_units_per_second,
                policy.read_units_per_second,
                table.read_limit,
            )?,
            dead_letters_of: input.dead_letters_of,
            monitors,
            window: input.window,
            on_bad_verdict,
            estimate,
            invalid_items: policy.invalid_items.max((table.items as f64 * policy.invalid_percent / 100.0) as u64),
            approval: policy.approval,
            approval_timeout_seconds: policy.approval_timeout_seconds,
            lease_seconds: policy.lease_seconds,
            locked_at,
            table,
        })
    }

    /// At what speed an execution that takes the run up again works, where its input says so.
    pub fn speed(&self, input: &Input, policy: &Policy) -> Result<Speed, PlanError> {
        let units = |field, asked: &Option<Rate>, allowed: &Option<Rate>, limit| match asked {
            None => Ok(None),
            asked => rate(field, asked.clone(), allowed.clone(), limit),
        };
        let most = tighten("max_concurrency", input.max_concurrency, Some(policy.max_concurrency))?;
        let (write, read) = (&input.write_units_per_second, &input.read_units_per_second);
        Ok(Speed {
            max_concurrency: input.max_concurrency.and(most).unwrap_or(self.max_concurrency),
            write_units_per_second: units(
                "write_units_per_second",
                write,
                &policy.write_units_per_second,
                self.table.write_limit,
            )?,
            read_units_per_second: units(
                "read_units_per_second",
                read,
                &policy.read_units_per_second,
                self.table.read_limit,
            )?,
        })
    }

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
        let is_rest = self.canary.is_some() && Wave::Main.is_begun(progress);
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
        crate::item::hash::of_json(self)
    }
}

impl Steps {
    /// The steps of a new run.
    pub fn of(action: Action, policy: &Policy, on_bad_verdict: OnBadVerdict) -> Self {
        let export = policy.dry_run_source == DryRunSource::Export;
        match action {
            Action::Migrate | Action::Resume => Self {
                back_up: policy.back_up,
                export,
                dry_run: true,
                approve: policy.approve,
                migrate: true,
                verify: policy.verify,
                roll_back: false,
                roll_back_if_bad: on_bad_verdict == OnBadVerdict::RollBack,
            },
            Action::DryRun => Self { export, dry_run: true, ..Self::default() },
            Action::Verify => Self { verify: true, ..Self::default() },
            Action::RollBack => Self { roll_back: true, ..Self::default() },
        }
    }

    /// The steps that are left for a run whose writing had begun: what came before it is done and approved.
    pub fn from_writing_on(self) -> Self {
        Self { back_up: false, export: false, dry_run: false, approve: false, ..self }
    }
}

fn check_table(table: &Table, policy: &Policy) -> Result<(), PlanError> {
    if table.status != "ACTIVE" {
        return Err(PlanError::NotActive { table: table.name.clone(), status: table.status.clone() });
    }
    let exports = policy.dry_run_source == DryRunSource::Export;
    if (policy.point_in_time_recovery || exports) && !table.point_in_time_recovery {
        return Err(PlanError::Policy(format!(
            "table `{}` has no point-in-time recovery, which this stage's policy demands; switch it on with \
             `aws dynamodb update-continuous-backups --table-name {} \
             --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`",
            table.name, table.name
        )));
    }
    Ok(())
}

/// A rate in units a second, tightened as [`tighten`] does.
fn rate(field: &str, asked: Option<Rate>, allowed: Option<Rate>, limit: Option<u64>) -> Result<Option<u32>, PlanError> {
    let units = |rate: Option<Rate>| rate.map(|rate| rate.of_limit(limit)).transpose();
    let units = |rate| units(rate).map_err(|error| PlanError::Policy(format!("`{field}` {error}")));
    tighten(field, units(asked)?, units(allowed)?)
}

/// The input's value where it is at most the policy's; the policy's where the input has none.
fn tighten(field: &str, asked: Option<u32>, allowed: Option<u32>) -> Result<Option<u32>, PlanError> {
    match (asked, allowed) {
        (Some(asked), Some(allowed)) if asked > allowed => Err(PlanError::Policy(format!(
            "`{field}` is {asked}, over the {allowed} that this stage's policy allows; an input may tighten a policy, \
             never loosen it"
        ))),
        (Some(asked), _) => Ok(Some(asked)),
        (None, allowed) => Ok(allowed),
    }
}

fn segment_count(input: &Input, table: &Table, policy: &Policy, workers: Option<u32>) -> Result<u32, PlanError> {
    // Dead letters are few: one worker takes them all.
    if input.dead_letters_of.is_some() {
        return Ok(1);
    }
    let canaries = [&input.canary, &policy.canary].into_iter().flatten();
    let least = canaries.map(Canary::least_segments).max().unwrap_or(1);
    match tighten("segments", input.segments, Some(policy.max_segments))? {
        Some(asked) if input.segments.is_some() => Ok(asked),
        _ => Ok(segments::count(table.items, table.bytes, workers.unwrap_or(1)).max(least).min(policy.max_segments)),
    }
}

/// What goes first in a run that writes. Dead letters are a few items in one segment: they have no part.
fn canary(input: &Input, policy: &Policy, segments: u32) -> Result<Option<CanaryPlan>, PlanError> {
    if input.action != Action::Migrate || input.dead_letters_of.is_some() {
        return Ok(None);
    }
    let wanted = CanaryPlan::of(input.canary.as_ref(), policy.canary.as_ref(), segments);
    wanted.map_err(|error: CanaryError| PlanError::Policy(format!("`{}` {error}", error.field())))
}

fn check_budget(estimate: &Estimate, budget: Option<f64>) -> Result<(), PlanError> {
    match budget {
        Some(budget) if estimate.cost_usd > budget => Err(PlanError::Budget { estimate: estimate.cost_usd, budget }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
