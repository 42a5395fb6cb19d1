//! Plans another execution of an earlier run, as that run was planned: to resume it, verify it or roll it back.

use jiff::Timestamp;
use tableshift_aws::dynamodb::tables::DescribeTable;
use tableshift_aws::ledger::runs::RunRecord;
use tableshift_aws::monitors::reader::ReadMonitors;
use tableshift_aws::run_files::load_recorded_plan;
use tableshift_aws::s3::{ReadObject, WriteObject};
use tableshift_aws::sfn::executions::WatchExecution;
use tableshift_core::approval::rules::Requester;
use tableshift_core::control::lock::SETTLE_SECONDS;
use tableshift_core::plan::planning::Speed;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::settings::input::{Action, Input};
use tableshift_core::plan::settings::policy::{OnBadVerdict, Policy};
use tableshift_core::plan::steps::Steps;
use tableshift_core::plan::wave::{ROLLED_BACK, Wave};

use crate::{Error, Output, Ports, Request, describe, lock, migration};

pub(crate) async fn plan<B, T, E, W>(
    ports: &Ports<B, T, E, W>,
    request: Request,
    input: Input,
    requester: Requester,
    run: &str,
) -> Result<Output, Error>
where
    B: ReadObject + WriteObject,
    T: DescribeTable,
    E: WatchExecution,
    W: ReadMonitors,
{
    let record = record_of(ports, run).await?;
    let plan = load_recorded_plan(&ports.bucket, &record).await.map_err(Error::RunFile)?;
    refuse_other_table(&plan, &input)?;
    migration::refuse_changed(&ports.bucket, &ports.registry, &plan, &input).await?;
    steps_of(&plan, &record, &input, &ports.stage.policy)?;
    let speed = plan.speed(&input, &ports.stage.policy).map_err(Error::Plan)?;
    describe(ports, &plan.table.name).await?;
    let lock = lock::take(ports, &plan, &request.execution).await?;
    let restarted = restart(ports, &plan, &request, &input, requester, speed, lock.epoch).await;
    let (steps, record) = lock::release_on_error(ports, restarted, &plan, &request.execution).await?;
    // Verifying and rolling back read every segment, no matter how much of the run was written.
    let wave = if input.action == Action::Resume { plan.wave_in(&record.progress) } else { Wave::Whole };
    let settle_seconds = settle_seconds(&record, input.action, (ports.clock)());
    let max_concurrency = speed.max_concurrency;
    Ok(Output { settle_seconds, max_concurrency, ..Output::new(&plan, input.action, steps, wave, &lock) })
}

/// How long a write of the run may still take effect, in seconds. Once it has ended well, that time passes by itself.
fn settle_seconds(record: &RunRecord, action: Action, now: i64) -> u64 {
    let ended = record.ended.as_deref().filter(|_| record.status == "succeeded" && action == Action::RollBack);
    let Some(ended) = ended.and_then(|ended| ended.parse::<Timestamp>().ok()) else { return SETTLE_SECONDS };
    let passed = u64::try_from(now / 1000 - ended.as_second()).unwrap_or_default();
    SETTLE_SECONDS.saturating_sub(passed)
}

/// Adds who resumes the run, because that person wants it to write just like the person who started it. In a retry this
/// execution is in the list already.
fn add_requester(mut requesters: Vec<Requester>, requester: Requester, action: Action) -> Vec<Requester> {
    if action == Action::Resume {
        requesters.retain(|known| known.execution != requester.execution);
        requesters.push(requester);
    }
    requesters
}

async fn record_of<B, T, E, W>(ports: &Ports<B, T, E, W>, run: &str) -> Result<RunRecord, Error> {
    let record = ports.ledger.run(run).await.map_err(Error::Ledger)?;
    record.ok_or_else(|| Error::NoRecord(run.to_owned()))
}

/// Decides the steps by the record as it is under the lock, clears why the run stopped, and stores its speed and its new
/// record. Returns the steps and the record as it was. `epoch` is the fencing token of the lock.
async fn restart<B, T, E, W>(
    ports: &Ports<B, T, E, W>,
    plan: &RunPlan,
    request: &Request,
    input: &Input,
    requester: Requester,
    speed: Speed,
    epoch: u64,
) -> Result<(Steps, RunRecord), Error> {
    let record = record_of(ports, &plan.run).await?;
    let steps = steps_of(plan, &record, input, &ports.stage.policy)?;
    refuse_newer_run(ports, plan, input.action).await?;
    let restarted = RunRecord {
        status: "running".into(),
        execution: request.execution.clone(),
        epoch,
        ended: None,
        error: None,
        cause: None,
        cause_name: None,
        requesters: add_requester(record.requesters.clone(), requester, input.action),
        ..record.clone()
    };
    let allowed = plan.allowed_rates(&ports.stage.policy).map_err(Error::Plan)?;
    ports.ledger.set_allowed_rates(&plan.run, &allowed).await.map_err(Error::Ledger)?;
    ports.ledger.clear_stop(&record.run, epoch).await.map_err(Error::Ledger)?;
    let (write, read) = (speed.write_units_per_second, speed.read_units_per_second);
    ports.ledger.throttle(&record.run, write, read).await.map_err(Error::Ledger)?;
    ports.ledger.put_run(&restarted).await.map_err(Error::Ledger)?;
    Ok((steps, record))
}

/// Refuses to roll back or resume a run if a later run of the same migration wrote to the table. Its items look like those
/// of this run, so that a roll-back would undo the later run's changes, and a resumed run would mix with them.
async fn refuse_newer_run<B, T, E, W>(ports: &Ports<B, T, E, W>, plan: &RunPlan, action: Action) -> Result<(), Error> {
    if !matches!(action, Action::RollBack | Action::Resume) {
        return Ok(());
    }
    let writers = ports.ledger.writers(&plan.table.name, &plan.migration.id).await.map_err(Error::Ledger)?;
    let wrote = writers.contains(&plan.run);
    match writers.into_iter().next_back().filter(|newest| wrote && *newest != plan.run) {
        Some(newer) => Err(Error::NewerRun { run: plan.run.clone(), newer }),
        None => Ok(()),
    }
}

fn refuse_other_table(plan: &RunPlan, input: &Input) -> Result<(), Error> {
    match &input.table {
        Some(table) if *table != plan.table.name => {
            Err(Error::OtherTable { run: plan.run.clone(), planned: plan.table.name.clone(), asked: table.clone() })
        }
        _ => Ok(()),
    }
}

/// The steps of this execution. A resumed run that has started to write skips the steps before that.
fn steps_of(plan: &RunPlan, record: &RunRecord, input: &Input, policy: &Policy) -> Result<Steps, Error> {
    let on_bad_verdict = input.on_bad_verdict.unwrap_or(plan.on_bad_verdict);
    match input.action {
        Action::Resume if record.status == "succeeded" || record.progress == ROLLED_BACK => {
            Err(Error::NothingToResume { run: plan.run.clone(), ending: describe_ending(record) })
        }
        Action::Resume => {
            let steps = Steps { roll_back_if_bad: on_bad_verdict == OnBadVerdict::RollBack, ..plan.steps };
            let has_started = plan.first_wave().has_started(&record.progress);
            Ok(if has_started { steps.from_writing_on() } else { steps })
        }
        action => Ok(Steps::of(action, policy, on_bad_verdict)),
    }
}

fn describe_ending(record: &RunRecord) -> String {
    if record.progress == ROLLED_BACK { "was rolled back".into() } else { format!("has {}", record.status) }
}
