//! A fault: one finding of a document and the field that it is about. Where in the text the field is, is not known here;
//! [`diagnostics`](crate::language::diagnostics) finds it.

use crate::language::document::field::Field;
use crate::language::document::requires::RequirementError;
use crate::language::finding::{Code, Finding, Level};
use std::fmt;

/// Which part of a field a fault is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The field's value; the finding has no span of its own.
    Value,
    /// The field's name; the finding has no span of its own.
    Name,
    /// The expression in the field: the finding's spans are bytes of its source.
    Expression,
}

/// One finding of a document that is read already, and the field that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field, step or rule.
    pub field: Field,
    /// Which part of it.
    pub part: Part,
    /// What is wrong and what to do.
    pub finding: Finding,
    /// Another field of the document that matters to it, with what to say there.
    pub beside: Option<(&'static str, &'static str)>,
}

impl Fault {
    /// A fault of a field's value.
    pub(crate) fn of_value(field: Field, code: Code, message: impl Into<String>) -> Self {
        Self::of_finding(field, Finding::error(code, 0..0, message))
    }

    /// A finding about a field's value.
    pub(crate) fn of_finding(field: Field, finding: Finding) -> Self {
        Self { field, part: Part::Value, finding, beside: None }
    }

    /// A fault of a field of the document, which should not be there, or should.
    pub(crate) fn of_name(name: &'static str, code: Code, message: impl Into<String>) -> Self {
        Self { part: Part::Name, ..Self::of_value(Field::of(None, name), code, message) }
    }

    /// A finding of an expression.
    pub(crate) fn of_expression(field: Field, finding: Finding) -> Self {
        Self { field, part: Part::Expression, finding, beside: None }
    }

    /// The fault of `kind`, `requires` and `bake`.
    pub(crate) fn of_requirement(error: &RequirementError) -> Self {
        Self::of_value(Field::of(None, error.field()), Code::Refused, error.to_string()).help(error.advice())
    }

    /// Says what to do.
    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.finding = self.finding.help(help);
        self
    }

    /// Points at another field of the document.
    #[must_use]
    pub(crate) fn beside(mut self, name: &'static str, label: &'static str) -> Self {
        self.beside = Some((name, label));
        self
    }

    /// Whether it keeps the document from being a migration.
    pub fn is_error(&self) -> bool {
        self.finding.level == Level::Error
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.part {
            Part::Name => f.write_str(&self.finding.summary()),
            Part::Value | Part::Expression => write!(f, "{}: {}", self.field, self.finding.summary()),
        }
    }
}
