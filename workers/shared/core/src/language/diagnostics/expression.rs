//! One CEL expression: what keeps it from compiling, each problem at its place in the document.

use super::finding::{Code, Finding};
use super::names::{self, Problem};
use super::position;
use super::syntax;
use super::yaml::Node;
use crate::language::expression::error::CompileError;
use serde_saphyr::granit_parser::ScalarStyle;
use std::ops::Range;

/// Where an expression stands, and what it may name beside `item` and `key`.
pub struct Place<'d> {
    /// The whole document.
    pub document: &'d str,
    /// The field, as messages name it: `where`, `step 2: to`.
    pub field: String,
    /// The scalar that holds it.
    pub node: &'d Node,
    /// Whether it is a condition, which must give true or false.
    pub condition: bool,
    /// The names that it may use beside `item` and `key`.
    pub variables: &'d [&'d str],
}

impl Place<'_> {
    /// Where a part of the expression is in the document.
    pub fn span(&self, part: Range<usize>) -> Range<usize> {
        position::within(self.document, self.node, part)
    }
}

/// Every problem of an expression.
pub fn check(place: &Place<'_>, compiled: Result<(), CompileError>, findings: &mut Vec<Finding>) {
    let text = place.node.text().unwrap_or_default();
    if let Err(CompileError::Syntax(errors)) = &compiled {
        // What follows the first error of an expression is nearly always its consequence.
        let first = errors.errors.first();
        let at = first.map_or(0, |error| offset(text, error.pos));
        findings.push(syntax::finding(place, at, first.map_or("", |error| error.msg.as_str())));
        return;
    }
    let before = findings.len();
    for problem in names::problems(text, place.condition, place.variables) {
        findings.push(named(place, text, problem));
    }
    if let (Err(error), true) = (compiled, before == findings.len()) {
        let told = super::told(&error);
        let (message, help) = told.split_once("; ").unwrap_or((&told, ""));
        let message = message.strip_prefix("it ").map_or(message.to_owned(), |said| format!("this expression {said}"));
        let finding = Finding::error(Code::Refused, place.node.span.clone(), message);
        findings.push(if help.is_empty() { finding } else { finding.help(help) });
    }
}

/// The byte offset of a line and a column of CEL's, both from 1, the column in characters.
fn offset(text: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line - 1).unwrap_or(0);
    let column = usize::try_from(column - 1).unwrap_or(0);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    start + rest.char_indices().nth(column).map_or(rest.len(), |(offset, _)| offset)
}

fn named(place: &Place<'_>, text: &str, problem: Problem) -> Finding {
    let span = place.span(problem.span.clone());
    let mut finding = match problem.warning {
        true => Finding::warning(problem.code, span.clone(), problem.message),
        false => Finding::error(problem.code, span.clone(), problem.message),
    };
    finding.label = problem.label;
    finding.help = problem.help;
    if let Some((message, with)) = problem.replace {
        let plain = !matches!(
            &place.node.kind,
            super::yaml::Kind::Scalar(_, ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded)
        );
        let whole = problem.span == (0..text.len()) && with.starts_with('\'');
        let (span, with) = match (whole, plain) {
            (true, _) => (place.node.span.clone(), format!("\"{with}\"")),
            (false, _) => (span, with),
        };
        finding = finding.suggest(message, span, with);
    }
    finding
}
