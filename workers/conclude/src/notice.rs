//! The message that tells how a run ended. Pure.

use std::collections::BTreeMap;

use tableshift_aws::ledger::runs::RunRecord;
use tableshift_core::ErrorName;
use tableshift_core::report::event::Event;
use tableshift_core::report::message::Notice;

use crate::Input;
use crate::decision::Decision;
use crate::state::State;

/// What the message says besides what the state data and the run's record tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known<'a> {
    /// The stage.
    pub stage: &'a str,
    /// The stack's bucket.
    pub bucket: &'a str,
    /// The time, in epoch milliseconds.
    pub at: i64,
    /// Whether there is a report.
    pub reported: bool,
    /// What the last phase counted.
    pub counts: BTreeMap<String, u64>,
    /// Whether this run has applied its migration.
    pub applied: bool,
}

/// What is told of the run's end.
pub fn of<'a>(
    input: &'a Input,
    state: &'a State,
    record: Option<&'a RunRecord>,
    decision: &'a Decision,
    known: Known<'a>,
) -> Notice<'a> {
    Notice {
        event: event(state, decision, known.applied),
        at: known.at,
        stage: known.stage,
        run: state.likely_run(&input.name),
        table: state.likely_table().or(record.map(|record| record.table.as_str())),
        migration: state.migration.as_deref().or(record.map(|record| record.migration.as_str())),
        execution: &input.execution,
        bucket: known.bucket,
        reported: known.reported,
        counts: known.counts,
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
            let before = state.already_applied.as_ref();
            Event::Done { already_applied: before.map(|done| (done.run.as_str(), done.at.as_str())) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn word(steps: serde_json::Value, error: Option<&str>, applied: bool) -> &'static str {
        let state = State::of(&json!({ "steps": steps }));
        let decision = Decision { error: error.map(str::to_owned), cause: "because".into() };
        event(&state, &decision, applied).name()
    }

    #[test]
    fn every_way_out_has_its_word() {
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
    fn what_state_data_lack_the_record_tells_and_what_nobody_knows_is_left_out() {
        let input = Input { execution: "arn:e".into(), name: "r".into(), state: json!(null) };
        let (state, decision) = (State::of(&json!(null)), Decision { error: Some("X".into()), cause: String::new() });
        let record = RunRecord { table: "t".into(), migration: "m".into(), ..RunRecord::default() };
        let notice = of(&input, &state, Some(&record), &decision, Known::default());
        assert_eq!((notice.run, notice.table, notice.migration), ("r", Some("t"), Some("m")));
        assert_eq!(of(&input, &state, None, &decision, Known::default()).table, None);
    }
}
