//! Text that is not YAML: the parser's message and, for the most common mistakes, what to write instead.

use crate::language::finding::{Code, Finding};
use serde_saphyr::granit_parser::{ErrorKind, ScanError};
use std::ops::Range;

/// The finding for a text that stops being YAML at some place.
pub fn finding(text: &str, error: &ScanError) -> Finding {
    let at = place(text, error);
    let line = line_of(text, at.start);
    let finding = Finding::error(Code::Yaml, at.clone(), "this is not YAML").label(error.info());
    match error.kind() {
        ErrorKind::InvalidTrailingDoubleQuotedScalar | ErrorKind::InvalidTrailingSingleQuotedScalar => {
            quoted_start(text, &line, finding)
        }
        ErrorKind::MappingValueNotAllowed if is_inside_value(text, &line, at.start) => {
            let (message, span) = ("a `: ` inside a value begins a map: quote the whole value", value_of(text, &line));
            let quoted = quoted(&text[span.clone()]);
            finding.label("this colon cannot be here").suggest(message, span, quoted)
        }
        kind if is_about_tabs(kind) || text[line.clone()].contains('\t') => {
            let tab = text[line.start..].find('\t').map_or(at, |tab| line.start + tab..line.start + tab + 1);
            Finding::error(Code::Yaml, tab, "YAML does not allow a tab here").help("indent with spaces")
        }
        _ if text[at.start..].starts_with(['@', '`', '%']) => {
            finding.label("a value cannot begin with this character").help("put the value in quotes")
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::ExpectedBlockSequenceEntry => {
            finding.label("this line is indented neither as the one above it nor as a field of the step").help(
                "indent the fields of one map alike: under `- set: a` the line `to: 1` begins below the `s` of `set`",
            )
        }
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::DocumentIndicatorInQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape => {
            finding.label("a string in quotes cannot go on here").help("close the quote that was opened before")
        }
        ErrorKind::MappingValueNotAllowed => {
            finding.help("indent the fields of one map alike, and quote values that hold `: `")
        }
        _ => finding,
    }
}

/// `"STATUS#" + item.status`: the author quotes a string of the expression, YAML takes the quotes for its own.
fn quoted_start(text: &str, line: &Range<usize>, finding: Finding) -> Finding {
    let span = value_of(text, line);
    let value = &text[span.clone()];
    let message = "the value begins with a quote, so YAML ends it at the next one; put the whole expression in quotes";
    finding.label("YAML's string ended before this").suggest(message, span, quoted(value))
}

fn is_about_tabs(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
    )
}

fn place(text: &str, error: &ScanError) -> Range<usize> {
    let mut start = error.marker().byte_offset().unwrap_or(0).min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let end = text[start..].chars().next().filter(|c| *c != '\n').map_or(start, |c| start + c.len_utf8());
    start..end
}

fn line_of(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    start..text[at..].find('\n').map_or(text.len(), |newline| at + newline)
}

/// Whether a colon at `at` is the second one of its line.
fn is_inside_value(text: &str, line: &Range<usize>, at: usize) -> bool {
    text[line.start..at].contains(": ")
}

/// What follows the first `: ` of a line.
fn value_of(text: &str, line: &Range<usize>) -> Range<usize> {
    let content = &text[line.clone()];
    let start = content.find(": ").map_or(0, |colon| colon + 2);
    let blanks = content[start..].len() - content[start..].trim_start().len();
    line.start + start + blanks..line.start + content.trim_end().len()
}

/// A value in YAML's single quotes, which take everything but themselves as it is.
pub fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}
