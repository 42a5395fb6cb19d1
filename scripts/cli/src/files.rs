//! Reads and writes files on this machine: migrations, sample items, schemas.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The content of a file, and its name in messages.
#[derive(Debug, Clone)]
pub struct Source {
    /// The path as it was given, or `<stdin>`.
    pub name: String,
    /// The content.
    pub text: String,
}

/// Why a file was not read or written.
#[derive(Debug, Error)]
pub enum FileError {
    /// The system refused to read it.
    #[error("cannot read {path}")]
    Read {
        /// The path as it was given.
        path: String,
        /// The error of the system.
        #[source]
        source: std::io::Error,
    },
    /// It contains bytes that are not UTF-8.
    #[error("{path} is not valid UTF-8")]
    NotUtf8 {
        /// The path as it was given.
        path: String,
    },
    /// The system refused to write it.
    #[error("cannot write {path}")]
    Write {
        /// The path of the file or folder.
        path: String,
        /// The error of the system.
        #[source]
        source: std::io::Error,
    },
    /// It exists, and the command does not overwrite it.
    #[error("{path} already exists; nothing was written")]
    Exists {
        /// The path of the file.
        path: String,
    },
}

/// Reads a file, or standard input for `-`.
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
    let text = String::from_utf8(bytes).map_err(|_| FileError::NotUtf8 { path: name.clone() })?;
    Ok(Source { name, text })
}

/// Fails if something exists at this path.
pub fn refuse_existing(path: &Path) -> Result<(), FileError> {
    if path.exists() { Err(FileError::Exists { path: path.display().to_string() }) } else { Ok(()) }
}

/// Writes a generated file, which people do not edit, and creates its folder. Overwrites the file.
pub fn write_generated(path: &Path, text: &str) -> Result<(), FileError> {
    if let Some(folder) = path.parent() {
        let failed = |source| FileError::Write { path: folder.display().to_string(), source };
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    write(path, text)
}

/// Writes a new file and creates its folder. Fails if the file exists.
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

/// Writes a file. Overwrites it if it exists.
pub fn write(path: &Path, text: &str) -> Result<(), FileError> {
    std::fs::write(path, text).map_err(|source| FileError::Write { path: path.display().to_string(), source })
}

/// The path of a migration's samples: `<id>.fixture.yaml` beside `<id>.yaml`.
pub fn fixture_of(migration: &Path) -> PathBuf {
    migration.with_extension("fixture.yaml")
}
