//! The message that says how a run ended.

use std::collections::BTreeMap;

use tableshift_aws::ledger::runs::RunRecord;
use tableshift_core::ErrorName;
use tableshift_core::report::event::Event;
use tableshift_core::report::message::Notice;

use crate::Input;
use crate::decision::Decision;
use crate::state::State;

/// What the message contains that is neither in the state data nor in the run's record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts<'a> {
    pub stage: &'a str,
    /// The name of the stack's bucket.
    pub bucket: &'a str,
    /// The current time, in epoch milliseconds.
    pub at: i64,
    /// Whether there is a report.
    pub reported: bool,
    /// The counts of the last phase, in items.
    pub counts: BTreeMap<String, u64>,
    /// Whether this run has applied its migration.
    pub applied: bool,
}

/// The notice of the run's end. What the state data lacks comes from the run's record.
pub fn notice<'a>(
    input: &'a Input,
    state: &'a State,
    record: Option<&'a RunRecord>,
    decision: &'a Decision,
    facts: Facts<'a>,
) -> Notice<'a> {
    Notice {
        event: event(state, decision, facts.applied),
        at: facts.at,
        stage: facts.stage,
        run: state.likely_run(&input.name),
        table: state.likely_table().or(record.map(|record| record.table.as_str())),
        migration: state.migration.as_deref().or(record.map(|record| record.migration.as_str())),
        execution: &input.execution,
        bucket: facts.bucket,
        reported: facts.reported,
        counts: facts.counts,
    }
}

fn event<'a>(state: &'a State, decision: &'a Decision, applied: bool) -> Event<'a> {
    let cause = decision.cause.as_str();
    match decision.error.as_deref() {
        Some(error) if error == ErrorName::RolledBack.as_str() => Event::RolledBack { because: Some((error, cause)) },
        Some(error) => Event::Failed { error, cause },
        None if state.steps.roll_back => Event::RolledBack { because: None },
        None if applied => Event::Applied,
        None => {
            let earlier = state.already_applied.as_ref();
            Event::Done { already_applied: earlier.map(|done| (done.run.as_str(), done.at.as_str())) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn word(steps: serde_json::Value, error: Option<&str>, applied: bool) -> &'static str {
        let state = State::parse(&json!({ "steps": steps }));
        let decision = Decision { error: error.map(str::to_owned), cause: "because".into() };
        event(&state, &decision, applied).name()
    }

    #[test]
    fn every_ending_has_its_event() {
        let (migrate, back) = (json!({"migrate": true, "verify": true}), json!({"roll_back": true}));
        assert_eq!(word(migrate.clone(), None, true), "applied");
        assert_eq!(word(migrate.clone(), None, false), "done", "a run over dead letters applies nothing");
        assert_eq!(word(migrate.clone(), Some("RolledBack"), false), "rolled-back");
        assert_eq!(word(migrate, Some("VerificationFailed"), false), "failed");
        assert_eq!(word(back.clone(), None, false), "rolled-back");
        assert_eq!(word(back, Some("VerificationFailed"), false), "failed");
        assert_eq!(word(json!({"dry_run": true}), None, false), "done");
    }

    #[test]
    fn the_record_completes_the_state_data_and_unknown_names_are_left_out() {
        let input = Input { execution: "arn:e".into(), name: "r".into(), started: String::new(), state: json!(null) };
        let (state, decision) =
            (State::parse(&json!(null)), Decision { error: Some("X".into()), cause: String::new() });
        let record = RunRecord { table: "t".into(), migration: "m".into(), ..RunRecord::default() };
        let found = notice(&input, &state, Some(&record), &decision, Facts::default());
        assert_eq!((found.run, found.table, found.migration), ("r", Some("t"), Some("m")));
        assert_eq!(notice(&input, &state, None, &decision, Facts::default()).table, None);
    }
}
