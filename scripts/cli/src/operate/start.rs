//! `tableshift run`, `dry-run`, `verify`, `roll-back` and `resume`: start an execution and follow it.
//!
//! The execution of a new run gets a name that follows from what it does (see [`name`]). Starting the same run again
//! therefore joins the execution that is running, instead of failing because that one has the table's lock.
//!
//! Each start is signed with the caller's AWS credentials, so that nobody can approve a run that they started themselves.

mod input;
mod name;

use super::stage::StageOptions;
use super::watch::{FollowOptions, follow};
use super::{OperateError, block_on, now};
use crate::output::CommandOutput;
use clap::Args;
use serde_json::{Value, json};
use std::io::Write as _;
use std::time::SystemTime;
use tableshift_aws::ledger::runs::RunRecord;
use tableshift_aws::session::executions::{Executing, Run, Started, Status};
use tableshift_aws::session::signed::signed;
use tableshift_aws::session::stage::DeployedStage;
use tableshift_core::plan::settings::input::Action;

/// How many executions may share a name except for its number. A run that failed this often needs a person.
const MAX_ATTEMPTS: u32 = 99;

/// Starts a new run, or joins the one that already does the same
#[derive(Debug, Args)]
pub struct NewRun {
    /// The migration: the id of migrations/ID.yaml in the stage's bucket, or a local file
    migration: String,
    /// The table's name
    #[arg(long)]
    table: String,
    /// Adds fields of the state machine's input, as JSON, for example '{"segments": 64, "alarms": ["latency"]}'
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// Names the run. By default, the name follows from the migration, the action and the table
    #[arg(long, value_name = "RUN")]
    name: Option<String>,
    #[command(flatten)]
    options: StartOptions,
}

/// Starts an execution that works on an existing run
#[derive(Debug, Args)]
pub struct ExistingRun {
    /// The run's name
    run: String,
    /// Adds fields of the state machine's input, as JSON, for example '{"write_units_per_second": 50}'
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    #[command(flatten)]
    options: StartOptions,
}

/// Whether and how to follow the run
#[derive(Debug, Args)]
struct StartOptions {
    /// Returns once the run has started, instead of following it
    #[arg(long)]
    detach: bool,
    #[command(flatten)]
    follow: FollowOptions,
    #[command(flatten)]
    stage: StageOptions,
}

/// An execution, and whether it was running before this command.
struct Start {
    execution: Run,
    joined: bool,
}

/// `run` and `dry-run`: starts a new run.
pub fn new_run(new: &NewRun, action: Action) -> Result<CommandOutput, OperateError> {
    let migration = input::migration(&new.migration)?;
    let input = input::build(action, [("migration", migration), ("table", json!(new.table))], new.input.as_deref())?;
    block_on(async {
        let stage = new.options.stage.find().await?;
        let start = match &new.name {
            Some(name) => start_named(&stage, name, &input).await?,
            None => start_numbered(&stage, &name::of_new_run(&input), &input).await?,
        };
        let run = start.execution.name.clone();
        finish(&stage, &start, &run, &new.options).await
    })
}

/// `verify`, `roll-back` and `resume`: starts an execution that works on an existing run. Resuming a run that is only
/// paused starts nothing: its execution continues.
pub fn existing_run(existing: &ExistingRun, action: Action) -> Result<CommandOutput, OperateError> {
    let run = existing.run.as_str();
    let input = input::build(action, [("run", json!(run))], existing.input.as_deref())?;
    block_on(async {
        let stage = existing.options.stage.find().await?;
        let record = stage.clients.ledger().run(run).await.map_err(OperateError::Ledger)?;
        let record = record.ok_or_else(|| OperateError::NoRun(run.to_owned()))?;
        let start = if action == Action::Resume && is_running(&stage, &record).await? {
            continue_paused(&stage, &record).await?
        } else {
            start_named(&stage, &name::of_execution(run, action, now()), &input).await?
        };
        finish(&stage, &start, run, &existing.options).await
    })
}

async fn is_running(stage: &DeployedStage, record: &RunRecord) -> Result<bool, OperateError> {
    let execution = stage.executions().describe(&record.execution).await.map_err(OperateError::Call)?;
    Ok(execution.is_some_and(|execution| execution.status == Status::Running))
}

async fn continue_paused(stage: &DeployedStage, record: &RunRecord) -> Result<Start, OperateError> {
    stage.clients.ledger().resume(&record.run).await.map_err(OperateError::Ledger)?;
    let name = record.execution.rsplit(':').next().unwrap_or(&record.run).to_owned();
    Ok(Start { execution: Run { name, arn: record.execution.clone() }, joined: true })
}

/// Starts the execution of this name, or joins it if it is running. Fails if it has ended.
async fn start_named(stage: &DeployedStage, name: &str, input: &Value) -> Result<Start, OperateError> {
    let start = start_or_join(stage, name, input).await?;
    start.ok_or_else(|| wrong_status(name, "has ended; give the new run another `--name`".to_owned()))
}

/// Starts or joins the execution of this name, or of the next number of it whose execution has not ended.
async fn start_numbered(stage: &DeployedStage, name: &str, input: &Value) -> Result<Start, OperateError> {
    for attempt in 1..=MAX_ATTEMPTS {
        let numbered = if attempt == 1 { name.to_owned() } else { format!("{name}-{attempt}") };
        if let Some(start) = start_or_join(stage, &numbered, input).await? {
            return Ok(start);
        }
    }
    let problem = format!("was started {MAX_ATTEMPTS} times; look at the last one, or choose a `--name`");
    Err(wrong_status(name, problem))
}

/// Starts the execution of this name, or joins it if it is running; none if it has ended.
async fn start_or_join(stage: &DeployedStage, name: &str, input: &Value) -> Result<Option<Start>, OperateError> {
    let execution = stage.executions().named(name);
    // StartExecution succeeds for a running execution with the same input too, and does not say that it existed.
    match stage.executions().describe(&execution.arn).await.map_err(OperateError::Call)? {
        Some(existing) if existing.status == Status::Running => return join(execution, &existing, input).map(Some),
        Some(_) => return Ok(None),
        None => {}
    }
    let unsigned = input;
    let input = sign(stage, &execution, input).await?;
    let started = stage.executions().start(name, &input.to_string()).await.map_err(OperateError::Call)?;
    match started {
        Started::New(execution) => Ok(Some(Start { execution, joined: false })),
        // Somebody else started it between the two calls.
        Started::There(execution) => {
            let existing = stage.executions().describe(&execution.arn).await.map_err(OperateError::Call)?;
            let running = existing.filter(|existing| existing.status == Status::Running);
            running.map(|existing| join(execution, &existing, unsigned)).transpose()
        }
    }
}

/// Joins an execution that has the input which this command would start it with.
fn join(execution: Run, existing: &Executing, input: &Value) -> Result<Start, OperateError> {
    match has_input(existing, input) {
        true => Ok(Start { execution, joined: true }),
        false => {
            let problem = "is running with another input, which the command does not join; wait until it has ended, or \
                           follow it with `tableshift watch`";
            Err(wrong_status(&execution.name, problem.to_owned()))
        }
    }
}

/// Whether an execution has this input, apart from the signature of who started it.
fn has_input(existing: &Executing, input: &Value) -> bool {
    let mut found: Value = serde_json::from_str(&existing.input).unwrap_or_default();
    if let Some(fields) = found.as_object_mut() {
        fields.shift_remove("requested_by");
    }
    found == *input
}

fn wrong_status(run: &str, problem: String) -> OperateError {
    OperateError::WrongStatus { run: run.to_owned(), problem }
}

async fn sign(stage: &DeployedStage, execution: &Run, input: &Value) -> Result<Value, OperateError> {
    let signer = stage.clients.signer().await.map_err(OperateError::Signing)?;
    signed(&signer, execution, input.clone(), SystemTime::now()).await.map_err(OperateError::Signing)
}

/// Prints the execution's name to standard error, then follows it, or returns at once with `--detach`.
async fn finish(
    stage: &DeployedStage,
    start: &Start,
    run: &str,
    options: &StartOptions,
) -> Result<CommandOutput, OperateError> {
    let Start { execution, joined } = start;
    let what = if *joined { "is already running; joined it" } else { "started" };
    let _ = writeln!(std::io::stderr(), "{} {what}", execution.name);
    if !options.detach {
        return follow(stage, execution, run, &options.follow, options.stage.json).await;
    }
    let text = if options.stage.json {
        json!({"run": execution.name, "execution": execution.arn, "joined": joined}).to_string()
    } else {
        execution.name.clone()
    };
    Ok(CommandOutput::success(text + "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(found: &Value, input: &Value) -> Result<bool, OperateError> {
        let execution = Run { name: "r-1".into(), arn: "arn:r-1".into() };
        let existing = Executing { input: found.to_string(), ..Executing::default() };
        join(execution, &existing, input).map(|start| start.joined)
    }

    #[test]
    fn an_execution_is_joined_only_with_its_own_input_whoever_signed_it() {
        let input = json!({"action": "migrate", "migration": "m", "table": "people"});
        let mut signed = input.clone();
        signed["requested_by"] = json!("https://sts/?signature");
        assert!(joined(&input, &input).unwrap());
        assert!(joined(&signed, &input).unwrap());
        let mut other = signed.clone();
        other["budget_usd"] = json!(5);
        assert!(joined(&other, &input).unwrap_err().to_string().contains("another input"));
        let inline = json!({"action": "migrate", "migration": {"id": "m"}, "table": "people"});
        assert!(joined(&inline, &input).is_err());
        assert!(joined(&Value::Null, &input).is_err());
    }
}
