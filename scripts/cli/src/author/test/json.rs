//! The results of the samples, for programs. Values are DynamoDB JSON.

use super::verdict::{Judged, Problem};
use crate::author::migration::Loaded;
use crate::author::test::trace::{Attribute, Traced};
use crate::files::Source;
use serde::Serialize;
use tableshift_core::change::migration::Outcome;
use tableshift_core::item::difference::Difference;
use tableshift_core::item::value::Value;

#[derive(Serialize)]
struct Output<'j> {
    version: u32,
    migration: &'j str,
    file: &'j str,
    failed: usize,
    cases: Vec<CaseOutput<'j>>,
}

#[derive(Serialize)]
struct CaseOutput<'j> {
    name: &'j str,
    passed: bool,
    outcome: &'static str,
    reason: Option<String>,
    rule: Option<&'j str>,
    steps: Vec<StepOutput<'j>>,
    problem: Option<&'static str>,
    differences: Vec<DifferenceOutput<'j>>,
}

#[derive(Serialize)]
struct StepOutput<'j> {
    step: String,
    changed: Vec<AttributeOutput<'j>>,
}

#[derive(Serialize)]
struct AttributeOutput<'j> {
    attribute: &'j str,
    before: Option<&'j Value>,
    after: Option<&'j Value>,
}

#[derive(Serialize)]
struct DifferenceOutput<'j> {
    path: &'j str,
    expected: Option<&'j Value>,
    found: Option<&'j Value>,
}

/// One JSON document.
pub fn output(loaded: &Loaded, fixture: &Source, judged: &[Judged<'_>]) -> String {
    let output = Output {
        version: 1,
        migration: &loaded.document.id,
        file: &fixture.name,
        failed: judged.iter().filter(|one| !one.passed()).count(),
        cases: judged.iter().map(case).collect(),
    };
    serde_json::to_string_pretty(&output).unwrap_or_default() + "\n"
}

fn case<'j>(judged: &'j Judged<'_>) -> CaseOutput<'j> {
    let (outcome, reason) = match &judged.trace.outcome {
        Outcome::NotMatched => ("not-matched", None),
        Outcome::AlreadyDone => ("already-done", None),
        Outcome::Changed(_) => ("changed", None),
        Outcome::Invalid(reason) => ("invalid", Some(reason.to_string())),
    };
    let (problem, differences) = problem(judged.problem.as_ref());
    CaseOutput {
        name: &judged.case.name,
        passed: judged.passed(),
        outcome,
        reason,
        rule: judged.trace.rule.as_deref(),
        steps: judged.trace.steps.iter().map(step).collect(),
        problem,
        differences: differences.iter().map(difference).collect(),
    }
}

fn step(step: &Traced) -> StepOutput<'_> {
    StepOutput { step: step.field.to_string(), changed: step.changed.iter().map(attribute).collect() }
}

fn attribute(one: &Attribute) -> AttributeOutput<'_> {
    AttributeOutput { attribute: &one.name, before: one.before.as_ref(), after: one.after.as_ref() }
}

fn difference(one: &Difference) -> DifferenceOutput<'_> {
    DifferenceOutput { path: &one.path, expected: one.before.as_ref(), found: one.after.as_ref() }
}

fn problem(problem: Option<&Problem>) -> (Option<&'static str>, &[Difference]) {
    match problem {
        None => (None, &[]),
        Some(Problem::NothingExpected) => (Some("nothing-expected"), &[]),
        Some(Problem::Differs(found)) => (Some("differs"), found),
        Some(Problem::NotInvalid(_)) => (Some("not-invalid"), &[]),
        Some(Problem::OtherReason(_)) => (Some("other-reason"), &[]),
        Some(Problem::Invalid) => (Some("invalid"), &[]),
        Some(Problem::Unwritable) => (Some("unwritable"), &[]),
        Some(Problem::Twice(found)) => (Some("changes-twice"), found),
        Some(Problem::TwiceInvalid(_)) => (Some("invalid-after-change"), &[]),
    }
}
