//! Plan: checks everything that can be checked, takes the table's lock, and writes down what the run will do.
//!
//! 1. Read the input; refuse unknown fields by name.
//! 2. Read and compile the migration, or the plan of the run that the input is about.
//! 3. Describe the table; hold the input and the table against the stage's policy.
//! 4. Take the lock. Nothing is touched before this, and a run that fails later gives it back.
//! 5. Write `plan.json`, the segments and the parts of the rehearsal; record the run in the ledger.

mod error;
mod history;
mod lock;
mod migration;
mod notice;
mod output;
pub mod requester;

use tableshift_aws::Settings;
use tableshift_aws::executions::WatchExecution;
use tableshift_aws::ledger_approvals::UsedSignatures;
use tableshift_aws::ledger_control::SteerRun;
use tableshift_aws::ledger_lock::LockTable;
use tableshift_aws::ledger_runs::{Applied, AppliedMigrations, RunRecord, Runs};
use tableshift_aws::lookout::Look;
use tableshift_aws::notifications::{Publish, tell};
use tableshift_aws::objects::{ReadObject, WriteObject};
use tableshift_aws::part::Clock;
use tableshift_aws::run_files::{load_plan, store};
use tableshift_aws::signatures::VerifySignature;
use tableshift_aws::tables::DescribeTable;
use tableshift_core::approval::Requester;
use tableshift_core::canary::Turn;
use tableshift_core::input::{Action, Input};
use tableshift_core::keys;
use tableshift_core::lock::SETTLE_SECONDS;
use tableshift_core::policy::{OnBadVerdict, Policy};
use tableshift_core::registry::Registry;
use tableshift_core::rehearsal::Part;
use tableshift_core::run_plan::{Facts, RunPlan, Speed, Steps};
use tableshift_core::segments;
use tableshift_core::table::Table;

pub use error::Error;
pub use output::{Output, Request};

/// The phase of a run that has not begun to write.
const PLANNED: &str = "planned";

/// The stage that this worker serves.
#[derive(Debug, Clone)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// Its bucket's name.
    pub bucket: String,
    /// Its policy.
    pub policy: Policy,
}

impl Stage {
    /// Reads the policy from the environment that the template sets.
    pub fn from_env(settings: &Settings) -> Result<Self, Error> {
        let text = std::env::var("TABLESHIFT_POLICY").unwrap_or_default();
        let policy = serde_json::from_str(&text).map_err(Error::StagePolicy)?;
        Ok(Self { name: settings.stage.clone(), bucket: settings.bucket.clone(), policy })
    }
}

/// What the worker works with.
#[derive(Debug)]
pub struct Ports<B, L, T, E, W> {
    /// The stage.
    pub stage: Stage,
    /// Its bucket.
    pub bucket: B,
    /// Its ledger.
    pub ledger: L,
    /// Descriptions of tables.
    pub tables: T,
    /// Executions of the state machine.
    pub executions: E,
    /// The calendars and alarms that runs watch.
    pub lookout: W,
    /// The migrations in Rust that this build knows.
    pub registry: Registry,
    /// The time.
    pub clock: Clock,
}

/// Plans a run, or takes an earlier one up again.
pub async fn run<B, L, T, E, W>(
    ports: &Ports<B, L, T, E, W>,
    sts: &impl VerifySignature,
    topic: &impl Publish,
    request: Request,
) -> Result<Output, Error>
where
    B: ReadObject + WriteObject,
    L: LockTable + Runs + AppliedMigrations + SteerRun + UsedSignatures,
    T: DescribeTable,
    E: WatchExecution,
    W: Look,
{
    let input = Input::parse(&request.input).map_err(Error::Input)?;
    let signed = input.requested_by.as_deref();
    let requester = requester::of(sts, &ports.ledger, &request, signed, (ports.clock)()).await?;
    let execution = request.execution.clone();
    let output = match input.run.clone() {
        None => begin(ports, request, input, requester).await,
        Some(run) => take_up(ports, request, input, requester, &run).await,
    }?;
    tell(topic, &notice::started(&output, &ports.stage.name, &execution, (ports.clock)()).message()).await;
    Ok(output)
}

/// Plans a new run.
async fn begin<B, L, T, E, W>(
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
    // A calendar or alarm that is misspelt is to be found now, not after the rehearsal and an approval.
    if !plan.watched.is_empty() {
        ports.lookout.look(&plan.watched).await.map_err(Error::Watched)?;
    }
    let lock = lock::take(ports, &plan, &request.execution).await?;
    let written = write_down(ports, &plan, &request, requester).await;
    lock::keep_if(ports, written, &plan, &request.execution).await?;
    Ok(Output::of(&plan, plan.action, plan.steps, plan.turn_in(PLANNED), &lock))
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

/// Takes an earlier run up again: to go on with it, to verify it, or to roll it back.
async fn take_up<B, L, T, E, W>(
    ports: &Ports<B, L, T, E, W>,
    request: Request,
    input: Input,
    requester: Requester,
    run: &str,
) -> Result<Output, Error>
where
    B: ReadObject + WriteObject,
    L: LockTable + Runs + AppliedMigrations + SteerRun,
    T: DescribeTable,
    E: WatchExecution,
    W: Look,
{
    let plan = load_plan(&ports.bucket, run).await.map_err(Error::RunFile)?;
    let record = ports.ledger.run(run).await.map_err(Error::Ledger)?;
    let record = record.ok_or_else(|| Error::NoRecord(run.to_owned()))?;
    refuse_other(&plan, &input)?;
    migration::refuse_changed(&ports.bucket, &ports.registry, &plan, &input).await?;
    let steps = steps_of(&plan, &record, &input, &ports.stage.policy)?;
    let speed = plan.speed(&input, &ports.stage.policy).map_err(Error::Plan)?;
    describe(ports, &plan.table.name).await?;
    let lock = lock::take(ports, &plan, &request.execution).await?;
    // Proving and putting back are about every segment, however far the run came.
    let turn = if input.action == Action::Resume { plan.turn_in(&record.phase) } else { Turn::Whole };
    let settle_seconds = if record.status == "succeeded" { 0 } else { SETTLE_SECONDS };
    let record = RunRecord {
        status: "running".into(),
        execution: request.execution.clone(),
        ended: None,
        error: None,
        cause: None,
        cause_name: None,
        requesters: with(record.requesters, requester, input.action),
        ..record
    };
    let written = let_run(ports, &record, speed).await;
    lock::keep_if(ports, written, &plan, &request.execution).await?;
    let max_concurrency = speed.max_concurrency;
    Ok(Output { settle_seconds, max_concurrency, ..Output::of(&plan, input.action, steps, turn, &lock) })
}

/// Whoever resumes a run wants it written as much as who started it. This execution may be there already: that is its own
/// retry.
fn with(mut requesters: Vec<Requester>, requester: Requester, action: Action) -> Vec<Requester> {
    if action == Action::Resume {
        requesters.retain(|known| known.execution != requester.execution);
        requesters.push(requester);
    }
    requesters
}

async fn let_run<B, L: Runs + SteerRun, T, E, W>(
    ports: &Ports<B, L, T, E, W>,
    record: &RunRecord,
    speed: Speed,
) -> Result<(), Error> {
    ports.ledger.let_run(&record.run).await.map_err(Error::Ledger)?;
    let (write, read) = (speed.write_units_per_second, speed.read_units_per_second);
    ports.ledger.throttle(&record.run, write, read).await.map_err(Error::Ledger)?;
    ports.ledger.put_run(record).await.map_err(Error::Ledger)
}

async fn describe<B, L, T: DescribeTable, E, W>(ports: &Ports<B, L, T, E, W>, name: &str) -> Result<Table, Error> {
    let described = ports.tables.describe(name).await;
    let table = described.map_err(|source| Error::Table { table: name.to_owned(), source })?;
    match table.status.as_str() {
        "ACTIVE" => Ok(table),
        status => Err(Error::NotActive { table: name.to_owned(), status: status.to_owned() }),
    }
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

fn refuse_other(plan: &RunPlan, input: &Input) -> Result<(), Error> {
    match &input.table {
        Some(table) if *table != plan.table.name => {
            Err(Error::OtherTable { run: plan.run.clone(), planned: plan.table.name.clone(), asked: table.clone() })
        }
        _ => Ok(()),
    }
}

/// The steps that are left for a run that is taken up again.
fn steps_of(plan: &RunPlan, record: &RunRecord, input: &Input, policy: &Policy) -> Result<Steps, Error> {
    let on_bad_verdict = input.on_bad_verdict.unwrap_or(plan.on_bad_verdict);
    match input.action {
        Action::Resume if record.status == "succeeded" || record.phase == "rolled-back" => {
            Err(Error::NothingToResume { run: plan.run.clone(), status: ended_as(record) })
        }
        Action::Resume => {
            let steps = Steps { roll_back_if_bad: on_bad_verdict == OnBadVerdict::RollBack, ..plan.steps };
            let has_begun = plan.first_turn().is_begun(&record.phase);
            Ok(if has_begun { steps.from_writing_on() } else { steps })
        }
        action => Ok(Steps::of(action, policy, on_bad_verdict)),
    }
}

fn ended_as(record: &RunRecord) -> String {
    if record.phase == "rolled-back" { "was rolled back".into() } else { format!("has {}", record.status) }
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
    let listed = |turn| -> Vec<_> {
        let order = segments::of_turn(turn, plan).into_iter();
        order.map(|segment| serde_json::json!({ "segment": segment })).collect()
    };
    store(&ports.bucket, &keys::segments(&plan.run), &listed(Turn::Whole)).await.map_err(Error::RunFile)?;
    if plan.canary.is_some() {
        store(&ports.bucket, &keys::canary(&plan.run), &listed(Turn::Canary)).await.map_err(Error::RunFile)?;
    }
    let parts: Vec<_> = (0..plan.segments).map(Part::of_segment).collect();
    store(&ports.bucket, &keys::rehearsal(&plan.run), &parts).await.map_err(Error::RunFile)?;
    store(&ports.bucket, &keys::plan(&plan.run), plan).await.map_err(Error::RunFile)?;
    let record = RunRecord {
        run: plan.run.clone(),
        table: plan.table.name.clone(),
        migration: plan.migration.id.clone(),
        migration_hash: plan.migration_hash.clone(),
        plan_hash: plan.hash(),
        phase: PLANNED.into(),
        status: "running".into(),
        started: request.started.clone(),
        execution: request.execution.clone(),
        requesters: vec![requester],
        ..RunRecord::default()
    };
    ports.ledger.put_run(&record).await.map_err(Error::Ledger)
}
