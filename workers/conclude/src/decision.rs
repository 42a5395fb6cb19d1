//! How a run ended, decided from what the state machine and the ledger know. Pure.

use serde_json::Value;
use tableshift_core::ErrorName;
use tableshift_core::plan::wave::Wave;

use crate::state::{Caught, Judged, Reported, State};

/// How the run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The error name; none on success. One of [`ErrorName`], unless Step Functions or a person chose another.
    pub error: Option<String>,
    /// A sentence that says what happened and what to do; empty on success.
    pub cause: String,
}

impl Decision {
    /// Whether the run did what was asked.
    pub fn is_success(&self) -> bool {
        self.error.is_none()
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
pub struct Known<'a> {
    /// Why a segment's worker gave up, if one noted it: name and cause. A Map's own error does not say.
    pub recorded: Option<(&'a str, &'a str)>,
    /// Why the verdict was bad that made the run put everything back.
    pub bad_verdict: &'a [String],
}

/// Decides.
pub fn decide(state: &State, known: Known<'_>) -> Decision {
    if let Some(caught) = &state.error {
        return of_error(state, caught, known);
    }
    if let Some(no) = state.rejected() {
        return of_no(state, no);
    }
    match &state.report {
        Some(report) if report.verdict == "good" => of_good(state, report, known),
        Some(report) => of_bad(report),
        None if works(state) => Decision::failure(
            ErrorName::Internal,
            "the run came to its end without a report; look at the execution's history".into(),
        ),
        None => Decision::success(),
    }
}

fn of_error(state: &State, caught: &Caught, known: Known<'_>) -> Decision {
    if is_unanswered(state, caught) {
        let cause = format!("nobody answered the request for approval in time; {}", state.wave.name.written_so_far());
        return Decision::failure(ErrorName::ApprovalExpired, cause);
    }
    let (name, cause) = told(caught);
    // Step Functions' own names say that a child of a Map failed, but not of what.
    if name.starts_with("States.")
        && let Some((recorded, why)) = known.recorded
    {
        return Decision { error: Some(recorded.to_owned()), cause: why.to_owned() };
    }
    let name = if name.is_empty() { ErrorName::Internal.as_str().to_owned() } else { name };
    let cause =
        if cause.is_empty() { format!("{name}, without a cause; look at the execution's history") } else { cause };
    Decision { error: Some(name), cause }
}

/// A time-out between the report and the answer is that of the request for approval.
fn is_unanswered(state: &State, caught: &Caught) -> bool {
    let timed_out = matches!(caught.error.as_str(), "States.Timeout" | "States.HeartbeatTimeout");
    timed_out && state.asks() && state.report.is_some() && state.wave.answer.is_none()
}

/// The name and message of an error. A Lambda's cause is JSON that holds both; anything else is taken as it is.
fn told(caught: &Caught) -> (String, String) {
    let cause: Value = serde_json::from_str(&caught.cause).unwrap_or_default();
    let field = |name| cause.get(name).and_then(Value::as_str);
    let message = field("errorMessage").unwrap_or(&caught.cause);
    (caught.error.clone(), message.to_owned())
}

/// Somebody said no to the rest: what the canary wrote was put back, or stays.
fn of_no(state: &State, no: &Judged) -> Decision {
    let what = match &state.report {
        Some(report) if report.phase == "roll-back" && report.verdict != "good" => return of_bad(report),
        Some(report) if report.phase == "roll-back" => format!(
            "every item of the canary that was still as the run left it was put back; {} lists the others",
            report.key
        ),
        _ => Wave::Main.written_so_far().to_owned(),
    };
    let Judged { by, reason, .. } = no;
    Decision::failure(ErrorName::ApprovalRejected, format!("{by} said no to the rest: {reason}; {what}"))
}

fn of_good(state: &State, report: &Reported, known: Known<'_>) -> Decision {
    if report.phase == "roll-back" && !state.steps.roll_back {
        let cause = format!(
            "{}; every item that was still as the run left it was restored; {} lists the rest",
            because("the verdict was bad", known.bad_verdict),
            report.key
        );
        return Decision::failure(ErrorName::RolledBack, cause);
    }
    if report.phase == last_phase(state) && report.wave != Wave::Canary {
        return Decision::success();
    }
    let cause = format!(
        "the run came to its end after the phase {}, before the last; look at the execution's history",
        report.phase
    );
    Decision::failure(ErrorName::Internal, cause)
}

fn of_bad(report: &Reported) -> Decision {
    let key = &report.key;
    if report.phase == "dry-run" {
        let why = because("the dry run's verdict is bad", &report.reasons);
        return Decision::failure(ErrorName::DryRunFailed, format!("{why}; nothing was written; see {key}"));
    }
    if report.wave == Wave::Canary {
        let why = because("the canary's verdict is bad", &report.reasons);
        let next = "the rest was not written, and the canary stays as it is: put it back with `action: roll-back`, or \
                    verify and bake it anew with `action: resume`";
        return Decision::failure(ErrorName::VerificationFailed, format!("{why}; {next}; see {key}"));
    }
    let why = because(&format!("the verdict of {} is bad", report.phase), &report.reasons);
    let next = match report.phase.as_str() {
        "roll-back" => "run `action: roll-back` again",
        _ => {
            "the items stay as they are: start a new run to change what is left, or put them back with `action: roll-back`"
        }
    };
    Decision::failure(ErrorName::VerificationFailed, format!("{why}; {next}; see {key}"))
}

fn because(what: &str, reasons: &[String]) -> String {
    if reasons.is_empty() { what.to_owned() } else { format!("{what}: {}", reasons.join("; ")) }
}

/// Whether there was anything to report.
fn works(state: &State) -> bool {
    // Without a run not even Plan came through, and that without an error.
    state.run.is_none() || !last_phase(state).is_empty()
}

/// The phase whose good verdict means that the run did what was asked.
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
