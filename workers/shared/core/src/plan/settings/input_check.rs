//! Reads an execution's input, and checks everything that does not need the table or the stage's policy.

use crate::language::compile::compiled::is_name;
use crate::plan::settings::input::{Action, Input};
use crate::plan::settings::monitors::MAX_ALARMS;
use crate::plan::settings::rate::Rate;
use thiserror::Error;

/// The most change calendars that one run may watch. One call to GetCalendarState takes all of them.
const MAX_CALENDARS: usize = 10;
/// Why an input is refused.
#[derive(Debug, Error)]
pub enum InputError {
    /// The input is not an object, or a field is unknown or has the wrong type.
    #[error("`{path}` is not valid")]
    Shape {
        /// The path of the field in the input.
        path: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A field is missing, has a value that is not allowed, or does not go together with another one.
    #[error("`{field}` {problem}")]
    Field {
        /// The name of the field.
        field: &'static str,
        /// What is wrong and what to write instead.
        problem: String,
    },
}

impl Input {
    /// Reads an input and checks everything that does not need the table or the stage's policy.
    pub fn parse(value: &serde_json::Value) -> Result<Self, InputError> {
        if !value.is_object() {
            return Err(field(
                "input",
                "is not a JSON object; write {\"migration\": ..., \"table\": ..., \"action\": ...}",
            ));
        }
        let input: Input = serde_path_to_error::deserialize(value)
            .map_err(|error| InputError::Shape { path: error.path().to_string(), source: error.into_inner() })?;
        input.check_presence()?;
        input.check_names()?;
        input.check_numbers()?;
        input.check_monitors()?;
        input.check_earlier_run()?;
        input.check_canary()?;
        if let Some(window) = &input.window {
            window.check().map_err(|error| field("window", &format!("cannot be used: {error}")))?;
        }
        Ok(input)
    }

    /// An earlier run keeps what it was planned with, so these fields would have no effect.
    fn check_earlier_run(&self) -> Result<(), InputError> {
        let planned = [
            ("segments", self.segments.is_some()),
            ("window", self.window.is_some()),
            ("calendars", !self.calendars.is_empty()),
            ("alarms", !self.alarms.is_empty()),
            ("critical_alarms", !self.critical_alarms.is_empty()),
            ("canary", self.canary.is_some()),
            ("budget_usd", self.budget_usd.is_some()),
            ("again", self.again),
        ];
        match planned.into_iter().find(|(_, given)| *given && self.run.is_some()) {
            Some((name, _)) => {
                Err(field(name, "is only for a new run: an earlier one keeps what it was planned with; leave it out"))
            }
            None => Ok(()),
        }
    }

    fn check_canary(&self) -> Result<(), InputError> {
        let Some(canary) = &self.canary else { return Ok(()) };
        if self.dead_letters_of.is_some() {
            return Err(field(
                "canary",
                "cannot be combined with `dead_letters_of`, whose few items are in one segment; leave it out",
            ));
        }
        canary.check(self.segments).map_err(|error| field(error.field(), &error.to_string()))
    }

    fn check_monitors(&self) -> Result<(), InputError> {
        let lists = [
            ("calendars", &self.calendars, MAX_CALENDARS),
            ("alarms", &self.alarms, MAX_ALARMS),
            ("critical_alarms", &self.critical_alarms, MAX_ALARMS),
        ];
        for (name, list, most) in lists {
            if list.len() > most {
                return Err(field(name, &format!("has {} names; write at most {most}", list.len())));
            }
            if list.iter().any(|name| name.is_empty() || name.len() > 255) {
                return Err(field(name, "has a name that is empty or longer than 255 characters; correct it"));
            }
        }
        let both = self.alarms.iter().find(|name| self.critical_alarms.contains(name));
        match both {
            Some(name) => {
                Err(field("alarms", &format!("contains `{name}`, which is also in `critical_alarms`; choose one")))
            }
            None if self.alarms.len() + self.critical_alarms.len() > MAX_ALARMS => Err(field(
                "alarms",
                &format!("and `critical_alarms` have more than {MAX_ALARMS} names together; name fewer alarms"),
            )),
            None => Ok(()),
        }
    }

    fn check_presence(&self) -> Result<(), InputError> {
        let action = self.action.as_str();
        match (self.action, &self.run) {
            (Action::RollBack | Action::Resume, None) => {
                Err(field("run", &format!("is missing; `{action}` needs the name of an earlier run")))
            }
            (Action::Migrate | Action::DryRun, Some(_)) => Err(field(
                "run",
                &format!("is not for `{action}`; leave it out, or use the action `resume`, `verify` or `roll-back`"),
            )),
            (_, Some(_)) if self.dead_letters_of.is_some() => {
                Err(field("dead_letters_of", "is only for a new run; leave `run` out"))
            }
            (_, Some(_)) => Ok(()),
            (_, None) if self.table.is_none() => Err(field("table", "is missing; write the name of the table")),
            (_, None) if self.migration.is_none() => {
                Err(field("migration", "is missing; write an id or the document itself"))
            }
            (_, None) => Ok(()),
        }
    }

    fn check_names(&self) -> Result<(), InputError> {
        match &self.migration {
            None | Some(serde_json::Value::Object(_)) => {}
            Some(serde_json::Value::String(id)) if is_name(id) => {}
            Some(serde_json::Value::String(id)) => {
                return Err(field(
                    "migration",
                    &format!("is `{id}`, which is not a valid id; write 1 to 80 letters, digits, `.`, `_` and `-`"),
                ));
            }
            Some(_) => return Err(field("migration", "is neither an id nor a document; write a string or an object")),
        }
        if let Some(table) = &self.table
            && !is_table_name(table)
        {
            return Err(field(
                "table",
                &format!(
                    "is `{table}`, which is not a table name; write 3 to 255 letters, digits, `.`, `_` and `-`, not an ARN"
                ),
            ));
        }
        if let Some(run) = self.dead_letters_of.as_ref().filter(|run| !is_name(run)) {
            return Err(field(
                "dead_letters_of",
                &format!("is `{run}`, which is not the name of a run; write the name of an execution"),
            ));
        }
        match &self.run {
            Some(run) if !is_name(run) => Err(field(
                "run",
                &format!("is `{run}`, which is not the name of a run; write the name of an execution"),
            )),
            _ => Ok(()),
        }
    }

    fn check_numbers(&self) -> Result<(), InputError> {
        let ranges = [("segments", self.segments, 1_000_000), ("max_concurrency", self.max_concurrency, 10_000)];
        let rates = [
            ("write_units_per_second", &self.write_units_per_second),
            ("read_units_per_second", &self.read_units_per_second),
        ];
        for (name, rate) in rates {
            rate.as_ref().map_or(Ok(()), Rate::check).map_err(|error| field(name, &error.to_string()))?;
        }
        for (name, value, most) in ranges {
            if let Some(value) = value.filter(|value| !(1..=most).contains(value)) {
                return Err(field(name, &format!("is {value}; write a number from 1 to {most}")));
            }
        }
        match self.budget_usd {
            Some(budget) if !(budget >= 0.0 && budget.is_finite()) => {
                Err(field("budget_usd", &format!("is {budget}; write an amount of US dollars, 0 or more")))
            }
            _ => Ok(()),
        }
    }
}

/// Source: DynamoDB API reference, CreateTable, TableName.
fn is_table_name(text: &str) -> bool {
    (3..=255).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

fn field(field: &'static str, problem: &str) -> InputError {
    InputError::Field { field, problem: problem.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn refused(fields: Value) -> String {
        let mut input = match fields.get("run") {
            Some(_) => json!({ "action": "verify" }),
            None => json!({ "table": "prod-main", "migration": "m" }),
        };
        input.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        Input::parse(&input).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn an_earlier_run_takes_no_field_that_was_planned() {
        for (field, value) in [("calendars", json!(["c"])), ("alarms", json!(["a"])), ("critical_alarms", json!(["a"]))]
        {
            let found = refused(json!({ "run": "r-1", field: value }));
            assert!(found.contains(field) && found.contains("only for a new run"), "{found}");
        }
        assert!(!refused(json!({ "run": "r-1" })).contains("only for a new run"));
    }

    #[test]
    fn the_name_of_an_alarm_has_at_most_255_characters() {
        assert!(!refused(json!({ "alarms": ["a".repeat(255)] })).contains("longer than 255"));
        assert!(refused(json!({ "alarms": ["a".repeat(256)] })).contains("longer than 255"));
        let alarms = |count| (0..count).map(|n| format!("a{n}")).collect::<Vec<_>>();
        let both = |count| refused(json!({ "alarms": alarms(count), "critical_alarms": ["c"] }));
        assert!(!both(MAX_ALARMS - 1).contains("together") && both(MAX_ALARMS).contains("together"));
        assert!(!refused(json!({ "alarms": alarms(MAX_ALARMS) })).contains("write at most"));
    }
}
