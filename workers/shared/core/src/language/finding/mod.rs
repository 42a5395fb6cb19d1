//! A finding: one problem of a document or of an expression, where it is, and what to write instead. What is looked for,
//! and how findings are shown, is not known here.

pub mod suggest;

use serde::Serialize;
use std::ops::Range;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The migration cannot run.
    Error,
    /// The migration can run, and probably does not do what its author means.
    Warning,
    /// Something that is good to know.
    Note,
}

/// What kind of problem a finding is. The names are stable: programs may rely on them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// The text is not YAML.
    Yaml,
    /// A value was read as a YAML tag, such as `!has(item.a)` without quotes.
    YamlTag,
    /// The document is longer than any migration may be.
    TooLong,
    /// A field that does not exist.
    UnknownField,
    /// A field that must be there is not.
    MissingField,
    /// A field is written twice.
    DuplicateField,
    /// A field has no value.
    EmptyField,
    /// A field's value is of the wrong kind.
    WrongKind,
    /// The id cannot name a file.
    Id,
    /// A step has no action, or several.
    StepShape,
    /// A path cannot be read.
    Path,
    /// An expression is not CEL.
    Syntax,
    /// An expression names something that does not exist.
    UnknownName,
    /// An expression calls a function that does not exist.
    UnknownFunction,
    /// A function is called with the wrong number of arguments.
    Arguments,
    /// A pattern is not a regular expression, or not a fixed string.
    Pattern,
    /// `item` or `key` is used as a whole.
    WholeItem,
    /// An expression can only give a value of the wrong type.
    Type,
    /// A comparison of two types that are never equal.
    NeverEqual,
    /// A literal of a step or number of an expression that DynamoDB cannot hold, or a literal that looks like an expression.
    Literal,
    /// A condition that reads nothing of an item and is always true.
    AlwaysTrue,
    /// A condition that reads nothing of an item and is always false.
    AlwaysFalse,
    /// A second run may change the items again.
    NotIdempotent,
    /// A rule that no item ever reaches.
    Unreachable,
    /// The document has more than one of `change`, `rules` and `code`, or stands for a migration in Rust.
    Form,
    /// A step's effect is undone or overwritten by a later step.
    NoEffect,
    /// A step does what another step does already.
    Duplicate,
    /// A step touches a key attribute of the table.
    TouchesKey,
    /// A step touches a key attribute of an index.
    TouchesIndexKey,
    /// A step touches the attribute that deletes items.
    TouchesTimeToLive,
    /// Anything else that keeps the document from being a migration.
    Refused,
}

impl Code {
    /// Every kind, in the order of the command's page.
    pub const ALL: [Code; 31] = [
        Code::Yaml,
        Code::YamlTag,
        Code::TooLong,
        Code::UnknownField,
        Code::MissingField,
        Code::DuplicateField,
        Code::EmptyField,
        Code::WrongKind,
        Code::Id,
        Code::StepShape,
        Code::Path,
        Code::Syntax,
        Code::UnknownName,
        Code::UnknownFunction,
        Code::Arguments,
        Code::Pattern,
        Code::WholeItem,
        Code::Type,
        Code::NeverEqual,
        Code::Literal,
        Code::AlwaysTrue,
        Code::AlwaysFalse,
        Code::NotIdempotent,
        Code::Unreachable,
        Code::Form,
        Code::NoEffect,
        Code::Duplicate,
        Code::TouchesKey,
        Code::TouchesIndexKey,
        Code::TouchesTimeToLive,
        Code::Refused,
    ];

    /// The name that programs see.
    pub fn as_str(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(name)) => name,
            _ => format!("{self:?}"),
        }
    }
}

/// A replacement of a part of the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// What to do, in words.
    pub message: String,
    /// The bytes of the document to replace.
    pub span: Range<usize>,
    /// What to put there.
    pub replacement: String,
}

/// A second place that a finding is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The bytes of the document.
    pub span: Range<usize>,
    /// What is there.
    pub label: String,
}

/// One problem of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// What kind it is.
    pub code: Code,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where: bytes of the document, never past its end.
    pub span: Range<usize>,
    /// A few words under the place.
    pub label: String,
    /// Other places that matter to it.
    pub also: Vec<Place>,
    /// Why it matters, or what else is to know.
    pub notes: Vec<String>,
    /// What to do, where a replacement cannot say it.
    pub help: Vec<String>,
    /// What to write instead.
    pub suggestion: Option<Suggestion>,
}

impl Finding {
    /// An error at this place.
    pub fn error(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            level: Level::Error,
            code,
            message: message.into(),
            span,
            label: String::new(),
            also: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            suggestion: None,
        }
    }

    /// The error for a list of steps or rules without any element.
    pub(crate) fn no_elements(field: &str, span: Range<usize>) -> Self {
        let finding = Self::error(Code::EmptyField, span, format!("`{field}` is empty"));
        finding.help("write at least one step, as in `- set: version` with `to: 2` below it")
    }

    /// A warning at this place.
    pub fn warning(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { level: Level::Warning, ..Self::error(code, span, message) }
    }

    /// A note at this place.
    pub fn note(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Self { level: Level::Note, ..Self::error(code, span, message) }
    }

    /// Line and column of the place in the document, both from 1, the column in characters.
    pub fn position(&self, text: &str) -> (usize, usize) {
        position(text, self.span.start)
    }

    /// The finding without a picture of its place: `line 4, column 9: there is no function `frob()` (did you mean ...?)`.
    pub fn in_one_line(&self, text: &str) -> String {
        let (line, column) = self.position(text);
        format!("line {line}, column {column}: {}", self.summary())
    }

    /// What is wrong and, in brackets, what to do: for where the place is known or named already.
    pub fn summary(&self) -> String {
        let suggested =
            self.suggestion.as_ref().map(|suggestion| match suggestion.message.contains(&suggestion.replacement) {
                true => suggestion.message.clone(),
                false => format!("{}: {}", suggestion.message, suggestion.replacement),
            });
        let advice = suggested.or_else(|| self.help.first().cloned()).map(|advice| format!(" ({advice})"));
        format!("{}{}", self.message, advice.unwrap_or_default())
    }

    /// The errors among findings, each with its advice, in one line.
    pub fn summaries(findings: &[Self]) -> String {
        let errors = findings.iter().filter(|finding| finding.level == Level::Error).map(Self::summary);
        errors.collect::<Vec<_>>().join("; ")
    }

    /// Says a few words under the place.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Points at a second place.
    #[must_use]
    pub fn also(mut self, span: Range<usize>, label: impl Into<String>) -> Self {
        self.also.push(Place { span, label: label.into() });
        self
    }

    /// Says why it matters.
    #[must_use]
    pub fn because(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Says what to write instead.
    #[must_use]
    pub fn suggest(mut self, message: impl Into<String>, span: Range<usize>, replacement: impl Into<String>) -> Self {
        self.suggestion = Some(Suggestion { message: message.into(), span, replacement: replacement.into() });
        self
    }
}

/// Line and column of a byte of a text, both from 1, the column in characters.
pub fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (line, before[start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_listed_once_in_the_order_of_its_declaration() {
        let places: Vec<usize> = Code::ALL.iter().map(|code| *code as usize).collect();
        assert_eq!(places, (0..=Code::Refused as usize).collect::<Vec<_>>());
    }
}
