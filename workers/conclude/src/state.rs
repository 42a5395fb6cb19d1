//! The state data as Conclude finds it. Any part may be missing, because the run may have ended in any state.

use serde::Deserialize;
use serde_json::Value;
use tableshift_core::plan::wave::Wave;

/// The parts of the state data that could be read.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct State {
    /// The execution's input, which may have any shape.
    pub input: Value,
    /// The run's id; `None` if Plan failed.
    pub run: Option<String>,
    /// The table's name.
    pub table: Option<String>,
    /// The migration's id.
    pub migration: Option<String>,
    /// The steps that Plan chose.
    pub steps: Steps,
    /// The earlier run that applied the migration, if there was nothing left to do.
    pub already_applied: Option<AlreadyApplied>,
    /// The error that sent the execution to Conclude, if there is one.
    pub error: Option<CaughtError>,
    /// The output of the last Report.
    pub report: Option<LastReport>,
    /// The wave in which the run ended.
    pub wave: WaveState,
    /// What follows a canary.
    pub canary: AfterCanary,
}

/// A wave of the run, with its approval.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct WaveState {
    pub name: Wave,
    /// The answer to the request for approval before this wave, once there is one.
    pub answer: Option<Value>,
    /// The output of JudgeApproval for that answer.
    pub approval: Option<Judgement>,
}

/// How JudgeApproval judged an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Judgement {
    pub approved: bool,
    /// The ARN of who answered.
    pub by: String,
    /// Why the answer rejects the wave.
    pub reason: String,
}

/// What follows a canary.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AfterCanary {
    /// Whether the main wave needs an approval.
    pub approve: bool,
}

/// The steps that matter for the outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Steps {
    pub dry_run: bool,
    /// Whether the first write needs an approval.
    pub approve: bool,
    pub migrate: bool,
    pub verify: bool,
    /// Whether the run restores the items of an earlier run.
    pub roll_back: bool,
}

/// The run that applied the migration before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct AlreadyApplied {
    /// The id of that run.
    pub run: String,
    /// When it ended, ISO 8601.
    pub at: String,
}

/// An error as a Catch of the state machine leaves it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CaughtError {
    /// The error name.
    pub error: String,
    /// The error's message; for an error of a Lambda function, JSON that contains it.
    pub cause: String,
}

/// The output of a Report.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct LastReport {
    /// `good` or `bad`.
    pub verdict: String,
    /// Why the verdict is bad.
    pub reasons: Vec<String>,
    /// The phase that was reported.
    pub phase: String,
    /// The wave that was reported.
    pub wave: Wave,
    /// The key of `report.json`.
    pub key: String,
}

impl State {
    /// Reads the parts that can be read. A part with an unexpected shape counts as missing, because nothing may prevent a
    /// run from ending.
    pub fn parse(data: &Value) -> Self {
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

    /// Whether this wave needs an approval.
    pub fn needs_approval(&self) -> bool {
        if self.wave.name == Wave::Main { self.canary.approve } else { self.steps.approve }
    }

    /// The rejection of the main wave, after the canary wave. A rejection before the first write is an error instead.
    pub fn rejection(&self) -> Option<&Judgement> {
        self.wave.approval.as_ref().filter(|judgement| !judgement.approved)
    }

    /// The table's name from Plan, or else from the input, which may be wrong.
    pub fn likely_table(&self) -> Option<&str> {
        self.table.as_deref().or_else(|| self.name_in_input("table"))
    }

    /// The run's id from Plan, or else from the input, or else the execution's name.
    pub fn likely_run<'a>(&'a self, execution_name: &'a str) -> &'a str {
        self.run.as_deref().or_else(|| self.name_in_input("run")).unwrap_or(execution_name)
    }

    /// A name in the input. A string of an impossible length is ignored: the ledger cannot be queried with it.
    fn name_in_input(&self, field: &str) -> Option<&str> {
        let name = self.input.get(field).and_then(Value::as_str);
        name.filter(|name| (1..=255).contains(&name.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn complete_state_data_is_read() {
        let state = State::parse(&json!({
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
    fn missing_parts_and_parts_of_another_shape_do_not_prevent_reading_the_others() {
        for odd in [json!(null), json!([]), json!({"run": 7, "steps": "all", "error": [], "report": 1})] {
            let state = State::parse(&odd);
            assert_eq!((state.likely_run("name"), state.likely_table()), ("name", None));
        }
        let failed_in_plan = State::parse(&json!({"input": {"run": "earlier", "table": "t"}, "error": {"Error": "x"}}));
        assert_eq!(failed_in_plan.likely_run("name"), "earlier");
        assert_eq!(failed_in_plan.likely_table(), Some("t"));
        let nonsense = State::parse(&json!({"input": {"run": "", "table": "t".repeat(256)}}));
        assert_eq!((nonsense.likely_run("name"), nonsense.likely_table()), ("name", None));
        assert_eq!(failed_in_plan.error.unwrap(), CaughtError { error: "x".into(), cause: String::new() });
    }
}
