//! Plan: checks everything that can be checked before the run, takes the table's lock, and stores what the run will do.
//!
//! 1. Read the input, and refuse unknown fields by name.
//! 2. Read and compile the migration, or read the plan of the earlier run that the input names.
//! 3. Describe the table, and check the input and the table against the stage's policy.
//! 4. Take the lock. Nothing is changed before this step, and the lock is released if the next step fails.
//! 5. Write `plan.json`, the list of segments and the parts of the dry run; put the run's record into the ledger.

mod applied;
mod earlier_run;
mod error;
mod lock;
mod migration;
mod new_run;
mod notification;
mod output;
pub mod requester;
mod signature_refused;

use tableshift_aws::Settings;
use tableshift_aws::dynamodb::tables::DescribeTable;
use tableshift_aws::identity::signatures::VerifySignature;
use tableshift_aws::ledger::table::Ledger;
use tableshift_aws::monitors::reader::ReadMonitors;
use tableshift_aws::s3::{ListObjects, ReadObject, WriteObject};
use tableshift_aws::sfn::executions::WatchExecution;
use tableshift_aws::sns::{Publish, notify};
use tableshift_core::approval::identity::matches_pattern;
use tableshift_core::item::table::Table;
use tableshift_core::language::compile::compiled::is_name;
use tableshift_core::language::registry::Registry;
use tableshift_core::plan::settings::input::Input;
use tableshift_core::plan::settings::policy::Policy;
use tableshift_runtime::Clock;

pub use error::Error;
pub use output::{Output, Request};

/// The progress of a run that has not started to write.
const PLANNED: &str = "planned";

/// The stage that this worker belongs to.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The stage's name, for example `prod`.
    pub name: String,
    /// The name of the stage's bucket.
    pub bucket: String,
    /// The policy from `infra/stages/<stage>.json`.
    pub policy: Policy,
    /// The names of the tables that the workers' roles may use, as an IAM pattern.
    pub table_pattern: String,
}

impl Stage {
    /// Reads the policy and the pattern of table names from the environment variables `TABLESHIFT_POLICY` and
    /// `TABLESHIFT_TABLE_NAME_PATTERN`, which the template sets.
    pub fn from_env(settings: &Settings) -> Result<Self, Error> {
        let json = std::env::var("TABLESHIFT_POLICY").unwrap_or_default();
        let policy = serde_json::from_str(&json).map_err(Error::StagePolicy)?;
        let table_pattern = std::env::var("TABLESHIFT_TABLE_NAME_PATTERN").unwrap_or_default();
        Ok(Self { name: settings.stage.clone(), bucket: settings.bucket.clone(), policy, table_pattern })
    }

    /// Checks what the stage was deployed with. The template and the deployment check the pattern too, but a stack can be
    /// updated without them.
    fn check(&self) -> Result<(), Error> {
        self.policy.check().map_err(Error::Policy)?;
        let Self { name: stage, table_pattern: pattern, .. } = self;
        match stage == "prod" && pattern.chars().all(|c| matches!(c, '*' | '?')) {
            true => Err(Error::EveryTable { stage: stage.clone(), pattern: pattern.clone() }),
            false => Ok(()),
        }
    }
}

/// The services that the worker uses.
#[derive(Debug)]
pub struct Ports<B, T, E, W> {
    /// The stage and its policy.
    pub stage: Stage,
    /// The stage's bucket.
    pub bucket: B,
    /// The stage's ledger.
    pub ledger: Ledger,
    /// DynamoDB's descriptions of tables.
    pub tables: T,
    /// The executions of the state machine.
    pub executions: E,
    /// Reads the calendars and alarms that runs monitor.
    pub monitor_reader: W,
    /// The migrations in Rust that are part of this build.
    pub registry: Registry,
    /// The current time in epoch milliseconds.
    pub clock: Clock,
}

/// Plans a new run, or another execution of an earlier run.
pub async fn run<B, T, E, W>(
    ports: &Ports<B, T, E, W>,
    sts: &impl VerifySignature,
    topic: &impl Publish,
    request: Request,
) -> Result<Output, Error>
where
    B: ReadObject + WriteObject + ListObjects,
    T: DescribeTable,
    E: WatchExecution,
    W: ReadMonitors,
{
    ports.stage.check()?;
    let input = Input::parse(&request.input).map_err(Error::Input)?;
    // Step Functions allows more characters than the names of runs.
    if input.run.is_none() && !is_name(&request.name) {
        return Err(Error::RunName(request.name));
    }
    let signature = input.requested_by.as_deref();
    let rules = &ports.stage.policy.approval;
    let requester = requester::identify(sts, &ports.ledger, rules, &request, signature, (ports.clock)()).await?;
    let execution = request.execution.clone();
    let output = match input.run.clone() {
        None => new_run::plan(ports, request, input, requester).await,
        Some(run) => earlier_run::plan(ports, request, input, requester, &run).await,
    }?;
    notify(topic, &notification::started(&output, &ports.stage.name, &execution, (ports.clock)()).message()).await;
    Ok(output)
}

/// Describes a table, and refuses a ledger and a table that is not ACTIVE.
pub(crate) async fn describe<B, T: DescribeTable, E, W>(ports: &Ports<B, T, E, W>, name: &str) -> Result<Table, Error> {
    if name == ports.ledger.table || matches_pattern(name, "tableshift-*-ledger") {
        return Err(Error::LedgerTable(name.to_owned()));
    }
    let described = ports.tables.describe(name).await;
    let table = described.map_err(|source| Error::Table { table: name.to_owned(), source })?;
    match table.status.as_str() {
        "ACTIVE" => Ok(table),
        status => Err(Error::NotActive { table: name.to_owned(), status: status.to_owned() }),
    }
}
