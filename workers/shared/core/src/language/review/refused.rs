//! What compiling refuses: every step by itself, so that one fault does not hide the next.

use super::finding::{Code, Finding, Level};
use super::steps::StepView;
use super::yaml::Node;
use crate::language::compiled::Compiled;
use crate::language::document::{Document, Step};
use crate::language::field::Field;
use crate::language::meaning::MeaningError;
use crate::language::reading;
use std::ops::Range;

/// Every refusal that no other finding has told already, and the compiled document if there is none.
pub fn check(
    root: &Node,
    steps: &[StepView<'_>],
    document: &Document,
    findings: &mut Vec<Finding>,
) -> Option<Compiled> {
    for view in steps {
        let Some(step) = written(document, view.rule, &view.numbers) else { continue };
        let refused = reading::steps(&Field::of(view.rule, ""), std::slice::from_ref(step)).err();
        let Some(error) = refused.filter(|_| !is_told(&view.node.span, findings)) else { continue };
        findings.push(finding(&error, place(view.node, error.field())));
    }
    match Compiled::of(document) {
        Ok(compiled) => Some(compiled),
        Err(error) => {
            if findings.iter().all(|finding| finding.level != Level::Error) {
                findings.push(finding(&error, root.span.clone()));
            }
            None
        }
    }
}

/// The step of a document that a review numbers so.
fn written<'d>(document: &'d Document, rule: Option<usize>, numbers: &[usize]) -> Option<&'d Step> {
    let change = match rule {
        Some(rule) => &document.rules.get(rule - 1)?.change,
        None => &document.change,
    };
    let (first, within) = numbers.split_first()?;
    let step = change.get(first - 1)?;
    match within.first() {
        Some(inner) => step.increment_version.as_ref()?.change.get(inner - 1),
        None => Some(step),
    }
}

fn is_told(span: &Range<usize>, findings: &[Finding]) -> bool {
    let within = |finding: &Finding| span.start <= finding.span.start && finding.span.end <= span.end;
    findings.iter().any(|finding| finding.level == Level::Error && within(finding))
}

/// Where in a step a field is: the field itself, or what there is of the way to it.
fn place(step: &Node, field: Option<&Field>) -> Range<usize> {
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
