//! Reading and writing the author's files.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A text with the name that messages call it by.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path as it was given, or `<stdin>`.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Why a file cannot be read or written.
#[derive(Debug, Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The path as it was given.
        path: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It is no text.
    #[error("{path} is not UTF-8 text")]
    NotText {
        /// The path as it was given.
        path: String,
    },
    /// It cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// The path.
        path: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// It is there already.
    #[error("{path} is there already; nothing was written")]
    Exists {
        /// The path.
        path: String,
    },
}

/// Reads a file, or the standard input for `-`.
pub fn read(path: &Path) -> Result<Source, FileError> {
    let stdin = path.as_os_str() == "-";
    let name = if stdin { "<stdin>".to_owned() } else { path.display().to_string() };
    let failed = |source| FileError::Read { path: name.clone(), source };
    let bytes = if stdin {
        let mut bytes = Vec::new();
        std::io::stdin().read_to_end(&mut bytes).map_err(failed)?;
        bytes
    } else {
        std::fs::read(path).map_err(failed)?
    };
    let text = String::from_utf8(bytes).map_err(|_| FileError::NotText { path: name.clone() })?;
    Ok(Source { name, text })
}

/// Refuses a path where something is.
pub fn refuse_existing(path: &Path) -> Result<(), FileError> {
    match path.exists() {
        true => Err(FileError::Exists { path: path.display().to_string() }),
        false => Ok(()),
    }
}

/// Writes a file that is generated and nobody's own, with the folders above it.
pub fn write_generated(path: &Path, text: &str) -> Result<(), FileError> {
    if let Some(folder) = path.parent() {
        let failed = |source| FileError::Write { path: folder.display().to_string(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    write(path, text)
}

/// Writes a file that must not be there yet, with the folders above it.
pub fn write_new(path: &Path, text: &str) -> Result<(), FileError> {
    use std::io::Write as _;
    let failed = |source| FileError::Write { path: path.display().to_string(), source };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = file.map_err(|source| match source.kind() {
        std::io::ErrorKind::AlreadyExists => FileError::Exists { path: path.display().to_string() },
        _ => failed(source),
    })?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// Writes a file anew.
pub fn write(path: &Path, text: &str) -> Result<(), FileError> {
    std::fs::write(path, text).map_err(|source| FileError::Write { path: path.display().to_string(), source })
}

/// The fixture file of a migration: `<id>.fixture.yaml` beside `<id>.yaml`.
pub fn fixture_of(migration: &Path) -> PathBuf {
    migration.with_extension("fixture.yaml")
}
