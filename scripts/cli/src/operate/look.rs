//! One look at a run: what Step Functions and the ledger say of it now.

use super::ended::Standing;
use super::{OperateError, now};
use jiff::Timestamp;
use serde::Serialize;
use tableshift_aws::ledger::runs::RunRecord;
use tableshift_aws::run_files::{load, load_plan};
use tableshift_aws::session::executions::{Executing, Status};
use tableshift_aws::session::progress::SegmentCounts;
use tableshift_aws::session::stage::DeployedStage;
use tableshift_core::control::bake::Bake;
use tableshift_core::control::hold::Hold;
use tableshift_core::control::run_control::{Control, State};
use tableshift_core::plan::canary::CanaryPlan;
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::{BAKING, Wave};
use tableshift_core::report::run_report::Report;
use tableshift_core::write::counts::Tally;

/// What was seen of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Seen {
    /// The run.
    pub run: String,
    /// Its migration; none before Plan wrote it down.
    pub migration: Option<String>,
    /// Its table; none before Plan wrote it down.
    pub table: Option<String>,
    /// How it stands.
    pub standing: Standing,
    /// The state that its execution is in.
    pub state: Option<String>,
    /// Whose turn it is, in a run with a canary that has begun to write.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wave: Option<Wave>,
    /// Until when its canary bakes, if nothing makes that begin anew; ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bakes_until: Option<String>,
    /// What holds it, if something does.
    pub held: Option<String>,
    /// The error that it ended with.
    pub error: Option<String>,
    /// What that error says.
    pub cause: Option<String>,
    /// The execution that works, or last worked, on it.
    pub execution: String,
    /// How far the phase is that its execution is in.
    pub progress: Option<Progress>,
    /// When this was seen, in epoch milliseconds.
    pub at: i64,
}

/// How far a phase is.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Progress {
    /// The phase.
    pub phase: Phase,
    /// How many segments, or parts, it has; 0 if that is not known.
    pub segments: u64,
    /// How many of them are done.
    pub done: u64,
    /// How many are begun and not done: at work, or waiting.
    pub running: u64,
    /// How many items are to be looked at, as far as it is known: what the dry run counted, or the table's own count.
    pub items: u64,
    /// What was counted so far.
    pub tally: Tally,
    /// The run's write units a second, as the plan or an operator says; none for no limit.
    pub budget: Option<f64>,
    /// What throttles left of it, while they matter.
    pub slowed: Option<f64>,
}

/// Looks at a run by its id.
pub async fn look(stage: &DeployedStage, run: &str) -> Result<Seen, OperateError> {
    let record = stage.clients.ledger().run(run).await.map_err(OperateError::Ledger)?;
    let arn = match &record {
        Some(record) => record.execution.clone(),
        None => stage.executions().named(run).arn,
    };
    look_at(stage, run, &arn, record).await
}

/// Looks at a run that this execution works on.
pub async fn look_at(
    stage: &DeployedStage,
    run: &str,
    arn: &str,
    record: Option<RunRecord>,
) -> Result<Seen, OperateError> {
    let executing = stage.executions().describe(arn).await.map_err(OperateError::Call)?;
    let Some(executing) = executing.or_else(|| record.as_ref().map(remembered)) else {
        return Err(OperateError::NoRun(run.to_owned()));
    };
    let state = match executing.status {
        Status::Running => stage.executions().state(arn).await.map_err(OperateError::Call)?,
        _ => None,
    };
    let UnderWay { wave, bakes_until, held, progress } = match (&record, state.as_deref()) {
        (Some(record), Some(state)) => under_way(stage, record, state).await?,
        _ => UnderWay::default(),
    };
    Ok(Seen {
        run: run.to_owned(),
        migration: record.as_ref().map(|record| record.migration.clone()),
        table: record.as_ref().map(|record| record.table.clone()),
        standing: standing(&executing, state.as_deref()),
        state,
        wave,
        bakes_until,
        held,
        error: executing.error,
        cause: executing.cause,
        execution: arn.to_owned(),
        progress,
        at: now(),
    })
}

/// What the ledger remembers of an execution that Step Functions has forgotten.
fn remembered(record: &RunRecord) -> Executing {
    let status = match record.status.as_str() {
        "succeeded" => Status::Succeeded,
        _ => Status::Failed,
    };
    let some = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    Executing { status, error: some(&record.error), cause: some(&record.cause), ..Executing::default() }
}

fn standing(executing: &Executing, state: Option<&str>) -> Standing {
    match executing.status {
        Status::Succeeded => Standing::Done,
        Status::Failed => Standing::of_error(executing.error.as_deref().unwrap_or_default()),
        Status::Running if state == Some("RequestApproval") => Standing::WaitsForApproval,
        Status::Running => Standing::UnderWay,
    }
}

/// What the ledger tells of a run under way.
#[derive(Default)]
struct UnderWay {
    wave: Option<Wave>,
    bakes_until: Option<String>,
    held: Option<String>,
    progress: Option<Progress>,
}

async fn under_way(stage: &DeployedStage, record: &RunRecord, state: &str) -> Result<UnderWay, OperateError> {
    let (ledger, bucket, run) = (stage.clients.ledger(), stage.clients.bucket(), record.run.as_str());
    let bakes = matches!(state, "Bake" | "Baked?" | "BakeWait");
    let writes = matches!(state, "Migrate" | "AwaitWindow" | "WindowWait");
    let phase = phase_of(state);
    let asks = state == "RequestApproval";
    if phase.is_none() && !(writes || bakes || asks) {
        return Ok(UnderWay::default());
    }
    let plan = load_plan(&bucket, run).await.map_err(OperateError::File)?;
    let wave = wave_of(&plan, &record.progress, state);
    let control = ledger.control(run, phase.unwrap_or(Phase::Migrate)).await.map_err(OperateError::Ledger)?;
    let bake = plan.canary.filter(|_| bakes).map(|canary| Bake::of(&control, &canary, &plan.monitors, now()));
    let bakes_until = bake.as_ref().zip(plan.canary).and_then(|(bake, canary)| end_of(bake, &canary));
    let held =
        held(&control, &plan, writes).or_else(|| bake.filter(|bake| bake.since.is_none()).map(|bake| bake.reason));
    let under_way = UnderWay { wave, bakes_until, held, progress: None };
    let Some(phase) = phase else { return Ok(under_way) };
    let wave = wave.unwrap_or_default();
    let counts = ledger.progress(run, phase, wave).await.map_err(OperateError::Ledger)?;
    let report: Option<Report> = load(&bucket, &keys::report(run)).await.map_err(OperateError::File)?;
    let progress = progress(phase, wave, &plan, &control, counts, report.as_ref());
    Ok(UnderWay { progress: Some(progress), ..under_way })
}

/// Whose turn it is. A run counts as writing the rest only once AwaitWindow has let it, and what comes before that and after
/// the bake is about the rest as well.
fn wave_of(plan: &RunPlan, record_progress: &str, state: &str) -> Option<Wave> {
    let wave = plan.canary.map(|_| plan.wave_in(record_progress))?;
    match (wave, state) {
        (_, "DryRun" | "RollBack") => None,
        (Wave::Canary, "RequestApproval" | "AwaitWindow" | "WindowWait") if record_progress == BAKING => {
            Some(Wave::Main)
        }
        (Wave::Canary, "RequestApproval") => None,
        (wave, _) => Some(wave),
    }
}

fn end_of(bake: &Bake, canary: &CanaryPlan) -> Option<String> {
    let end = Bake::end(bake.since?, canary);
    Timestamp::from_millisecond(end).ok().map(|end| format!("{end:.0}"))
}

fn phase_of(state: &str) -> Option<Phase> {
    match state {
        "DryRun" => Some(Phase::DryRun),
        "Migrate" => Some(Phase::Migrate),
        "Verify" => Some(Phase::Verify),
        "RollBack" => Some(Phase::RollBack),
        _ => None,
    }
}

/// What holds a run. A window that cannot be read holds nothing here: Plan refuses such.
fn held(control: &Control, plan: &RunPlan, writes: bool) -> Option<String> {
    if control.state == State::Stopped {
        return Some(format!("stopping: {}", control.reason.as_deref().unwrap_or("by an operator")));
    }
    let hold = match writes {
        true => Hold::for_writing(control, plan.window.as_ref(), now()).unwrap_or_default(),
        false => Hold::by_operator(control, now()),
    };
    hold.map(|hold| hold.reason)
}

fn progress(
    phase: Phase,
    wave: Wave,
    plan: &RunPlan,
    control: &Control,
    counts: SegmentCounts,
    report: Option<&Report>,
) -> Progress {
    let dry_run = report.and_then(|report| report.phases.get(&Phase::DryRun)).map(|report| report.tally.counts.scanned);
    let writes = matches!(phase, Phase::Migrate | Phase::RollBack);
    let planned = control.write_units_per_second.or(plan.write_units_per_second);
    let of_wave = u64::from(plan.segments_of(wave));
    // The number of an export's files is not the plan's to know.
    let segments = if phase == Phase::DryRun && plan.steps.export { 0 } else { of_wave };
    let slowed = control.slowed.map(|slowed| (slowed.rate(now()), slowed.to));
    Progress {
        phase,
        segments,
        done: counts.done,
        running: counts.begun - counts.done,
        // Segments are about alike: a part of them holds about as large a part of the items.
        items: dry_run.unwrap_or(plan.table.items) * of_wave / u64::from(plan.segments.max(1)),
        tally: counts.tally,
        budget: planned.filter(|_| writes).map(f64::from),
        slowed: slowed.filter(|(rate, to)| writes && *rate < to * 8.0).map(|(rate, _)| rate),
    }
}
