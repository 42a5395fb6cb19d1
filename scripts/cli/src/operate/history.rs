//! `tableshift history`: the latest runs of a stage, or what was done to a table.

use super::stage::StageOptions;
use super::{OperateError, block_on};
use crate::output::CommandOutput;
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use tableshift_aws::ledger::runs::{Applied, RunRecord};
use tableshift_aws::session::executions::Summary;
use tableshift_aws::session::stage::DeployedStage;
use tableshift_core::approval::rules::{Requester, requester_arns};
use tableshift_core::plan::wave::{BAKING, Wave};
use tableshift_core::report::number_format::with_commas;

/// Lists the latest runs and who started them; with --table, also what is applied to the table
#[derive(Debug, Args)]
pub struct History {
    /// Lists only the runs of this table, and the migrations that are applied to it
    #[arg(long)]
    table: Option<String>,
    /// How many of the latest executions to search for runs
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i32).range(1..=1000))]
    last: i32,
    #[command(flatten)]
    stage: StageOptions,
}

/// The list. Its JSON is the output of `history --json`.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Listing {
    /// The migrations that are applied to the table; empty without `--table`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    applied: Vec<AppliedRow>,
    /// Runs, newest first.
    runs: Vec<RunRow>,
}

/// A migration that is applied to the table.
#[derive(Debug, PartialEq, Serialize)]
struct AppliedRow {
    migration: String,
    run: String,
    /// The ARNs of those who started or resumed that run; empty if they are not known.
    by: Vec<String>,
    at: String,
    changed: u64,
    verified: bool,
    hash: String,
}

/// A run.
#[derive(Debug, PartialEq, Serialize)]
struct RunRow {
    run: String,
    migration: String,
    table: String,
    /// `running` (with `canary` or `baking` for a run with a canary), `succeeded`, or the error that the run ended with.
    outcome: String,
    started: String,
    changed: Option<u64>,
    /// The ARNs of those who started or resumed the run; empty if they are not known.
    by: Vec<String>,
}

/// Reads the list from Step Functions and the ledger.
pub fn run(history: &History) -> Result<CommandOutput, OperateError> {
    block_on(async {
        let stage = history.stage.find().await?;
        let mut listing = Listing { applied: Vec::new(), runs: latest_runs(&stage, history.last).await? };
        if let Some(table) = &history.table {
            listing.applied = applied_to(&stage, table).await?;
            listing.runs.retain(|row| row.table == *table);
        }
        Ok(CommandOutput::success(if history.stage.json {
            serde_json::to_string_pretty(&listing).unwrap_or_default() + "\n"
        } else {
            as_text(&listing)
        }))
    })
}

/// The runs that the latest executions began. An execution that works on an earlier run has no record under its name.
async fn latest_runs(stage: &DeployedStage, executions: i32) -> Result<Vec<RunRow>, OperateError> {
    let mut rows = Vec::new();
    for Summary { run, started, .. } in stage.executions().latest(executions).await.map_err(OperateError::Call)? {
        let record = stage.clients.ledger().run(&run.name).await.map_err(OperateError::Ledger)?;
        rows.extend(record.map(|record| run_row(record, started)));
    }
    Ok(rows)
}

/// The migrations that are applied to a table. Who started their runs is in the records of the runs.
async fn applied_to(stage: &DeployedStage, table: &str) -> Result<Vec<AppliedRow>, OperateError> {
    let mut rows = Vec::new();
    for (migration, applied) in stage.clients.ledger().all_applied(table).await.map_err(OperateError::Ledger)? {
        let record = stage.clients.ledger().run(&applied.run).await.map_err(OperateError::Ledger)?;
        rows.push(applied_row(migration, applied, record.as_ref()));
    }
    Ok(rows)
}

fn applied_row(migration: String, applied: Applied, record: Option<&RunRecord>) -> AppliedRow {
    let Applied { run, hash, at, changed, verified, document: _ } = applied;
    let by = record.map(|record| known_arns(&record.requesters)).unwrap_or_default();
    AppliedRow { migration, run, by, at, changed, verified, hash }
}

fn run_row(record: RunRecord, started: i64) -> RunRow {
    let error = record.error.filter(|error| !error.is_empty());
    RunRow {
        run: record.run,
        migration: record.migration,
        table: record.table,
        outcome: error.unwrap_or_else(|| status_with_canary(record.status, &record.progress)),
        started: Timestamp::from_second(started).unwrap_or(Timestamp::MIN).to_string(),
        changed: record.counts.get("changed").copied(),
        by: known_arns(&record.requesters),
    }
}

/// The status of a run, with its progress while its canary is written or bakes.
fn status_with_canary(status: String, progress: &str) -> String {
    let in_canary = status == "running" && [Wave::Canary.progress(), BAKING].contains(&progress);
    if in_canary { format!("{status}, {progress}") } else { status }
}

/// The ARNs of the requesters that are known.
fn known_arns(requesters: &[Requester]) -> Vec<String> {
    requester_arns(requesters).into_iter().flatten().map(str::to_owned).collect()
}

fn by(arns: &[String]) -> String {
    if arns.is_empty() { "by unknown".into() } else { format!("by {}", arns.join(", ")) }
}

fn as_text(listing: &Listing) -> String {
    let applied = aligned(&listing.applied.iter().map(applied_cells).collect::<Vec<_>>());
    let runs = aligned(&listing.runs.iter().map(run_cells).collect::<Vec<_>>());
    match (applied.is_empty(), runs.is_empty()) {
        (true, true) => "no runs\n".into(),
        (true, false) => runs,
        (false, _) => format!("Applied\n{applied}\nRuns\n{runs}"),
    }
}

fn applied_cells(row: &AppliedRow) -> [String; 6] {
    let verified = if row.verified { "verified" } else { "not verified" };
    let changed = format!("{} changed", with_commas(row.changed));
    [row.at.clone(), row.migration.clone(), changed, verified.to_owned(), row.run.clone(), by(&row.by)]
}

fn run_cells(row: &RunRow) -> [String; 6] {
    let changed = row.changed.map(|changed| format!("{} changed", with_commas(changed))).unwrap_or_default();
    [row.started.clone(), row.run.clone(), row.table.clone(), row.outcome.clone(), changed, by(&row.by)]
}

/// The rows as lines, each column as wide as its widest cell.
fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; COLUMNS] = std::array::from_fn(width);
    let line = |row: &[String; COLUMNS]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tableshift_core::approval::identity::Identity;

    #[test]
    fn columns_are_aligned_and_a_failed_run_shows_its_error() {
        let record = |run: &str, error: Option<&str>, changed| RunRecord {
            run: run.into(),
            table: "people".into(),
            status: "failed".into(),
            error: error.map(Into::into),
            counts: std::collections::BTreeMap::from([("changed".into(), changed)]),
            requesters: vec![Requester::unknown("arn:e", "1970-01-01T00:00:00Z")],
            ..RunRecord::default()
        };
        let runs = vec![run_row(record("r-10", Some("LockHeld"), 0), 60), run_row(record("r-9", Some(""), 1500), 0)];
        let text = as_text(&Listing { applied: Vec::new(), runs });
        assert_eq!(
            text,
            "1970-01-01T00:01:00Z  r-10  people  LockHeld  0 changed      by unknown\n\
             1970-01-01T00:00:00Z  r-9   people  failed    1,500 changed  by unknown\n"
        );
        assert_eq!(as_text(&Listing::default()), "no runs\n");
    }

    #[test]
    fn a_running_canary_shows_its_progress() {
        assert_eq!(status_with_canary("running".into(), "canary"), "running, canary");
        assert_eq!(status_with_canary("running".into(), "baking"), "running, baking");
        assert_eq!(status_with_canary("running".into(), "writing"), "running");
        assert_eq!(status_with_canary("failed".into(), "baking"), "failed");
    }

    #[test]
    fn an_applied_migration_shows_who_started_its_run() {
        let identity = |name: &str| Identity { arn: format!("arn:{name}"), user_id: name.into(), account: "1".into() };
        let started = |name: &str| Requester {
            callers: vec![identity(name)],
            ..Requester::unknown("arn:e", "1970-01-01T00:00:00Z")
        };
        let record = RunRecord { requesters: vec![started("ann"), started("bob")], ..RunRecord::default() };
        let applied =
            || Applied { run: "r-1".into(), at: "1970-01-01T00:00:00Z".into(), verified: true, ..Applied::default() };
        let rows = vec![applied_row("a".into(), applied(), Some(&record)), applied_row("b".into(), applied(), None)];
        assert_eq!(
            as_text(&Listing { applied: rows, runs: Vec::new() }),
            "Applied\n\
             1970-01-01T00:00:00Z  a  0 changed  verified  r-1  by arn:ann, arn:bob\n\
             1970-01-01T00:00:00Z  b  0 changed  verified  r-1  by unknown\n\nRuns\n"
        );
    }
}
