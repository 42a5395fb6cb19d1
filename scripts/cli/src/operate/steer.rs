//! `tableshift pause`, `throttle` and `abort`: change the run's control item in the ledger, which all workers of the run
//! read.

use super::snapshot::{self, Snapshot};
use super::stage::StageOptions;
use super::{OperateError, block_on, now};
use crate::output::{CommandOutput, RunStatus};
use clap::Args;
use serde_json::json;
use tableshift_aws::session::stage::DeployedStage;
use tableshift_core::plan::phase::Phase;

/// Puts a run on hold within seconds; nothing is written until `resume`
#[derive(Debug, Args)]
pub struct Pause {
    /// The run's name
    run: String,
    /// The reason, shown by `status` and `watch`
    #[arg(long, default_value = "by an operator")]
    reason: String,
    #[command(flatten)]
    stage: StageOptions,
}

/// Sets how many write or read units per second a run may consume from now on
#[derive(Debug, Args)]
pub struct Throttle {
    /// The run's name
    run: String,
    /// Write units per second, for all workers together
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), required_unless_present = "read_units")]
    write_units: Option<u32>,
    /// Read units per second, for all workers together
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    read_units: Option<u32>,
    #[command(flatten)]
    stage: StageOptions,
}

/// Stops a run cleanly and releases its lock; continue with `resume` or undo with `roll-back`
///
/// Takes effect within seconds while workers run, and within 15 minutes while the run is on hold. During a backup, an
/// export or a request for approval it takes effect after that step. To end a run that waits for approval, use
/// `reject`.
#[derive(Debug, Args)]
pub struct Abort {
    /// The run's name
    run: String,
    /// The reason, shown as the cause when the run has ended
    #[arg(long, default_value = "by an operator")]
    reason: String,
    #[command(flatten)]
    stage: StageOptions,
}

/// Pauses a run.
pub fn pause(pause: &Pause) -> Result<CommandOutput, OperateError> {
    block_on(async {
        let (stage, _) = find_open_run(&pause.stage, &pause.run).await?;
        let run = &pause.run;
        if !stage.clients.ledger().pause(run, &pause.reason, now()).await.map_err(OperateError::Ledger)? {
            return Err(wrong_status(run, "is stopping, so it cannot be paused"));
        }
        let text = format!("run {run} pauses within seconds; continue with `tableshift resume {run}`");
        Ok(output(&pause.stage, run, "paused", text))
    })
}

/// Changes the budget of a run.
pub fn throttle(throttle: &Throttle) -> Result<CommandOutput, OperateError> {
    block_on(async {
        let (stage, _) = find_open_run(&throttle.stage, &throttle.run).await?;
        let (run, write, read) = (&throttle.run, throttle.write_units, throttle.read_units);
        let ledger = stage.clients.ledger();
        ledger.throttle(run, write, read).await.map_err(OperateError::Ledger)?;
        // The ledger limits both rates to what the stage's policy allows.
        let control = ledger.control(run, Phase::Migrate).await.map_err(OperateError::Ledger)?;
        let (write, read) = (write.and(control.write_units_per_second), read.and(control.read_units_per_second));
        let budgets =
            [write.map(|units| format!("{units} write units")), read.map(|units| format!("{units} read units"))];
        let budgets: Vec<String> = budgets.into_iter().flatten().collect();
        let text = format!("run {run} now consumes at most {} per second", budgets.join(" and "));
        Ok(output(&throttle.stage, run, "throttled", text))
    })
}

/// Stops a run.
pub fn abort(abort: &Abort) -> Result<CommandOutput, OperateError> {
    block_on(async {
        let (stage, snapshot) = find_open_run(&abort.stage, &abort.run).await?;
        stage.clients.ledger().stop(&abort.run, &abort.reason, now()).await.map_err(OperateError::Ledger)?;
        Ok(output(&abort.stage, &abort.run, "stopping", when_it_stops(&snapshot)))
    })
}

/// When an abort takes effect: workers read the control item at every page, a run on hold reads it when it checks its
/// hold again, and no other step reads it.
fn when_it_stops(snapshot: &Snapshot) -> String {
    let run = &snapshot.run;
    if snapshot.status == RunStatus::WaitingForApproval {
        return format!(
            "run {run} stops once its request for approval is answered; `tableshift reject {run}` ends it now"
        );
    }
    format!(
        "run {run} stops: within seconds while its workers run, within 15 minutes while it is on hold, and after a \
         backup or an export"
    )
}

/// Finds the stage and takes a snapshot of the run, which must not have ended: what is set after its end would apply to
/// the next execution that works on it.
async fn find_open_run(options: &StageOptions, run: &str) -> Result<(DeployedStage, Snapshot), OperateError> {
    let stage = options.find().await?;
    let snapshot = snapshot::of_run(&stage, run).await?;
    if snapshot.status.is_open() {
        return Ok((stage, snapshot));
    }
    Err(wrong_status(run, &format!("is not in progress: {}", snapshot.status.description())))
}

fn wrong_status(run: &str, problem: &str) -> OperateError {
    OperateError::WrongStatus { run: run.to_owned(), problem: problem.to_owned() }
}

fn output(options: &StageOptions, run: &str, done: &str, text: String) -> CommandOutput {
    let text = if options.json { json!({"run": run, "done": done}).to_string() } else { text };
    CommandOutput::success(text + "\n")
}
