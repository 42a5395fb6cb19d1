//! The state machine's data as Conclude finds it: any part may be missing, for the run may have ended anywhere.

use serde::Deserialize;
use serde_json::Value;
use tableshift_core::plan::wave::Wave;

/// The state data, as far as it was understood.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct State {
    /// What somebody asked for, whatever it is.
    pub input: Value,
    /// The run; none if Plan failed.
    pub run: Option<String>,
    /// The table.
    pub table: Option<String>,
    /// The migration's id.
    pub migration: Option<String>,
    /// Which steps the run was to take.
    pub steps: Steps,
    /// The run that applied the migration before, if there was nothing left to do.
    pub already_applied: Option<AlreadyApplied>,
    /// What was caught, if anything was.
    pub error: Option<Caught>,
    /// What the last report said.
    pub report: Option<Reported>,
    /// Whose turn it was, and what was answered before it.
    pub wave: TurnOf,
    /// What comes after a canary.
    pub canary: AfterCanary,
}

/// A wave of the run.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct TurnOf {
    /// Whose.
    pub name: Wave,
    /// The answer to the request for approval before this wave, once there is one.
    pub answer: Option<Value>,
    /// What was made of it.
    pub approval: Option<Judged>,
}

/// What was made of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Judged {
    /// Whether it was a yes.
    pub approved: bool,
    /// Whose it was.
    pub by: String,
    /// Why it was a no.
    pub reason: String,
}

/// What comes after a canary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AfterCanary {
    /// Ask a person.
    pub approve: bool,
}

/// The steps that matter for the outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Steps {
    /// Rehearse.
    pub dry_run: bool,
    /// Ask a person.
    pub approve: bool,
    /// Write.
    pub migrate: bool,
    /// Verify.
    pub verify: bool,
    /// Put back an earlier run's items.
    pub roll_back: bool,
}

/// That the migration was applied before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct AlreadyApplied {
    /// By which run.
    pub run: String,
    /// When.
    pub at: String,
}

/// An error as Catch leaves it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Caught {
    /// Its name.
    pub error: String,
    /// What it says: for a Lambda's error, JSON.
    pub cause: String,
}

/// What the worker report gave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Reported {
    /// `good` or `bad`.
    pub verdict: String,
    /// Why it is bad.
    pub reasons: Vec<String>,
    /// Which phase it is about.
    pub phase: String,
    /// Whose turn it was.
    pub wave: Wave,
    /// The report's key.
    pub key: String,
}

impl State {
    /// Reads what can be read. A part in a shape nobody expects counts as missing: nothing may keep a run from ending.
    pub fn of(data: &Value) -> Self {
        fn part<T: serde::de::DeserializeOwned>(data: &Value, name: &str) -> Option<T> {
            data.get(name).and_then(|part| T::deserialize(part).ok())
        }
        Self {
            input: data.get("input").cloned().unwrap_or_default(),
            run: part(data, "run"),
            table: part(data, "table"),
            migration: part(data, "migration"),
            steps: part(data, "steps").unwrap_or_default(),
            already_applied: part(data, "already_applied"),
            error: part(data, "error"),
            report: part(data, "report"),
            wave: part(data, "wave").unwrap_or_default(),
            canary: part(data, "canary").unwrap_or_default(),
        }
    }

    /// Whether a person was asked, or would have been, before this wave.
    pub fn asks(&self) -> bool {
        if self.wave.name == Wave::Main { self.canary.approve } else { self.steps.approve }
    }

    /// The no to the rest, after the canary. Before anything is written a no is an error.
    pub fn rejected(&self) -> Option<&Judged> {
        self.wave.approval.as_ref().filter(|judged| !judged.approved)
    }

    /// The table, as far as anything says which: Plan, or else the input, which need not be right.
    pub fn likely_table(&self) -> Option<&str> {
        self.table.as_deref().or_else(|| self.asked("table"))
    }

    /// The run, as far as anything says which: Plan, or else the input, or else the execution's name.
    pub fn likely_run<'a>(&'a self, name: &'a str) -> &'a str {
        self.run.as_deref().or_else(|| self.asked("run")).unwrap_or(name)
    }

    /// A name in the input. What cannot be one is passed over: it is not even fit to ask the ledger for.
    fn asked(&self, field: &str) -> Option<&str> {
        let name = self.input.get(field).and_then(Value::as_str);
        name.filter(|name| (1..=255).contains(&name.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_whole_state_is_read() {
        let state = State::of(&json!({
            "input": {"table": "asked"}, "run": "r", "epoch": 1, "table": "t", "migration": "m",
            "steps": {"dry_run": true, "back_up": false}, "error": {"Error": "LeaseLost", "Cause": "c"},
            "report": {"verdict": "good", "reasons": [], "phase": "dry-run", "key": "k", "hash": "h"},
        }));
        assert_eq!((state.likely_run("name"), state.likely_table()), ("r", Some("t")));
        assert!(state.steps.dry_run && !state.steps.migrate);
        assert_eq!(state.error.unwrap().error, "LeaseLost");
        assert_eq!(state.report.unwrap().phase, "dry-run");
    }

    #[test]
    fn what_is_missing_or_odd_keeps_nothing_from_being_read() {
        for odd in [json!(null), json!([]), json!({"run": 7, "steps": "all", "error": [], "report": 1})] {
            let state = State::of(&odd);
            assert_eq!((state.likely_run("name"), state.likely_table()), ("name", None));
        }
        let failed_in_plan = State::of(&json!({"input": {"run": "earlier", "table": "t"}, "error": {"Error": "x"}}));
        assert_eq!(failed_in_plan.likely_run("name"), "earlier");
        assert_eq!(failed_in_plan.likely_table(), Some("t"));
        let nonsense = State::of(&json!({"input": {"run": "", "table": "t".repeat(256)}}));
        assert_eq!((nonsense.likely_run("name"), nonsense.likely_table()), ("name", None));
        assert_eq!(failed_in_plan.error.unwrap(), Caught { error: "x".into(), cause: String::new() });
    }
}
