//! Decides how a run ended, from the state data, the run's record and its report.

use serde_json::Value;
use tableshift_core::ErrorName;
use tableshift_core::plan::wave::Wave;

use crate::state::{CaughtError, Judgement, LastReport, State};

/// How the run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The error name; `None` on success. One of [`ErrorName`], or a name that Step Functions or a person chose.
    pub error: Option<String>,
    /// What happened and what to do; empty on success.
    pub cause: String,
}

impl Decision {
    /// Whether the run did what its input asked for.
    pub fn is_success(&self) -> bool {
        self.error.is_none()
    }

    /// The status of the run in the ledger: `succeeded` or `failed`.
    pub fn outcome(&self) -> &'static str {
        if self.is_success() { "succeeded" } else { "failed" }
    }

    fn success() -> Self {
        Self { error: None, cause: String::new() }
    }

    fn failure(name: ErrorName, cause: String) -> Self {
        Self { error: Some(name.as_str().to_owned()), cause }
    }
}

/// What the ledger and the report add to the state data.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Context<'a> {
    /// The error name and the cause that the worker of a segment recorded when it failed. A Map's own error has neither.
    pub worker_error: Option<(&'a str, &'a str)>,
    /// The reasons of the bad verdict because of which the run was rolled back.
    pub verdict_reasons: &'a [String],
}

/// Decides how the run ended.
pub fn decide(state: &State, context: Context<'_>) -> Decision {
    if let Some(caught) = &state.error {
        return after_error(state, caught, context);
    }
    if let Some(judgement) = state.rejection() {
        return after_rejection(state, judgement);
    }
    match &state.report {
        Some(report) if report.verdict == "good" => after_good_verdict(state, report, context),
        Some(report) => after_bad_verdict(report),
        None if needs_report(state) => Decision::failure(
            ErrorName::Internal,
            "the run ended without a report; check the execution's history".into(),
        ),
        None => Decision::success(),
    }
}

fn after_error(state: &State, caught: &CaughtError, context: Context<'_>) -> Decision {
    if is_unanswered(state, caught) {
        let cause = format!("the request for approval was not answered in time; {}", state.wave.name.written_so_far());
        return Decision::failure(ErrorName::ApprovalExpired, cause);
    }
    let (name, cause) = name_and_message(caught);
    // Step Functions' own error names say that a child of a Map failed, but not why.
    if name.starts_with("States.")
        && let Some((name, cause)) = context.worker_error
    {
        return Decision { error: Some(name.to_owned()), cause: cause.to_owned() };
    }
    let name = if name.is_empty() { ErrorName::Internal.as_str().to_owned() } else { name };
    let cause =
        if cause.is_empty() { format!("{name}, without a cause; check the execution's history") } else { cause };
    Decision { error: Some(name), cause }
}

/// A timeout between the report and the answer is the timeout of the request for approval.
fn is_unanswered(state: &State, caught: &CaughtError) -> bool {
    let timed_out = matches!(caught.error.as_str(), "States.Timeout" | "States.HeartbeatTimeout");
    timed_out && state.needs_approval() && state.report.is_some() && state.wave.answer.is_none()
}

/// The name and the message of an error. The cause of a Lambda function's error is JSON that contains the message; any
/// other cause is the message.
fn name_and_message(caught: &CaughtError) -> (String, String) {
    let cause: Value = serde_json::from_str(&caught.cause).unwrap_or_default();
    let field = |name| cause.get(name).and_then(Value::as_str);
    let message = field("errorMessage").unwrap_or(&caught.cause);
    (caught.error.clone(), message.to_owned())
}

/// An approver rejected the main wave. The items of the canary wave were restored, or stay as they are.
fn after_rejection(state: &State, judgement: &Judgement) -> Decision {
    let consequence = match &state.report {
        Some(report) if report.phase == "roll-back" && report.verdict != "good" => return after_bad_verdict(report),
        Some(report) if report.phase == "roll-back" => {
            format!(
                "every item of the canary that was still as the run left it was restored; {} lists the others",
                report.key
            )
        }
        _ => Wave::Main.written_so_far().to_owned(),
    };
    let Judgement { by, reason, .. } = judgement;
    Decision::failure(ErrorName::ApprovalRejected, format!("{by} rejected the main wave: {reason}; {consequence}"))
}

fn after_good_verdict(state: &State, report: &LastReport, context: Context<'_>) -> Decision {
    if report.phase == "roll-back" && !state.steps.roll_back {
        let cause = format!(
            "{}; every item that was still as the run left it was restored; {} lists the others",
            with_reasons("the verdict was bad", context.verdict_reasons),
            report.key
        );
        return Decision::failure(ErrorName::RolledBack, cause);
    }
    if report.phase == last_phase(state) && report.wave != Wave::Canary {
        return Decision::success();
    }
    let cause =
        format!("the run ended after the phase {}, before its last phase; check the execution's history", report.phase);
    Decision::failure(ErrorName::Internal, cause)
}

fn after_bad_verdict(report: &LastReport) -> Decision {
    let key = &report.key;
    if report.phase == "dry-run" {
        let why = with_reasons("the dry run's verdict is bad", &report.reasons);
        return Decision::failure(ErrorName::DryRunFailed, format!("{why}; nothing was written; see {key}"));
    }
    if report.wave == Wave::Canary {
        let why = with_reasons("the canary's verdict is bad", &report.reasons);
        let next = "the main wave was not written, and the canary stays as it is: roll it back with `action: roll-back`, \
                    or verify it and bake it again with `action: resume`";
        return Decision::failure(ErrorName::VerificationFailed, format!("{why}; {next}; see {key}"));
    }
    let why = with_reasons(&format!("the verdict of {} is bad", report.phase), &report.reasons);
    let next = match report.phase.as_str() {
        "roll-back" => "run `action: roll-back` again",
        _ => {
            "the items stay as they are: start a new run to change the others, or restore them with `action: roll-back`"
        }
    };
    Decision::failure(ErrorName::VerificationFailed, format!("{why}; {next}; see {key}"))
}

fn with_reasons(what: &str, reasons: &[String]) -> String {
    if reasons.is_empty() { what.to_owned() } else { format!("{what}: {}", reasons.join("; ")) }
}

/// Whether a run that ended without an error must have a report.
fn needs_report(state: &State) -> bool {
    // Without a run id not even Plan has returned, although there is no error.
    state.run.is_none() || !last_phase(state).is_empty()
}

/// The phase whose good verdict means that the run did what its input asked for; empty if it has no such phase.
fn last_phase(state: &State) -> &'static str {
    let steps = state.steps;
    let phases = [
        (steps.roll_back, "roll-back"),
        (steps.verify, "verify"),
        (steps.migrate, "migrate"),
        (steps.dry_run, "dry-run"),
    ];
    phases.into_iter().find(|(wanted, _)| *wanted).map_or("", |(_, phase)| phase)
}

#[cfg(test)]
mod tests;
