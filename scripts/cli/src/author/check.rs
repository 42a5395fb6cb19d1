//! `tableshift check`: every problem of migration files at once, each at its place, with what to write instead.

use super::render;
use super::table_description::{self, DescriptionError};
use crate::files::{self, FileError, Source};
use crate::output::{CommandOutput, ExitStatus};
use crate::table::{self, TableError};
use clap::Args;
use serde::Serialize;
use std::path::PathBuf;
use tableshift_core::language::diagnostics::Review;
use tableshift_core::language::diagnostics::table::Facts;
use tableshift_core::language::document::Document;
use tableshift_core::language::document::requires;
use tableshift_core::language::finding::{Finding, Level, position};
use thiserror::Error;

/// Finds everything that is wrong with migration files, before anything runs
#[derive(Debug, Args)]
pub struct Check {
    /// Migration files; `-` reads the standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The table to migrate: also checks keys, indexes and time to live. Reads its description from AWS; writes nothing
    #[arg(long, value_name = "NAME", conflicts_with = "table_description")]
    table: Option<String>,
    /// Like --table, without a call to AWS: reads the output of `aws dynamodb describe-table`
    #[arg(long, value_name = "FILE")]
    table_description: Option<PathBuf>,
    /// The table's time-to-live attribute
    #[arg(long, value_name = "ATTRIBUTE", requires = "table_description")]
    time_to_live: Option<String>,
    /// Prints one JSON document for programs instead
    #[arg(long)]
    json: bool,
}

/// Why files cannot be checked.
#[derive(Debug, Error)]
pub enum CheckError {
    /// A file cannot be read.
    #[error("cannot check the migration")]
    File(#[source] FileError),
    /// The table cannot be read.
    #[error("cannot check the migration")]
    Table(#[source] TableError),
    /// The table's description cannot be read.
    #[error("cannot check the migration")]
    Description(#[source] DescriptionError),
}

/// Checks every file.
pub fn run(check: &Check) -> Result<CommandOutput, CheckError> {
    let facts = check.facts()?;
    let sources = check.files.iter().map(|path| files::read(path)).collect::<Result<Vec<_>, _>>();
    let sources = sources.map_err(CheckError::File)?;
    let reviewed: Vec<(Source, Review)> = sources
        .into_iter()
        .map(|source| {
            let review = Review::of(&source.text, facts.as_ref());
            (source, review)
        })
        .collect();
    let errors = reviewed.iter().map(|(_, review)| review.count(Level::Error)).sum::<usize>();
    let text = if check.json { json(&reviewed) } else { prose(&reviewed) };
    Ok(CommandOutput { text, status: ExitStatus::success_if(errors == 0) })
}

impl Check {
    fn facts(&self) -> Result<Option<Facts>, CheckError> {
        if let Some(name) = &self.table {
            return table::facts(name).map(Some).map_err(CheckError::Table);
        }
        let Some(path) = &self.table_description else { return Ok(None) };
        let source = files::read(path).map_err(CheckError::File)?;
        let facts = table_description::read(&source.text).map_err(CheckError::Description)?;
        Ok(Some(Facts { time_to_live: self.time_to_live.clone(), ..facts }))
    }
}

/// How many findings of a file are shown to people; programs get them all.
const MAX_SHOWN: usize = 100;

/// A review for people: each finding, and a last line for the file.
pub fn as_text(source: &Source, review: &Review) -> String {
    let shown = review.findings.iter().take(MAX_SHOWN);
    let mut text: String = shown.map(|finding| render::finding(finding, &source.name, &source.text)).collect();
    if review.findings.len() > MAX_SHOWN {
        text += &format!("... and {} more\n", review.findings.len() - MAX_SHOWN);
    }
    let (errors, warnings) = (review.count(Level::Error), review.count(Level::Warning));
    let verdict = match (errors, warnings) {
        (0, 0) => "fine".to_owned(),
        (0, _) => format!("fine, with {}", render::counted(errors, warnings)),
        _ => render::counted(errors, warnings),
    };
    text += &format!("{}: {verdict}\n", source.name);
    if errors == 0 {
        text.extend(meaning(source).iter().map(|sentence| format!("  {sentence}\n")));
    }
    text
}

/// What `kind`, `requires` and `bake` mean for when the migration may run.
fn meaning(source: &Source) -> Vec<String> {
    Document::from_yaml(&source.text).map(|document| requires::sentences(&document)).unwrap_or_default()
}

/// The findings of a fixture file.
pub fn findings(source: &Source, findings: &[Finding]) -> String {
    let text: String = findings.iter().map(|one| render::finding(one, &source.name, &source.text)).collect();
    text + &format!("{}: {}\n", source.name, render::counted(findings.len(), 0))
}

/// The findings of a review that are not errors.
pub fn warnings(source: &Source, review: &Review) -> String {
    review.findings.iter().map(|one| render::finding(one, &source.name, &source.text)).collect()
}

fn prose(reviewed: &[(Source, Review)]) -> String {
    reviewed.iter().map(|(source, review)| as_text(source, review)).collect()
}

/// The form of `--json`. Fields may be added; within a version, no field is renamed or removed.
#[derive(Debug, Serialize)]
struct Output<'r> {
    /// The version of this form.
    version: u32,
    errors: usize,
    warnings: usize,
    files: Vec<FileOutput<'r>>,
}

#[derive(Debug, Serialize)]
struct FileOutput<'r> {
    file: &'r str,
    /// When the migration may run, in sentences; left out if the document says nothing about it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    when: Vec<String>,
    findings: Vec<FindingOutput<'r>>,
}

#[derive(Debug, Serialize)]
struct FindingOutput<'r> {
    level: Level,
    code: String,
    message: &'r str,
    at: PlaceOutput<'r>,
    also: Vec<PlaceOutput<'r>>,
    notes: &'r [String],
    help: &'r [String],
    suggestion: Option<SuggestionOutput<'r>>,
}

#[derive(Debug, Serialize)]
struct PlaceOutput<'r> {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    label: &'r str,
}

#[derive(Debug, Serialize)]
struct SuggestionOutput<'r> {
    message: &'r str,
    at: PlaceOutput<'r>,
    replacement: &'r str,
}

/// Reviews for programs.
pub fn json(reviewed: &[(Source, Review)]) -> String {
    let count = |level| reviewed.iter().map(|(_, review)| review.count(level)).sum();
    let files = reviewed.iter().map(|(source, review)| FileOutput {
        file: &source.name,
        when: if review.count(Level::Error) == 0 { meaning(source) } else { Vec::new() },
        findings: review.findings.iter().map(|one| output(one, &source.text)).collect(),
    });
    let output =
        Output { version: 1, errors: count(Level::Error), warnings: count(Level::Warning), files: files.collect() };
    serde_json::to_string_pretty(&output).unwrap_or_default() + "\n"
}

fn output<'r>(finding: &'r Finding, text: &str) -> FindingOutput<'r> {
    let place = |span: &std::ops::Range<usize>, label: &'r str| {
        let ((line, column), (end_line, end_column)) = (position(text, span.start), position(text, span.end));
        PlaceOutput { line, column, end_line, end_column, label }
    };
    FindingOutput {
        level: finding.level,
        code: finding.code.as_str(),
        message: &finding.message,
        at: place(&finding.span, &finding.label),
        also: finding.also.iter().map(|other| place(&other.span, &other.label)).collect(),
        notes: &finding.notes,
        help: &finding.help,
        suggestion: finding.suggestion.as_ref().map(|suggestion| SuggestionOutput {
            message: &suggestion.message,
            at: place(&suggestion.span, ""),
            replacement: &suggestion.replacement,
        }),
    }
}
