//! `tableshift history`: the latest runs of a stage, or what was done to a table.

use super::stage::Target;
use super::{OperateError, block_on};
use crate::ending::{Ending, Told};
use clap::Args;
use jiff::Timestamp;
use serde::Serialize;
use tableshift_aws::ledger::runs::{Applied, RunRecord};
use tableshift_aws::session::executions::Summary;
use tableshift_aws::session::stage::DeployedStage;
use tableshift_core::approval::rules::Requester;
use tableshift_core::plan::wave::{BAKING, Wave};
use tableshift_core::report::number_format::with_commas;

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
    /// The ARNs of who started or resumed that run, as far as they are known.
    by: Vec<String>,
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
    /// `running` (of a canary: with `canary` or `baking`), `succeeded`, or the error that it ended with.
    outcome: String,
    started: String,
    changed: Option<u64>,
    /// The ARNs of who started or resumed it, as far as they are known.
    by: Vec<String>,
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
        let listed =
            Listed { applied: applied_rows(&stage, applied).await?, runs: runs.into_iter().filter(of_table).collect() };
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

/// What is applied, with who started the runs that did it, which only their records tell.
async fn applied_rows(stage: &DeployedStage, applied: Vec<(String, Applied)>) -> Result<Vec<AppliedRow>, OperateError> {
    let mut rows = Vec::new();
    for (migration, applied) in applied {
        let record = stage.clients.ledger().run(&applied.run).await.map_err(OperateError::Ledger)?;
        rows.push(applied_row(migration, applied, record.as_ref()));
    }
    Ok(rows)
}

fn applied_row(migration: String, applied: Applied, record: Option<&RunRecord>) -> AppliedRow {
    let Applied { run, hash, at, changed, verified, document: _ } = applied;
    let by = record.map(|record| known(&record.requesters)).unwrap_or_default();
    AppliedRow { migration, run, by, at, changed, verified, hash }
}

fn run_row(record: RunRecord, started: i64) -> RunRow {
    let error = record.error.filter(|error| !error.is_empty());
    RunRow {
        run: record.run,
        migration: record.migration,
        table: record.table,
        outcome: error.unwrap_or_else(|| under_way(record.status, &record.progress)),
        started: Timestamp::from_second(started).unwrap_or(Timestamp::MIN).to_string(),
        changed: record.counts.get("changed").copied(),
        by: known(&record.requesters),
    }
}

/// A run with a canary that is under way is told with how far that is.
fn under_way(status: String, progress: &str) -> String {
    let is_canary_s = status == "running" && [Wave::Canary.progress(), BAKING].contains(&progress);
    if is_canary_s { format!("{status}, {progress}") } else { status }
}

fn known(requesters: &[Requester]) -> Vec<String> {
    let mut known: Vec<String> = Vec::new();
    for identity in requesters.iter().flat_map(Requester::identities) {
        if !known.contains(&identity.arn) {
            known.push(identity.arn.clone());
        }
    }
    known
}

fn by(known: &[String]) -> String {
    if known.is_empty() { "by unknown".into() } else { format!("by {}", known.join(", ")) }
}

fn prose(listed: &Listed) -> String {
    let applied = listed.applied.iter().map(|row| {
        let proof = if row.verified { "verified" } else { "not verified" };
        vec![
            row.at.clone(),
            row.migration.clone(),
            format!("{} changed", with_commas(row.changed)),
            proof.into(),
            row.run.clone(),
            by(&row.by),
        ]
    });
    let runs = listed.runs.iter().map(|row| {
        let changed = row.changed.map(|changed| format!("{} changed", with_commas(changed))).unwrap_or_default();
        vec![row.started.clone(), row.run.clone(), row.table.clone(), row.outcome.clone(), changed, by(&row.by)]
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
    use tableshift_core::approval::identity::Identity;

    #[test]
    fn rows_are_aligned_and_an_error_stands_in_for_the_outcome() {
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
        let text = prose(&Listed { applied: Vec::new(), runs });
        assert_eq!(
            text,
            "1970-01-01T00:01:00Z  r-10  people  LockHeld  0 changed      by unknown\n\
             1970-01-01T00:00:00Z  r-9   people  failed    1,500 changed  by unknown\n"
        );
        assert_eq!(prose(&Listed::default()), "no runs\n");
    }

    #[test]
    fn a_canary_under_way_is_told_with_its_phase() {
        assert_eq!(under_way("running".into(), "canary"), "running, canary");
        assert_eq!(under_way("running".into(), "baking"), "running, baking");
        assert_eq!(under_way("running".into(), "writing"), "running");
        assert_eq!(under_way("failed".into(), "baking"), "failed");
    }

    #[test]
    fn what_is_applied_is_told_with_who_started_the_run_that_did_it() {
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
            prose(&Listed { applied: rows, runs: Vec::new() }),
            "Applied\n\
             1970-01-01T00:00:00Z  a  0 changed  verified  r-1  by arn:ann, arn:bob\n\
             1970-01-01T00:00:00Z  b  0 changed  verified  r-1  by unknown\n\nRuns\n"
        );
    }
}
