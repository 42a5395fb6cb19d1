//! `tableshift run`, `dry-run`, `verify`, `roll-back` and `resume`: start an execution and follow it.
//!
//! The execution of a new run has a name that follows from what it does: the migration's id and a hash of action, table
//! and content. Whoever starts the same thing again therefore joins the execution that runs, instead of being refused by
//! its lock. One that has failed is followed by the next number.
//!
//! Each start is signed in the name of whoever the credentials belong to, so that nobody approves their own run.

use super::stage::Target;
use super::watch::{Follow, follow};
use super::{OperateError, block_on, now};
use crate::ending::{Ending, Told};
use clap::Args;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use tableshift_aws::session::executions::{Run, Started, Status};
use tableshift_aws::session::signed::signed;
use tableshift_aws::session::stage::DeployedStage;
use tableshift_core::item::hash;
use tableshift_core::plan::input::{Action, Input};

/// How many executions may have the same name but for their number: who failed so often is to look at it.
const MOST_ATTEMPTS: u32 = 99;
/// Step Functions' limit. Source: Step Functions API reference, StartExecution, name.
const LONGEST_NAME: usize = 80;

/// Starts a new run, or joins the one that does the same already
#[derive(Debug, Args)]
pub struct New {
    /// The migration: the id of migrations/ID.yaml in the stage's bucket, or a file on this machine
    migration: String,
    /// The table
    #[arg(long)]
    table: String,
    /// More of the input, as JSON: any field of the state machine's input, for example '{"window": {...}}'
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// The run's name instead of one that follows from what it does
    #[arg(long, value_name = "RUN")]
    name: Option<String>,
    #[command(flatten)]
    how: How,
}

/// Starts an execution about an earlier run
#[derive(Debug, Args)]
pub struct Again {
    /// The run
    run: String,
    /// More of the input, as JSON, for example '{"write_units_per_second": 50}'
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    #[command(flatten)]
    how: How,
}

/// Whether and how to follow it
#[derive(Debug, Args)]
struct How {
    /// Starts it and does not wait for its end
    #[arg(long)]
    detach: bool,
    #[command(flatten)]
    follow: Follow,
    #[command(flatten)]
    target: Target,
}

/// Starts a new run.
pub fn new(new: &New, action: Action) -> Result<Told, OperateError> {
    let input =
        input(action, &new.input, || Ok(vec![("migration", migration(&new.migration)?), ("table", json!(new.table))]))?;
    block_on(async {
        let stage = new.how.target.find().await?;
        let name = new.name.clone().unwrap_or_else(|| stable_name(&input));
        let numbered = new.name.is_none();
        let (execution, joined) = start(&stage, &name, &input, numbered).await?;
        tell_start(&execution, joined);
        if new.how.detach {
            return Ok(detached(&execution, joined, new.how.target.json));
        }
        follow(&stage, &execution, None, &new.how.follow, new.how.target.json).await
    })
}

/// Starts an execution about an earlier run. Resuming one that is only paused lets it go on.
pub fn again(again: &Again, action: Action) -> Result<Told, OperateError> {
    let input = input(action, &again.input, || Ok(vec![("run", json!(again.run))]))?;
    block_on(async {
        let (stage, run) = (again.how.target.find().await?, again.run.as_str());
        let record = stage.clients.ledger().run(run).await.map_err(OperateError::Ledger)?;
        let record = record.ok_or_else(|| OperateError::NoRun(run.to_owned()))?;
        let running = stage.executions().describe(&record.execution).await.map_err(OperateError::Call)?;
        let runs = running.is_some_and(|execution| execution.status == Status::Running);
        let (execution, joined) = if runs && action == Action::Resume {
            let ledger = stage.clients.ledger();
            ledger.resume(run).await.map_err(OperateError::Ledger)?;
            let name = record.execution.rsplit(':').next().unwrap_or(run).to_owned();
            (Run { name, arn: record.execution }, true)
        } else {
            start(&stage, &name_for(run, action, now()), &input, false).await?
        };
        tell_start(&execution, joined);
        if again.how.detach {
            return Ok(detached(&execution, joined, again.how.target.json));
        }
        follow(&stage, &execution, Some(run), &again.how.follow, again.how.target.json).await
    })
}

/// Starts an execution, or finds the one that runs under this name already.
async fn start(stage: &DeployedStage, name: &str, input: &Value, numbered: bool) -> Result<(Run, bool), OperateError> {
    for attempt in 1..=MOST_ATTEMPTS {
        let name = if attempt == 1 { name.to_owned() } else { format!("{name}-{attempt}") };
        let run = stage.executions().named(&name);
        // Asked first: Step Functions does not tell a start from one that finds the same execution under way.
        match stage.executions().describe(&run.arn).await.map_err(OperateError::Call)? {
            Some(there) if there.status == Status::Running => return Ok((run, true)),
            Some(_) => {}
            None => {
                let input = sign(stage, &run, input).await?;
                let started = stage.executions().start(&name, &input.to_string()).await.map_err(OperateError::Call)?;
                return Ok(match started {
                    Started::New(run) => (run, false),
                    // Somebody else was faster by a moment.
                    Started::There(run) => (run, true),
                });
            }
        }
        if !numbered {
            let problem = "has ended; give the new one another name".to_owned();
            return Err(OperateError::NotSteered { run: name, problem });
        }
    }
    let problem = format!("was tried {MOST_ATTEMPTS} times; look at the last one, or give `--name`");
    Err(OperateError::NotSteered { run: name.to_owned(), problem })
}

async fn sign(stage: &DeployedStage, execution: &Run, input: &Value) -> Result<Value, OperateError> {
    let signer = stage.clients.signer().await.map_err(OperateError::Unsigned)?;
    signed(&signer, execution, input.clone(), SystemTime::now()).await.map_err(OperateError::Unsigned)
}

/// The whole input: what the command says, and what `--input` adds. Checked as Plan checks it.
fn input<'a>(
    action: Action,
    more: &Option<String>,
    fields: impl FnOnce() -> Result<Vec<(&'a str, Value)>, OperateError>,
) -> Result<Value, OperateError> {
    let wrong = |source| OperateError::Json { option: "input", source };
    let more: Map<String, Value> =
        more.as_deref().map(serde_json::from_str).transpose().map_err(wrong)?.unwrap_or_default();
    if more.contains_key("requested_by") {
        return Err(OperateError::SignedAlready);
    }
    let mut input = Map::from_iter([("action".to_owned(), json!(action.as_str()))]);
    input.extend(fields()?.into_iter().map(|(name, value)| (name.to_owned(), value)));
    input.extend(more);
    let input = Value::Object(input);
    Input::parse(&input).map_err(OperateError::Input)?;
    Ok(input)
}

/// An id, or the document in a file: what ends in a file's name or holds a slash is a file.
fn migration(text: &str) -> Result<Value, OperateError> {
    let is_file = text.contains('/') || [".yaml", ".yml", ".json"].iter().any(|end| text.ends_with(end));
    if !is_file {
        return Ok(json!(text));
    }
    let machine = |source: Box<dyn std::error::Error + Send + Sync>| OperateError::Machine {
        what: format!("the migration in {text} cannot be used"),
        source,
    };
    let source = crate::files::read(Path::new(&PathBuf::from(text))).map_err(|error| machine(error.into()))?;
    let document = tableshift_core::language::document::Document::from_yaml(&source.text);
    let document = document.map_err(|error| machine(error.into()))?;
    serde_json::to_value(document).map_err(|error| machine(error.into()))
}

/// A name that the same action on the same table with the same content always gets.
fn stable_name(input: &Value) -> String {
    let id = input["migration"].as_str().or_else(|| input["migration"]["id"].as_str()).unwrap_or("run");
    let what = hash::of_json(&json!([input["action"], input["table"], input["migration"], input.get("again")]));
    let suffix = format!("-{}", &what[..12]);
    let room = LONGEST_NAME - suffix.len() - "-99".len();
    format!("{}{suffix}", &id[..id.len().min(room)])
}

/// The name of an execution about an earlier run: there may be any number of them.
fn name_for(run: &str, action: Action, now: i64) -> String {
    let suffix = format!("-{}-{:x}", action.as_str(), now / 1000);
    format!("{}{suffix}", &run[..run.len().min(LONGEST_NAME - suffix.len())])
}

fn tell_start(execution: &Run, joined: bool) {
    let what = if joined { "joined, for it runs already" } else { "started" };
    let _ = std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{} {what}\n", execution.name));
}

fn detached(execution: &Run, joined: bool, json: bool) -> Told {
    let text = match json {
        true => json!({"run": execution.name, "execution": execution.arn, "joined": joined}).to_string() + "\n",
        false => format!("{}\n", execution.name),
    };
    Told { text, ending: Ending::Fine }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(more: Option<&str>) -> Result<Value, OperateError> {
        let fields = || Ok(vec![("migration", json!("20261122-a")), ("table", json!("people"))]);
        input(Action::Migrate, &more.map(str::to_owned), fields)
    }

    #[test]
    fn the_same_thing_always_gets_the_same_name_and_another_thing_another_one() {
        let plain = made(None).unwrap();
        let slower = made(Some(r#"{"write_units_per_second": 50}"#)).unwrap();
        assert_eq!(stable_name(&plain), stable_name(&slower), "options do not make another run");
        assert!(stable_name(&plain).starts_with("20261122-a-"));
        let mut other = plain.clone();
        other["table"] = json!("orders");
        assert_ne!(stable_name(&plain), stable_name(&other));
        assert_ne!(stable_name(&plain), stable_name(&made(Some(r#"{"again": true}"#)).unwrap()));
    }

    #[test]
    fn no_name_is_longer_than_step_functions_takes() {
        let long = json!({"action": "migrate", "table": "t", "migration": "m".repeat(80)});
        assert!(stable_name(&long).len() + 3 <= LONGEST_NAME);
        assert_eq!(name_for(&"r".repeat(80), Action::RollBack, i64::MAX).len(), LONGEST_NAME);
    }

    #[test]
    fn what_plan_would_refuse_is_refused_before_anything_is_started() {
        let error = made(Some(r#"{"colour": "red"}"#)).unwrap_err();
        assert!(matches!(error, OperateError::Input(_)), "{error}");
        let error = made(Some(r#"{"requested_by": "https://"}"#)).unwrap_err();
        assert!(matches!(error, OperateError::SignedAlready), "{error}");
        assert!(matches!(made(Some("{")).unwrap_err(), OperateError::Json { option: "input", .. }));
    }
}
