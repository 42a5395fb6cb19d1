//! A snapshot of a run: what Step Functions, the ledger and the run's files say about it now.

use super::progress::{self, Progress};
use super::{OperateError, now};
use crate::output::RunStatus;
use jiff::Timestamp;
use serde::Serialize;
use tableshift_aws::ledger::control::SteerRun as _;
use tableshift_aws::ledger::runs::{RunRecord, Runs as _};
use tableshift_aws::run_files::load_plan;
use tableshift_aws::session::executions::{Executing, Status};
use tableshift_aws::session::stage::DeployedStage;
use tableshift_core::control::bake::Bake;
use tableshift_core::control::hold::Hold;
use tableshift_core::control::run_control::{Control, State};
use tableshift_core::plan::canary::CanaryPlan;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::{BAKING, Wave};

/// The state of the execution in which a person is asked.
const REQUEST_APPROVAL: &str = "RequestApproval";

/// What is known about a run at one moment. Its JSON is the output of `status --json` and `watch --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Snapshot {
    /// The run's name.
    pub run: String,
    /// The migration's id; none before Plan has recorded the run.
    pub migration: Option<String>,
    /// The table's name; none before Plan has recorded the run.
    pub table: Option<String>,
    /// Whether the run is in progress, or how it ended.
    pub status: RunStatus,
    /// The state that the execution is in; none if it has ended or has only just started.
    pub state: Option<String>,
    /// The wave, in a run with a canary, while it waits to write, writes, verifies or bakes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<Wave>,
    /// When the canary's bake ends unless an alarm makes it start over, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bakes_until: Option<String>,
    /// Why the run is on hold; none if it is not.
    pub on_hold: Option<String>,
    /// Why the run is stopping; none if it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopping: Option<String>,
    /// The name of the error that it ended with.
    pub error: Option<String>,
    /// The message of that error.
    pub cause: Option<String>,
    /// The ARN of the execution that works, or last worked, on the run.
    pub execution: String,
    /// The progress of the phase that the execution is in.
    pub progress: Option<Progress>,
    /// The time of the snapshot in epoch milliseconds.
    pub at: i64,
}

/// Takes a snapshot of the run of this name.
pub async fn of_run(stage: &DeployedStage, run: &str) -> Result<Snapshot, OperateError> {
    let record = stage.clients.ledger().run(run).await.map_err(OperateError::Ledger)?;
    let arn = match &record {
        Some(record) => record.execution.clone(),
        None => stage.executions().named(run).arn,
    };
    of_execution(stage, run, &arn, record).await
}

/// Takes a snapshot of a run that the execution with this ARN works on. `record` is the run's record in the ledger, if
/// this execution wrote it.
pub async fn of_execution(
    stage: &DeployedStage,
    run: &str,
    arn: &str,
    record: Option<RunRecord>,
) -> Result<Snapshot, OperateError> {
    let execution = stage.executions().describe(arn).await.map_err(OperateError::Call)?;
    let Some(execution) = execution.or_else(|| record.as_ref().map(from_record)) else {
        return Err(OperateError::NoRun(run.to_owned()));
    };
    let state = match execution.status {
        Status::Running => stage.executions().state(arn).await.map_err(OperateError::Call)?,
        _ => None,
    };
    let Details { wave, bakes_until, on_hold, stopping, progress } = match (&record, state.as_deref()) {
        (Some(record), Some(state)) => read_details(stage, record, state).await?,
        _ => Details::default(),
    };
    Ok(Snapshot {
        run: run.to_owned(),
        migration: record.as_ref().map(|record| record.migration.clone()),
        table: record.as_ref().map(|record| record.table.clone()),
        status: run_status(&execution, state.as_deref()),
        state,
        wave,
        bakes_until,
        on_hold,
        stopping,
        error: execution.error,
        cause: execution.cause,
        execution: arn.to_owned(),
        progress,
        at: now(),
    })
}

/// How an execution ended according to the ledger, for one that Step Functions has deleted.
fn from_record(record: &RunRecord) -> Executing {
    let status = if record.status == "succeeded" { Status::Succeeded } else { Status::Failed };
    let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    Executing { status, error: some(&record.error), cause: some(&record.cause), ..Executing::default() }
}

fn run_status(execution: &Executing, state: Option<&str>) -> RunStatus {
    match execution.status {
        Status::Succeeded => RunStatus::Done,
        Status::Failed => RunStatus::of_error(execution.error.as_deref().unwrap_or_default()),
        Status::Running if state == Some(REQUEST_APPROVAL) => RunStatus::WaitingForApproval,
        Status::Running => RunStatus::InProgress,
    }
}

/// What the plan and the ledger add to the snapshot of a run in progress.
#[derive(Default)]
struct Details {
    wave: Option<Wave>,
    bakes_until: Option<String>,
    on_hold: Option<String>,
    stopping: Option<String>,
    progress: Option<Progress>,
}

async fn read_details(stage: &DeployedStage, record: &RunRecord, state: &str) -> Result<Details, OperateError> {
    let (ledger, bucket, run) = (stage.clients.ledger(), stage.clients.bucket(), record.run.as_str());
    let phase = phase_in(state);
    let bakes = matches!(state, "Bake" | "Baked?" | "BakeWait");
    let writes = matches!(state, "Migrate" | "AwaitWindow" | "WindowWait");
    if phase.is_none() && !writes && !bakes && state != REQUEST_APPROVAL {
        return Ok(Details::default());
    }
    let plan = load_plan(&bucket, run).await.map_err(OperateError::File)?;
    let control = ledger.control(run, phase.unwrap_or(Phase::Migrate)).await.map_err(OperateError::Ledger)?;
    let wave = wave_in(&plan, &record.progress, state);
    let canary = plan.canary.filter(|_| bakes);
    let bake = canary.map(|canary| (Bake::of(&control, &canary, &plan.monitors, now()), canary));
    let bakes_until = bake.as_ref().and_then(|(bake, canary)| end_of_bake(bake, canary));
    let restart_reason = bake.filter(|(bake, _)| bake.since.is_none()).map(|(bake, _)| bake.reason);
    let stopping = reason_for_stopping(&control);
    let on_hold = match stopping {
        Some(_) => None,
        None => reason_on_hold(&control, &plan, writes).or(restart_reason),
    };
    let progress = match phase {
        Some(phase) => Some(progress::read(stage, &plan, &control, phase, wave.unwrap_or_default()).await?),
        None => None,
    };
    Ok(Details { wave, bakes_until, on_hold, stopping, progress })
}

/// The phase whose work the execution does in this state.
fn phase_in(state: &str) -> Option<Phase> {
    match state {
        "DryRun" => Some(Phase::DryRun),
        "Migrate" => Some(Phase::Migrate),
        "Verify" => Some(Phase::Verify),
        "RollBack" => Some(Phase::RollBack),
        _ => None,
    }
}

/// The wave that the execution's state is about. The run's record says `baking` until AwaitWindow lets the main wave
/// start, but the states between the end of the bake and that moment are about the main wave.
fn wave_in(plan: &RunPlan, progress: &str, state: &str) -> Option<Wave> {
    let wave = plan.canary.map(|_| plan.wave_in(progress))?;
    match (wave, state) {
        (_, "DryRun" | "RollBack") => None,
        (Wave::Canary, REQUEST_APPROVAL | "AwaitWindow" | "WindowWait") if progress == BAKING => Some(Wave::Main),
        (Wave::Canary, REQUEST_APPROVAL) => None,
        (wave, _) => Some(wave),
    }
}

fn end_of_bake(bake: &Bake, canary: &CanaryPlan) -> Option<String> {
    let end = Bake::end(bake.since?, canary);
    Timestamp::from_millisecond(end).ok().map(|end| format!("{end:.0}"))
}

fn reason_for_stopping(control: &Control) -> Option<String> {
    let is_stopping = control.state == State::Stopped;
    is_stopping.then(|| control.reason.clone().unwrap_or_else(|| "by an operator".to_owned()))
}

/// Why the run is on hold. An invalid window is ignored here, because Plan refuses a run that has one.
fn reason_on_hold(control: &Control, plan: &RunPlan, writes: bool) -> Option<String> {
    let hold = if writes {
        Hold::for_writing(control, plan.window.as_ref(), now()).unwrap_or_default()
    } else {
        Hold::by_operator(control, now())
    };
    hold.map(|hold| hold.reason)
}
