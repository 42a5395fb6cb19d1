//! `tableshift test`: a migration on the sample items beside it, with what each step changed.

mod json;
mod real;
mod show;
pub mod trace;
mod verdict;

use super::check;
use super::migration::{self, LoadError, Loaded};
use crate::author::fixture::{self, Case, Expected};
use crate::author::test::trace::Trace;
use crate::files::{self, FileError, Source};
use crate::output::{CommandOutput, ExitStatus};
use crate::table::{self, TableError};
use clap::Args;
use jiff::Timestamp;
use std::path::{Path, PathBuf};
use tableshift_core::item::value::Item;
use thiserror::Error;
use verdict::Judged;

/// Runs a migration on its sample items and shows what each step changes
///
/// The samples are in <id>.fixture.yaml beside the migration. A sample fails if it becomes something other than the file
/// says, or if applying the migration twice is not the same as applying it once.
#[derive(Debug, Args)]
pub struct Test {
    /// The migration file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The file of sample items [default: <id>.fixture.yaml beside the migration]
    #[arg(long, value_name = "FILE")]
    fixture: Option<PathBuf>,
    /// Replaces the expected results in the file with what each sample becomes. Review the file afterwards
    #[arg(long)]
    update: bool,
    /// Runs on items of this table instead; writes nothing
    #[arg(long, value_name = "NAME", conflicts_with_all = ["fixture", "update"])]
    table: Option<String>,
    /// How many items to read, spread over the whole table
    #[arg(long, value_name = "N", requires = "table", default_value_t = 20)]
    sample: u32,
    /// Prints one JSON document for programs instead
    #[arg(long)]
    json: bool,
}

/// Why a migration cannot be tested.
#[derive(Debug, Error)]
pub enum TestError {
    /// The document stands for a migration in Rust.
    #[error("{0} names a migration written in Rust, which is tested by its Rust tests: see workers/shared/migrations")]
    InRust(String),
    /// The migration cannot be read.
    #[error("cannot test the migration")]
    Migration(#[source] FileError),
    /// There are no samples.
    #[error(
        "there are no sample items: {path} cannot be read; write it as a list of samples, each with `name`, `before` and \
         `after`, or leave out `after` and let --update fill it in"
    )]
    Fixture {
        /// The file that should hold them.
        path: String,
        /// What the system says.
        #[source]
        source: FileError,
    },
    /// The table's items cannot be read.
    #[error("cannot test the migration on the table's items")]
    Table(#[source] TableError),
    /// The file of samples cannot be updated.
    #[error("cannot update the sample items")]
    Update(#[source] FileError),
}

/// Tests a migration on its samples.
pub fn run(test: &Test) -> Result<CommandOutput, TestError> {
    let loaded = match migration::load(&test.file) {
        Ok(loaded) => loaded,
        Err(LoadError::InRust(path)) => return Err(TestError::InRust(path)),
        Err(LoadError::File(source)) => return Err(TestError::Migration(source)),
        Err(LoadError::Findings(reviewed)) => {
            let text = if test.json { check::json(&[*reviewed]) } else { check::as_text(&reviewed.0, &reviewed.1) };
            return Ok(CommandOutput { text, status: ExitStatus::Findings });
        }
    };
    if let Some(name) = &test.table {
        let (table, items) = table::sample(name, test.sample).map_err(TestError::Table)?;
        return Ok(real::judge_all(&loaded, &table, items, Timestamp::now().as_second(), test.json));
    }
    let path = test.fixture.clone().unwrap_or_else(|| files::fixture_of(&test.file));
    let source =
        files::read(&path).map_err(|source| TestError::Fixture { path: path.display().to_string(), source })?;
    let cases = match fixture::read(&source.text) {
        Ok(cases) => cases,
        Err(findings) => {
            return Ok(CommandOutput { text: check::findings(&source, &findings), status: ExitStatus::Findings });
        }
    };
    if test.update {
        return update(&loaded, &path, &source, &cases);
    }
    let judged: Vec<Judged<'_>> = cases.iter().map(|case| verdict::judge(&loaded.migration, case)).collect();
    let fine = judged.iter().all(Judged::passed) && !judged.is_empty();
    let text = match test.json {
        true => json::output(&loaded, &source, &judged),
        false => check::warnings(&loaded.source, &loaded.review) + &show::judged(&loaded, &source.name, &judged),
    };
    Ok(CommandOutput { text, status: ExitStatus::success_if(fine) })
}

/// What each step does to an item, for people.
pub fn steps_of(loaded: &Loaded, item: &Item) -> String {
    show::steps(loaded, &Trace::of(&loaded.migration, item))
}

/// Writes what the samples become into their file.
fn update(loaded: &Loaded, path: &Path, source: &Source, cases: &[Case]) -> Result<CommandOutput, TestError> {
    let found: Vec<Expected> = cases.iter().map(|case| verdict::kept_or_found(&loaded.migration, case)).collect();
    let text = fixture::updated(&source.text, cases, &found);
    let changed = cases.iter().zip(&found).filter(|(case, found)| case.expected.as_ref() != Some(found));
    let names: Vec<&str> = changed.map(|(case, _)| case.name.as_str()).collect();
    if names.is_empty() {
        return Ok(CommandOutput {
            text: format!("{}: nothing to update\n", source.name),
            status: ExitStatus::Success,
        });
    }
    files::write(path, &text).map_err(TestError::Update)?;
    let mut summary = format!("{}: updated\n", source.name);
    names.iter().for_each(|name| summary += &format!("  {name}\n"));
    summary += "Review what was filled in: from now on, the migration must give exactly this.\n";
    Ok(CommandOutput { text: summary, status: ExitStatus::Success })
}
