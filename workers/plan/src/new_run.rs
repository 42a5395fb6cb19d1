//! Plans a new run from its input and stores it.

use tableshift_aws::dynamodb::tables::DescribeTable;
use tableshift_aws::ledger::names::NameOwner;
use tableshift_aws::ledger::runs::{Applied, RunRecord};
use tableshift_aws::monitors::reader::ReadMonitors;
use tableshift_aws::run_files::store;
use tableshift_aws::s3::{ListObjects, ReadObject, WriteObject};
use tableshift_aws::sfn::executions::WatchExecution;
use tableshift_core::approval::rules::Requester;
use tableshift_core::plan::keys;
use tableshift_core::plan::parts::Part;
use tableshift_core::plan::planning::Facts;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::settings::input::Input;
use tableshift_core::plan::steps::Steps;
use tableshift_core::plan::wave::Wave;

use crate::{Error, Output, PLANNED, Ports, Request, applied, describe, lock, migration};

pub(crate) async fn plan<B, T, E, W>(
    ports: &Ports<B, T, E, W>,
    request: Request,
    input: Input,
    requester: Requester,
) -> Result<Output, Error>
where
    B: ReadObject + WriteObject + ListObjects,
    T: DescribeTable,
    E: WatchExecution,
    W: ReadMonitors,
{
    let run = request.name.clone();
    refuse_used_name(ports, &request).await?;
    let name_or_document = input.migration.as_ref().unwrap_or(&serde_json::Value::Null);
    let document = migration::read(&ports.bucket, &ports.registry, name_or_document).await?;
    let table = describe(ports, input.table.as_deref().unwrap_or_default()).await?;
    migration::compile(&document, &ports.registry, &table)?;
    let now = (ports.clock)();
    let applied = applied::check(&ports.ledger, &document, &input, &ports.stage.policy, now).await?;
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
    if let Some(applied) = applied {
        return finish_already_applied(ports, plan, &request, requester, applied).await;
    }
    // A misspelt calendar or alarm must be found now, not after the dry run and an approval.
    if !plan.monitors.is_empty() {
        ports.monitor_reader.read(&plan.monitors).await.map_err(Error::Monitors)?;
    }
    let lock = lock::take(ports, &plan, &request.execution).await?;
    let stored = store_run(ports, &plan, &request, requester).await;
    lock::release_on_error(ports, stored, &plan, &request.execution).await?;
    Ok(Output::new(&plan, plan.action, plan.steps, plan.wave_in(PLANNED), &lock))
}

/// Stores a run whose migration is applied already. It takes no lock, has no steps, and succeeds.
async fn finish_already_applied<B: WriteObject, T, E, W>(
    ports: &Ports<B, T, E, W>,
    plan: RunPlan,
    request: &Request,
    requester: Requester,
    applied: Applied,
) -> Result<Output, Error> {
    let plan = RunPlan { steps: Steps::default(), ..plan };
    store_run(ports, &plan, request, requester).await?;
    tracing::info!(run = applied.run, at = applied.at, "applied already");
    Ok(Output::already_applied(&plan, applied))
}

/// Refuses the name of an earlier run as long as anything of that run is left: its journal and checkpoints must never count
/// for another run. Step Functions allows an execution's name, and so its ARN, again after 90 days. The execution that
/// planned a run may plan it again, because that is a retry.
async fn refuse_used_name<B: ListObjects, T, E, W>(ports: &Ports<B, T, E, W>, request: &Request) -> Result<(), Error> {
    let Request { name: run, execution, started, .. } = request;
    let owner = match ports.ledger.run(run).await.map_err(Error::Ledger)? {
        Some(record) => Some(NameOwner { execution: record.execution, started: record.started }),
        None => ports.ledger.name_owner(run).await.map_err(Error::Ledger)?,
    };
    match owner {
        Some(owner) if owner.execution == *execution && owner.started == *started => return Ok(()),
        Some(_) => return Err(Error::NameUsed(run.clone())),
        None => {}
    }
    let prefix = keys::run(run);
    match ports.bucket.list(&prefix).await.map_err(Error::Object)?.is_empty() {
        true => Ok(()),
        false => Err(Error::NameLeft { run: run.clone(), prefix }),
    }
}

/// Takes the run's name, writes the run's files and puts its record into the ledger. A retry after an interruption finds the
/// name to be its own.
async fn store_run<B, T, E, W>(
    ports: &Ports<B, T, E, W>,
    plan: &RunPlan,
    request: &Request,
    requester: Requester,
) -> Result<(), Error>
where
    B: WriteObject,
{
    let list = |wave| -> Vec<_> {
        let order = plan.segments_in_order(wave).into_iter();
        order.map(|segment| serde_json::json!({ "segment": segment })).collect()
    };
    let owner = NameOwner { execution: request.execution.clone(), started: request.started.clone() };
    ports.ledger.put_name_owner(&plan.run, &owner).await.map_err(Error::Ledger)?;
    store(&ports.bucket, &keys::segments(&plan.run), &list(Wave::Whole)).await.map_err(Error::RunFile)?;
    if plan.canary.is_some() {
        store(&ports.bucket, &keys::canary(&plan.run), &list(Wave::Canary)).await.map_err(Error::RunFile)?;
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
    let allowed = plan.allowed_rates(&ports.stage.policy).map_err(Error::Plan)?;
    ports.ledger.set_allowed_rates(&plan.run, &allowed).await.map_err(Error::Ledger)?;
    ports.ledger.put_run(&record).await.map_err(Error::Ledger)
}
