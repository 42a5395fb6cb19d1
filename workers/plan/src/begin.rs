//! A run that is new: planned from its input, and written down.

use tableshift_aws::dynamodb::tables::DescribeTable;
use tableshift_aws::ledger::control::SteerRun;
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::runs::{Applied, AppliedMigrations, RunRecord, Runs};
use tableshift_aws::monitors::reader::Look;
use tableshift_aws::run_files::store;
use tableshift_aws::s3::{ReadObject, WriteObject};
use tableshift_aws::sfn::executions::WatchExecution;
use tableshift_core::approval::rules::Requester;
use tableshift_core::plan::input::Input;
use tableshift_core::plan::keys;
use tableshift_core::plan::parts::Part;
use tableshift_core::plan::planning::Facts;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::steps::Steps;
use tableshift_core::plan::wave::Wave;

use crate::{Error, Output, PLANNED, Ports, Request, describe, history, lock, migration};

/// Plans a new run.
pub(crate) async fn begin<B, L, T, E, W>(
    ports: &Ports<B, L, T, E, W>,
    request: Request,
    input: Input,
    requester: Requester,
) -> Result<Output, Error>
where
    B: ReadObject + WriteObject,
    L: LockTable + Runs + AppliedMigrations + SteerRun,
    T: DescribeTable,
    E: WatchExecution,
    W: Look,
{
    let run = request.name.clone();
    refuse_used_name(ports, &run, &request.execution).await?;
    let named = input.migration.as_ref().unwrap_or(&serde_json::Value::Null);
    let document = migration::read(&ports.bucket, &ports.registry, named).await?;
    let table = describe(ports, input.table.as_deref().unwrap_or_default()).await?;
    migration::compile(&document, &ports.registry, &table)?;
    let now = (ports.clock)();
    let done = history::look_up(&ports.ledger, &document, &input, &ports.stage.policy, now).await?;
    let facts = Facts {
        run,
        stage: ports.stage.name.clone(),
        bucket: ports.stage.bucket.clone(),
        input,
        table,
        migration: document,
        policy: ports.stage.policy.clone(),
        locked_at: now,
    };
    let plan = RunPlan::of(facts).map_err(Error::Plan)?;
    if let Some(done) = done {
        return nothing_to_do(ports, plan, &request, requester, done).await;
    }
    // A calendar or alarm that is misspelt is to be found now, not after the dry run and an approval.
    if !plan.monitors.is_empty() {
        ports.monitor_reader.look(&plan.monitors).await.map_err(Error::Monitors)?;
    }
    let lock = lock::take(ports, &plan, &request.execution).await?;
    let written = write_down(ports, &plan, &request, requester).await;
    lock::keep_if(ports, written, &plan, &request.execution).await?;
    Ok(Output::of(&plan, plan.action, plan.steps, plan.wave_in(PLANNED), &lock))
}

/// A run whose migration is applied already: it is written down, takes no lock and no step, and succeeds.
async fn nothing_to_do<B: WriteObject, L: Runs, T, E, W>(
    ports: &Ports<B, L, T, E, W>,
    plan: RunPlan,
    request: &Request,
    requester: Requester,
    done: Applied,
) -> Result<Output, Error> {
    let plan = RunPlan { steps: Steps::default(), ..plan };
    write_down(ports, &plan, request, requester).await?;
    tracing::info!(run = done.run, at = done.at, "applied already");
    Ok(Output::of_nothing(&plan, done))
}

/// A run's name is for ever, while Step Functions gives the name of an execution free after 90 days. The execution that
/// planned a run may plan it again: that is its own retry.
async fn refuse_used_name<B, L: Runs, T, E, W>(
    ports: &Ports<B, L, T, E, W>,
    run: &str,
    execution: &str,
) -> Result<(), Error> {
    match ports.ledger.run(run).await.map_err(Error::Ledger)? {
        Some(record) if record.execution != execution => Err(Error::NameUsed(run.to_owned())),
        _ => Ok(()),
    }
}

async fn write_down<B, L, T, E, W>(
    ports: &Ports<B, L, T, E, W>,
    plan: &RunPlan,
    request: &Request,
    requester: Requester,
) -> Result<(), Error>
where
    B: WriteObject,
    L: Runs,
{
    let listed = |wave| -> Vec<_> {
        let order = plan.segments_in_order(wave).into_iter();
        order.map(|segment| serde_json::json!({ "segment": segment })).collect()
    };
    store(&ports.bucket, &keys::segments(&plan.run), &listed(Wave::Whole)).await.map_err(Error::RunFile)?;
    if plan.canary.is_some() {
        store(&ports.bucket, &keys::canary(&plan.run), &listed(Wave::Canary)).await.map_err(Error::RunFile)?;
    }
    let parts: Vec<_> = (0..plan.segments).map(Part::of_segment).collect();
    store(&ports.bucket, &keys::dry_run_parts(&plan.run), &parts).await.map_err(Error::RunFile)?;
    store(&ports.bucket, &keys::plan(&plan.run), plan).await.map_err(Error::RunFile)?;
    let record = RunRecord {
        run: plan.run.clone(),
        table: plan.table.name.clone(),
        migration: plan.migration.id.clone(),
        migration_hash: plan.migration_hash.clone(),
        plan_hash: plan.hash(),
        progress: PLANNED.into(),
        status: "running".into(),
        started: request.started.clone(),
        execution: request.execution.clone(),
        requesters: vec![requester],
        ..RunRecord::default()
    };
    ports.ledger.put_run(&record).await.map_err(Error::Ledger)
}
