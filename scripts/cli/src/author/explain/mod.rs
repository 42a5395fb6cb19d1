//! `tableshift explain`: the migration in plain language, and the exact update that a sample item would get.

mod page;

use crate::author::fixture::{self, Case, plain};
use crate::author::migration::{self, LoadError, Loaded};
use crate::author::{check, test};
use crate::files::{self, FileError};
use crate::output::{CommandOutput, ExitStatus};
use clap::Args;
use std::path::PathBuf;
use tableshift_core::change::migration::{Migration as _, Outcome};
use tableshift_core::item::value::{Item, Value};
use tableshift_core::write::update::Update;
use thiserror::Error;

/// Explains a migration in plain language, with the exact update for a sample item
#[derive(Debug, Args)]
pub struct Explain {
    /// The migration file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The name of the sample to show the update for [default: the first one that changes]
    #[arg(long, value_name = "NAME")]
    sample: Option<String>,
    /// The file of sample items [default: <id>.fixture.yaml beside the migration]
    #[arg(long, value_name = "FILE")]
    fixture: Option<PathBuf>,
    /// The table's key attributes, partition key first
    #[arg(long = "key", value_name = "ATTRIBUTE", default_values = ["pk", "sk"])]
    keys: Vec<String>,
}

/// Why a migration cannot be explained.
#[derive(Debug, Error)]
pub enum ExplainError {
    /// The document stands for a migration in Rust.
    #[error("{0} names a migration written in Rust, which cannot be explained here: see workers/shared/migrations")]
    InRust(String),
    /// A file cannot be read.
    #[error("cannot explain the migration")]
    File(#[source] FileError),
    /// No sample with this name is changed.
    #[error("{path} has no sample `{name}` that the migration changes; check the name")]
    NoSample {
        /// The file of samples.
        path: String,
        /// The name that was asked for.
        name: String,
    },
}

/// Explains a migration.
pub fn run(explained: &Explain) -> Result<CommandOutput, ExplainError> {
    let loaded = match migration::load(&explained.file) {
        Ok(loaded) => loaded,
        Err(LoadError::InRust(path)) => return Err(ExplainError::InRust(path)),
        Err(LoadError::File(source)) => return Err(ExplainError::File(source)),
        Err(LoadError::Findings(reviewed)) => {
            return Ok(CommandOutput { text: check::as_text(&reviewed.0, &reviewed.1), status: ExitStatus::Findings });
        }
    };
    let mut text = page::of(&loaded.document, &loaded.migration);
    let path = explained.fixture.clone().unwrap_or_else(|| files::fixture_of(&explained.file));
    let asked = explained.fixture.is_some() || explained.sample.is_some();
    match files::read(&path) {
        Err(source) if asked => return Err(ExplainError::File(source)),
        Err(_) => {
            text += &format!("\nWith sample items in {}, the exact update is shown here too.\n", path.display());
        }
        Ok(source) => match fixture::read(&source.text) {
            Err(findings) => {
                return Ok(CommandOutput {
                    text: text + "\n" + &check::findings(&source, &findings),
                    status: ExitStatus::Findings,
                });
            }
            Ok(cases) => text += &sample(explained, &loaded, &source.name, &cases)?,
        },
    }
    Ok(CommandOutput { text, status: ExitStatus::Success })
}

fn sample(explained: &Explain, loaded: &Loaded, path: &str, cases: &[Case]) -> Result<String, ExplainError> {
    let wanted = |case: &&Case| explained.sample.as_ref().is_none_or(|name| *name == case.name);
    let changed = cases.iter().filter(wanted).find_map(|case| match loaded.migration.apply(&case.before) {
        Outcome::Changed(change) => Some((case, change)),
        _ => None,
    });
    let Some((case, change)) = changed else {
        return match &explained.sample {
            Some(name) => Err(ExplainError::NoSample { path: path.to_owned(), name: name.clone() }),
            None => Ok(format!("\nNo sample in {path} is changed, so there is no update to show.\n")),
        };
    };
    let keys: Vec<String> = explained.keys.iter().filter(|key| case.before.contains_key(*key)).cloned().collect();
    let update = Update::of_change(&change, &keys);
    let mut text = format!("\nThe update for the sample \"{}\"\n", case.name);
    text += &test::steps_of(loaded, &case.before);
    text += &written(&update, &case.before, &keys);
    if keys.is_empty() {
        text += "  The sample has no key attribute: name the table's key attributes with --key, partition key first.\n";
    }
    Ok(text)
}

/// An update as the request has it.
fn written(update: &Update, item: &Item, keys: &[String]) -> String {
    let key: Vec<String> =
        keys.iter().filter_map(|key| Some(format!("{key}: {}", plain::flow(item.get(key)?)))).collect();
    let mut text = String::new();
    text += &format!("  Key                        {{ {} }}\n", key.join(", "));
    text += &format!("  UpdateExpression           {}\n", update.expression);
    let condition = update.condition.replace(" AND ", "\n                             AND ");
    text += &format!("  ConditionExpression        {condition}\n");
    let mut names = update.names.iter();
    if let Some((placeholder, name)) = names.next() {
        text += &format!("  ExpressionAttributeNames   {placeholder} = {name}\n");
    }
    names.for_each(|(placeholder, name)| text += &format!("{:29}{placeholder} = {name}\n", ""));
    let mut values = update.values.iter();
    if let Some((placeholder, value)) = values.next() {
        text += &format!("  ExpressionAttributeValues  {}\n", assignment(placeholder, value));
    }
    values.for_each(|(placeholder, value)| text += &format!("{:29}{}\n", "", assignment(placeholder, value)));
    text
}

fn assignment(placeholder: &str, value: &Value) -> String {
    format!("{placeholder} = {}", serde_json::to_string(value).unwrap_or_default())
}
