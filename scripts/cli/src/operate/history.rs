//! `tableshift history`: the latest runs of a stage, or what was done to a table.

use super::stage::Target;
use super::view::grouped;
use super::{OperateError, block_on};
use crate::ending::{Ending, Told};
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use tableshift_aws::ledger_runs::{Applied, RunRecord, Runs as _};
use tableshift_aws::operate::{DeployedStage, Progressing as _, Summary};

/// Lists the latest runs of the stage; with --table, the migrations that are applied to it, and its runs
#[derive(Debug, Args)]
pub struct History {
    /// Only this table
    #[arg(long)]
    table: Option<String>,
    /// How many executions to look through, at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i32).range(1..=1000))]
    last: i32,
    #[command(flatten)]
    target: Target,
}

/// What is listed.
#[derive(Debug, Default, PartialEq, Serialize)]
struct Listed {
    /// The migrations that are applied to the table.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    applied: Vec<AppliedRow>,
    /// Runs, newest first.
    runs: Vec<RunRow>,
}

#[derive(Debug, PartialEq, Serialize)]
struct AppliedRow {
    migration: String,
    run: String,
    at: String,
    changed: u64,
    verified: bool,
    hash: String,
}

#[derive(Debug, PartialEq, Serialize)]
struct RunRow {
    run: String,
    migration: String,
    table: String,
    /// `running`, `succeeded`, or the error that it ended with.
    outcome: String,
    started: String,
    changed: Option<u64>,
}

/// Lists.
pub fn run(history: &History) -> Result<Told, OperateError> {
    block_on(async {
        let stage = history.target.find().await?;
        let applied = match &history.table {
            Some(table) => stage.clients.ledger().all_applied(table).await.map_err(OperateError::Ledger)?,
            None => Vec::new(),
        };
        let latest = stage.executions().latest(history.last).await.map_err(OperateError::Call)?;
        let runs = runs(&stage, latest).await?;
        let of_table = |row: &RunRow| history.table.as_ref().is_none_or(|table| *table == row.table);
        let listed = Listed {
            applied: applied.into_iter().map(|(id, applied)| applied_row(id, applied)).collect(),
            runs: runs.into_iter().filter(of_table).collect(),
        };
        let text = match history.target.json {
            true => serde_json::to_string_pretty(&listed).unwrap_or_default() + "\n",
            false => prose(&listed),
        };
        Ok(Told { text, ending: Ending::Fine })
    })
}

/// The runs that these executions began. One that only took up an earlier run is told by that run's record.
async fn runs(stage: &DeployedStage, latest: Vec<Summary>) -> Result<Vec<RunRow>, OperateError> {
    let mut rows = Vec::new();
    for summary in latest {
        let record = stage.clients.ledger().run(&summary.run.name).await.map_err(OperateError::Ledger)?;
        rows.extend(record.map(|record| run_row(record, summary.started)));
    }
    Ok(rows)
}

fn applied_row(migration: String, applied: Applied) -> AppliedRow {
    let Applied { run, hash, at, changed, verified, document: _ } = applied;
    AppliedRow { migration, run, at, changed, verified, hash }
}

fn run_row(record: RunRecord, started: i64) -> RunRow {
    let error = record.error.filter(|error| !error.is_empty());
    RunRow {
        run: record.run,
        migration: record.migration,
        table: record.table,
        outcome: error.unwrap_or(record.status),
        started: Timestamp::from_second(started).unwrap_or(Timestamp::MIN).to_string(),
        changed: record.counts.get("changed").copied(),
    }
}

fn prose(listed: &Listed) -> String {
    let applied = listed.applied.iter().map(|row| {
        let proof = if row.verified { "verified" } else { "not verified" };
        vec![
            row.at.clone(),
            row.migration.clone(),
            format!("{} changed", grouped(row.changed)),
            proof.into(),
            row.run.clone(),
        ]
    });
    let runs = listed.runs.iter().map(|row| {
        let changed = row.changed.map(|changed| format!("{} changed", grouped(changed))).unwrap_or_default();
        vec![row.started.clone(), row.run.clone(), row.table.clone(), row.outcome.clone(), changed]
    });
    let (applied, runs) = (aligned(applied.collect()), aligned(runs.collect()));
    match (applied.is_empty(), runs.is_empty()) {
        (true, true) => "no runs\n".into(),
        (true, false) => runs,
        (false, _) => format!("Applied\n{applied}\nRuns\n{runs}"),
    }
}

/// Columns as wide as their widest cell.
fn aligned(rows: Vec<Vec<String>>) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> =
        (0..columns).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_aligned_and_an_error_stands_in_for_the_outcome() {
        let record = |run: &str, error: Option<&str>, changed| RunRecord {
            run: run.into(),
            table: "people".into(),
            status: "failed".into(),
            error: error.map(Into::into),
            counts: std::collections::BTreeMap::from([("changed".into(), changed)]),
            ..RunRecord::default()
        };
        let runs = vec![run_row(record("r-10", Some("LockHeld"), 0), 60), run_row(record("r-9", Some(""), 1500), 0)];
        let text = prose(&Listed { applied: Vec::new(), runs });
        assert_eq!(
            text,
            "1970-01-01T00:01:00Z  r-10  people  LockHeld  0 changed\n\
             1970-01-01T00:00:00Z  r-9   people  failed    1,500 changed\n"
        );
        assert_eq!(prose(&Listed::default()), "no runs\n");
    }
}
