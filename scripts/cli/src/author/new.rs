//! `tableshift new`: a dated migration file with a schema for editors, sample items, and what to do next.

use super::template;
use crate::author::fixture;
use crate::files::{self, FileError};
use crate::output::{CommandOutput, ExitStatus};
use clap::Args;
use jiff::Zoned;
use jiff::civil::Date;
use std::path::{Path, PathBuf};
use tableshift_core::language::compile::compiled::is_name;
use tableshift_core::language::diagnostics::shape;
use thiserror::Error;

/// Writes a new migration with sample items, and says what to do next
///
/// It also writes .tableshift, the schemas that editors with the YAML language server use to complete and explain
/// fields.
#[derive(Debug, Args)]
pub struct New {
    /// What the migration does, in a few words, such as add-tags. The date is added in front
    #[arg(value_name = "NAME")]
    name: String,
    /// The date that the id begins with [default: today]
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<Date>,
    /// The folder to write to
    #[arg(long, value_name = "FOLDER", default_value = "migrations")]
    folder: PathBuf,
}

/// Why a migration cannot be written.
#[derive(Debug, Error)]
pub enum NewError {
    /// The name cannot be part of an id.
    #[error(
        "`{0}` is not a valid name for a migration; use letters, digits, `.`, `_` and `-`, at most 71, as in `add-tags`"
    )]
    Name(String),
    /// A file is there already, or cannot be written.
    #[error("cannot write the migration")]
    File(#[source] FileError),
}

/// Writes the migration and its samples.
pub fn run(new: &New) -> Result<CommandOutput, NewError> {
    let date = new.date.unwrap_or_else(|| Zoned::now().date());
    let id = format!("{}-{}", date.strftime("%Y%m%d"), new.name);
    if !is_name(&id) {
        return Err(NewError::Name(new.name.clone()));
    }
    let migration = new.folder.join(format!("{id}.yaml"));
    let samples = files::fixture_of(&migration);
    for path in [&migration, &samples] {
        files::refuse_existing(path).map_err(NewError::File)?;
    }
    let files = template::of(&id, &new.name);
    files::write_new(&migration, &files.migration).map_err(NewError::File)?;
    files::write_new(&samples, &files.fixture).map_err(NewError::File)?;
    schemas(&new.folder).map_err(NewError::File)?;
    Ok(CommandOutput { text: next(&migration, &samples), status: ExitStatus::Success })
}

/// The schemas that the first line of each file names. They are this version's, whatever was there.
fn schemas(folder: &Path) -> Result<(), FileError> {
    let folder = folder.join(template::SCHEMA_FOLDER);
    let pretty = |schema: &serde_json::Value| serde_json::to_string_pretty(schema).unwrap_or_default() + "\n";
    files::write_generated(&folder.join("migration.schema.json"), &pretty(shape::schema()))?;
    files::write_generated(&folder.join("fixture.schema.json"), &pretty(&fixture::schema()))
}

fn next(migration: &Path, samples: &Path) -> String {
    let (file, samples) = (migration.display().to_string(), samples.display());
    let width = samples.to_string().len();
    format!(
        "{file:width$}   which items, what to change, what must hold afterwards\n\
         {samples}   sample items, before and after\n\
         \n\
         Next:\n\
         \x20 1. write the change and a few samples of your own items\n\
         \x20 2. tableshift check {file}     finds every problem in it\n\
         \x20 3. tableshift test {file}      shows what the samples become\n\
         \x20 4. tableshift explain {file}   describes it in plain language, for the approvers\n"
    )
}
