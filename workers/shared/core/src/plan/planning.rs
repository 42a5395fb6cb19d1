//! Planning: makes a plan from input, policy and table, or says why that is not possible.

use crate::item::table::Table;
use crate::language::document::Document;
use crate::plan::canary::{Canary, CanaryError, CanaryPlan};
use crate::plan::estimate::Estimate;
use crate::plan::keys;
use crate::plan::run_plan::RunPlan;
use crate::plan::segments;
use crate::plan::settings::input::{Action, Input};
use crate::plan::settings::policy::{DryRunSource, Policy};
use crate::plan::settings::rate::Rate;
use crate::plan::steps::Steps;
use thiserror::Error;

/// Why a run cannot be planned.
#[derive(Debug, Error)]
pub enum PlanError {
    /// The table is being created, updated, deleted or restored.
    #[error("table `{table}` is {status}, not ACTIVE; wait until it is ACTIVE")]
    NotActive {
        /// The table's name.
        table: String,
        /// Its TableStatus.
        status: String,
    },
    /// The table or the input does not meet the stage's policy. The string says why and what to do.
    #[error("{0}")]
    Policy(String),
    /// The estimate is over the input's budget.
    #[error("the run is estimated to cost ${estimate:.2}, over `budget_usd` {budget:.2}; raise it or leave it out")]
    Budget {
        /// The estimated cost, in US dollars.
        estimate: f64,
        /// The input's budget, in US dollars.
        budget: f64,
    },
}

/// Everything that the plan of a new run is made from.
#[derive(Debug)]
pub struct Facts {
    /// The run's id: the name of the execution.
    pub run: String,
    /// The stage's name.
    pub stage: String,
    /// The stack's bucket.
    pub bucket: String,
    /// The execution's input, already checked.
    pub input: Input,
    /// The table as DescribeTable returned it.
    pub table: Table,
    /// The migration document.
    pub migration: Document,
    /// The stage's policy.
    pub policy: Policy,
    /// When the lock was taken, in epoch milliseconds.
    pub locked_at: i64,
}

/// The limits of an execution that resumes a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Speed {
    /// The most segment workers that run at a time.
    pub max_concurrency: u32,
    /// The new limit of write units per second; `None` keeps the plan's.
    pub write_units_per_second: Option<u32>,
    /// The new limit of read units per second; `None` keeps the plan's.
    pub read_units_per_second: Option<u32>,
}

/// The highest rates that a policy allows for a table, in units per second; `None` for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AllowedRates {
    /// Write units of the whole run.
    pub write_units_per_second: Option<u32>,
    /// Read units of the whole run.
    pub read_units_per_second: Option<u32>,
}

impl RunPlan {
    /// Plans a new run. Fails if the policy, the table or the budget does not allow it.
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
        // A canary is useless if it is not verified.
        steps.verify |= canary.is_some();
        Ok(Self {
            run,
            action: input.action,
            stage,
            bucket,
            migration_hash: migration.hash(),
            migration_key: input.migration.as_ref().and_then(|id| id.as_str()).map(keys::migration),
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

    /// The highest rates that the stage's policy allows for this run, which an operator cannot exceed.
    pub fn allowed_rates(&self, policy: &Policy) -> Result<AllowedRates, PlanError> {
        let (write, read) = (policy.write_units_per_second.clone(), policy.read_units_per_second.clone());
        Ok(AllowedRates {
            write_units_per_second: rate("write_units_per_second", None, write, self.table.write_limit)?,
            read_units_per_second: rate("read_units_per_second", None, read, self.table.read_limit)?,
        })
    }

    /// The limits of an execution that resumes this run, from its input. The stage's policy still applies.
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
}

fn check_table(table: &Table, policy: &Policy) -> Result<(), PlanError> {
    if table.status != "ACTIVE" {
        return Err(PlanError::NotActive { table: table.name.clone(), status: table.status.clone() });
    }
    let exports = policy.dry_run_source == DryRunSource::Export;
    if (policy.point_in_time_recovery || exports) && !table.point_in_time_recovery {
        return Err(PlanError::Policy(format!(
            "table `{}` has no point-in-time recovery, which this stage's policy requires; switch it on with \
             `aws dynamodb update-continuous-backups --table-name {} \
             --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`",
            table.name, table.name
        )));
    }
    Ok(())
}

/// A rate in units per second, restricted as in [`tighten`].
fn rate(field: &str, asked: Option<Rate>, allowed: Option<Rate>, limit: Option<u64>) -> Result<Option<u32>, PlanError> {
    let units = |rate: Option<Rate>| rate.map(|rate| rate.of_limit(limit)).transpose();
    let units = |rate| units(rate).map_err(|error| PlanError::Policy(format!("`{field}` {error}")));
    tighten(field, units(asked)?, units(allowed)?)
}

/// The input's value if the policy allows it; the policy's value if the input has none.
fn tighten(field: &str, asked: Option<u32>, allowed: Option<u32>) -> Result<Option<u32>, PlanError> {
    match (asked, allowed) {
        (Some(asked), Some(allowed)) if asked > allowed => Err(PlanError::Policy(format!(
            "`{field}` is {asked}, but this stage's policy allows at most {allowed}; an input may tighten a policy, not \
             loosen it"
        ))),
        (Some(asked), _) => Ok(Some(asked)),
        (None, allowed) => Ok(allowed),
    }
}

fn segment_count(input: &Input, table: &Table, policy: &Policy, workers: Option<u32>) -> Result<u32, PlanError> {
    // There are few dead letters: one worker processes all of them.
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

/// The canary of a run that writes. A run over dead letters has one segment, and so no canary.
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
