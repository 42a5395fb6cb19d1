//! Plan: checks everything that can be checked, takes the table's lock, and writes down what the run will do.
//!
//! 1. Read the input; refuse unknown fields by name.
//! 2. Read and compile the migration, or the plan of the run that the input is about.
//! 3. Describe the table; hold the input and the table against the stage's policy.
//! 4. Take the lock. Nothing is touched before this, and a run that fails later gives it back.
//! 5. Write `plan.json`, the segments and the parts of the dry run; record the run in the ledger.

mod begin;
mod error;
mod history;
mod lock;
mod migration;
mod notice;
mod output;
pub mod requester;
mod take_up;

use tableshift_aws::Settings;
use tableshift_aws::dynamodb::tables::DescribeTable;
use tableshift_aws::identity::signatures::VerifySignature;
use tableshift_aws::ledger::table::Ledger;
use tableshift_aws::monitors::reader::ReadMonitors;
use tableshift_aws::s3::{ReadObject, WriteObject};
use tableshift_aws::sfn::executions::WatchExecution;
use tableshift_aws::sns::{Publish, tell};
use tableshift_core::item::table::Table;
use tableshift_core::language::registry::Registry;
use tableshift_core::plan::input::Input;
use tableshift_core::plan::policy::Policy;
use tableshift_runtime::Clock;

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
pub struct Ports<B, T, E, W> {
    /// The stage.
    pub stage: Stage,
    /// Its bucket.
    pub bucket: B,
    /// Its ledger.
    pub ledger: Ledger,
    /// Descriptions of tables.
    pub tables: T,
    /// Executions of the state machine.
    pub executions: E,
    /// The calendars and alarms that runs watch.
    pub monitor_reader: W,
    /// The migrations in Rust that this build knows.
    pub registry: Registry,
    /// The time.
    pub clock: Clock,
}

/// Plans a run, or takes an earlier one up again.
pub async fn run<B, T, E, W>(
    ports: &Ports<B, T, E, W>,
    sts: &impl VerifySignature,
    topic: &impl Publish,
    request: Request,
) -> Result<Output, Error>
where
    B: ReadObject + WriteObject,
    T: DescribeTable,
    E: WatchExecution,
    W: ReadMonitors,
{
    let input = Input::parse(&request.input).map_err(Error::Input)?;
    let signed = input.requested_by.as_deref();
    let requester =
        requester::of(sts, &ports.ledger, &ports.stage.policy.approval, &request, signed, (ports.clock)()).await?;
    let execution = request.execution.clone();
    let output = match input.run.clone() {
        None => begin::begin(ports, request, input, requester).await,
        Some(run) => take_up::take_up(ports, request, input, requester, &run).await,
    }?;
    tell(topic, &notice::started(&output, &ports.stage.name, &execution, (ports.clock)()).message()).await;
    Ok(output)
}

/// What DynamoDB says of a table that can be worked on.
pub(crate) async fn describe<B, T: DescribeTable, E, W>(ports: &Ports<B, T, E, W>, name: &str) -> Result<Table, Error> {
    let described = ports.tables.describe(name).await;
    let table = described.map_err(|source| Error::Table { table: name.to_owned(), source })?;
    match table.status.as_str() {
        "ACTIVE" => Ok(table),
        status => Err(Error::NotActive { table: name.to_owned(), status: status.to_owned() }),
    }
}
