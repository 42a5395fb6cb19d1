//! `tableshift pause`, `throttle` and `abort`: what the workers of a run are told, through its control item.

use super::look::look;
use super::stage::Target;
use super::{OperateError, block_on, now};
use crate::ending::{Ending, Told};
use clap::Args;
use serde_json::json;
use tableshift_aws::session::stage::DeployedStage;

use super::ended::Standing;

/// Lets a run stand still: its workers leave within seconds; `resume` lets it go on
#[derive(Debug, Args)]
pub struct Pause {
    /// The run
    run: String,
    /// Why, for those who look at it
    #[arg(long, default_value = "by an operator")]
    reason: String,
    #[command(flatten)]
    target: Target,
}

/// Sets how much a run may consume a second, all of its workers together
#[derive(Debug, Args)]
pub struct Throttle {
    /// The run
    run: String,
    /// Write units a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), required_unless_present = "read_units")]
    write_units: Option<u32>,
    /// Read units a second
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    read_units: Option<u32>,
    #[command(flatten)]
    target: Target,
}

/// Ends a run for good, by its own way out; `resume` or `roll-back` take it from there
#[derive(Debug, Args)]
pub struct Abort {
    /// The run
    run: String,
    /// Why; it becomes the run's cause
    #[arg(long, default_value = "by an operator")]
    reason: String,
    #[command(flatten)]
    target: Target,
}

/// Pauses.
pub fn pause(pause: &Pause) -> Result<Told, OperateError> {
    block_on(async {
        let (stage, run) = (under_way(&pause.target, &pause.run).await?, &pause.run);
        let paused = stage.clients.ledger().pause(run, &pause.reason, now()).await.map_err(OperateError::Ledger)?;
        match paused {
            true => Ok(told(
                &pause.target,
                run,
                "paused",
                format!("run {run} pauses; `tableshift resume {run}` lets it go on"),
            )),
            false => Err(not_steered(run, "is being stopped, so it cannot be paused")),
        }
    })
}

/// Throttles.
pub fn throttle(throttle: &Throttle) -> Result<Told, OperateError> {
    block_on(async {
        let (stage, run) = (under_way(&throttle.target, &throttle.run).await?, &throttle.run);
        let (write, read) = (throttle.write_units, throttle.read_units);
        stage.clients.ledger().throttle(run, write, read).await.map_err(OperateError::Ledger)?;
        Ok(told(&throttle.target, run, "throttled", format!("run {run} keeps to this from now on")))
    })
}

/// Aborts.
pub fn abort(abort: &Abort) -> Result<Told, OperateError> {
    block_on(async {
        let (stage, run) = (under_way(&abort.target, &abort.run).await?, &abort.run);
        stage.clients.ledger().stop(run, &abort.reason, now()).await.map_err(OperateError::Ledger)?;
        let text = format!(
            "run {run} ends as soon as its workers hear it: within seconds while they work, within 15 minutes while they wait"
        );
        Ok(told(&abort.target, run, "stopping", text))
    })
}

/// The stage, if the run is under way there: a word to one that has ended would be heard by its next execution.
async fn under_way(target: &Target, run: &str) -> Result<DeployedStage, OperateError> {
    let stage = target.find().await?;
    let seen = look(&stage, run).await?;
    match seen.standing {
        Standing::UnderWay | Standing::WaitsForApproval => Ok(stage),
        standing => Err(not_steered(run, &format!("is not under way: {}", super::view::told(standing)))),
    }
}

fn not_steered(run: &str, problem: &str) -> OperateError {
    OperateError::NotSteered { run: run.to_owned(), problem: problem.to_owned() }
}

fn told(target: &Target, run: &str, done: &str, text: String) -> Told {
    let text = if target.json { json!({"run": run, "done": done}).to_string() } else { text };
    Told { text: text + "\n", ending: Ending::Fine }
}
