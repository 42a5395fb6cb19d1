//! What compiling refuses: every step by itself, so that one fault does not hide the next.

use super::steps::StepView;
use super::yaml::Node;
use crate::language::compile::compiled::Compiled;
use crate::language::compile::error::MeaningError;
use crate::language::compile::reading;
use crate::language::document::field::Field;
use crate::language::document::{Document, Step};
use crate::language::finding::{Code, Finding, Level};
use std::cmp::Reverse;
use std::ops::Range;

/// The document, if it can be read; and every refusal of a step that no other finding has told already.
pub fn read(text: &str, root: &Node, steps: &[StepView<'_>], findings: &mut Vec<Finding>) -> Option<Document> {
    // Inner steps first: their faults are refused once more with the step that they are in.
    let mut order: Vec<&StepView<'_>> = steps.iter().collect();
    order.sort_by_key(|view| Reverse(view.numbers.len()));
    order.into_iter().for_each(|view| step(view, findings));
    match Document::from_yaml(text) {
        Ok(document) => Some(document),
        Err(error) => {
            if !is_refused(findings) {
                findings.push(Finding::error(Code::Refused, root.span.clone(), super::told(&error)));
            }
            None
        }
    }
}

/// The compiled document, if it compiles.
pub fn compile(root: &Node, document: &Document, findings: &mut Vec<Finding>) -> Option<Compiled> {
    match Compiled::of(document) {
        Ok(compiled) => Some(compiled),
        Err(error) => {
            if !is_refused(findings) {
                findings.push(finding(&error, root.span.clone()));
            }
            None
        }
    }
}

fn is_refused(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.level == Level::Error)
}

/// A step by itself. A fault of a step within it is that step's.
fn step(view: &StepView<'_>, findings: &mut Vec<Finding>) {
    if is_told(&view.node.span, findings) {
        return;
    }
    // A shape that serde refuses has been told before.
    let Ok(step) = serde_json::from_value::<Step>(view.node.value()) else { return };
    let place = view.numbers.iter().rev().skip(1).rev().fold(Field::of(view.rule, ""), |field, one| field.step(*one));
    let Err(error) = reading::steps(&place, std::slice::from_ref(&step)) else { return };
    // Paths and expressions have been told where they stand; a comment that cut one short even after it.
    if !matches!(error, MeaningError::Path { .. } | MeaningError::Expression { .. }) {
        findings.push(finding(&error, place_in(view.node, error.field())));
    }
}

fn is_told(span: &Range<usize>, findings: &[Finding]) -> bool {
    let within = |finding: &Finding| span.start <= finding.span.start && finding.span.end <= span.end;
    findings.iter().any(|finding| finding.level == Level::Error && within(finding))
}

/// Where in a step a field is: the field itself, or what there is of the way to it.
fn place_in(step: &Node, field: Option<&Field>) -> Range<usize> {
    let names = field.map(|field| field.name).unwrap_or_default();
    let mut here = step;
    for name in names.split('.').filter(|name| !name.is_empty()) {
        match here.field(name) {
            Some(found) => here = found,
            None => break,
        }
    }
    match std::ptr::eq(here, step) {
        true => step.entries().first().map_or(step.span.clone(), |first| first.at.start..first.value.span.end),
        false => here.span.clone(),
    }
}

/// A refusal as a finding: what it says before the first `; ` is wrong, what follows is what to do.
fn finding(error: &MeaningError, span: Range<usize>) -> Finding {
    let told = super::told(error);
    let named = error.field().map(ToString::to_string).unwrap_or_default();
    let said = told.strip_prefix(named.as_str()).map(str::trim_start).unwrap_or(&told);
    let (message, help) = said.split_once("; ").unwrap_or((said, ""));
    let code = match error {
        MeaningError::Shape { .. } => Code::StepShape,
        MeaningError::Literal { .. } => Code::Literal,
        MeaningError::Unreachable { .. } => Code::Unreachable,
        _ => Code::Refused,
    };
    let message = match (error.field(), message.len() < said.len() || !named.is_empty()) {
        (Some(field), true) if field.name.is_empty() => format!("this step {message}"),
        (Some(field), true) => format!("`{}` {message}", field.name),
        _ => message.to_owned(),
    };
    let finding = Finding::error(code, span, message);
    if help.is_empty() { finding } else { finding.help(help) }
}
