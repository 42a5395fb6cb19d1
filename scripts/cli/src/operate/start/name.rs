//! The names of executions. The name of a new run follows from what the run does, so that the same start finds the same
//! execution.

use serde_json::{Value, json};
use tableshift_core::item::hash;
use tableshift_core::plan::settings::input::Action;

/// The longest name of an execution, in characters. Source: Step Functions API reference, StartExecution, name.
const MAX_LENGTH: usize = 80;
/// How many digits of the hash are in a name.
const HASH_DIGITS: usize = 12;

/// The name of a new run: the migration's id and a hash of action, table and migration. Options such as the budget do
/// not change it. Leaves room for a number such as `-99`.
pub fn of_new_run(input: &Value) -> String {
    let id = input["migration"].as_str().or_else(|| input["migration"]["id"].as_str()).unwrap_or("run");
    let what = hash::of_json(&json!([input["action"], input["table"], input["migration"], input.get("again")]));
    let suffix = format!("-{}", &what[..HASH_DIGITS]);
    let room = MAX_LENGTH - suffix.len() - "-99".len();
    format!("{}{suffix}", &id[..id.len().min(room)])
}

/// The name of an execution that works on an existing run: the run's name, the action and the time, in epoch
/// milliseconds. It is different for each start, because a run can be resumed any number of times.
pub fn of_execution(run: &str, action: Action, now: i64) -> String {
    let suffix = format!("-{}-{:x}", action.as_str(), now / 1000);
    format!("{}{suffix}", &run[..run.len().min(MAX_LENGTH - suffix.len())])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::start::input;

    #[test]
    fn the_same_run_always_gets_the_same_name_and_another_run_gets_another_name() {
        let input = |more| {
            input::build(Action::Migrate, [("migration", json!("20261122-a")), ("table", json!("people"))], more)
                .unwrap()
        };
        let plain = input(None);
        let slower = input(Some(r#"{"write_units_per_second": 50}"#));
        assert_eq!(of_new_run(&plain), of_new_run(&slower), "options do not make another run");
        assert!(of_new_run(&plain).starts_with("20261122-a-"));
        let mut other = plain.clone();
        other["table"] = json!("orders");
        assert_ne!(of_new_run(&plain), of_new_run(&other));
        assert_ne!(of_new_run(&plain), of_new_run(&input(Some(r#"{"again": true}"#))));
    }

    #[test]
    fn a_name_is_not_longer_than_step_functions_allows() {
        let long = json!({"action": "migrate", "table": "t", "migration": "m".repeat(80)});
        assert!(of_new_run(&long).len() + 3 <= MAX_LENGTH);
        assert_eq!(of_execution(&"r".repeat(80), Action::RollBack, i64::MAX).len(), MAX_LENGTH);
    }
}
