//! What a person or a pipeline writes to start a run. Four lines are enough; unknown fields are refused by name.

use crate::language::compile::compiled::is_name;
use crate::plan::canary::Canary;
use crate::plan::monitors::{MAX_ALARMS, Monitors};
use crate::plan::policy::OnBadVerdict;
use crate::plan::rate::Rate;
use crate::plan::window::Window;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The most change calendars that a run heeds: enough for any organisation, and one call asks for all of them.
const MAX_CALENDARS: usize = 10;

/// The input of an execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Input of the state machine migrate-table")]
pub struct Input {
    /// The migration: the id of `migrations/<id>.yaml` in the stack's bucket, or the document itself. Left out when
    /// `run` names an earlier run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<MigrationForm>")]
    pub migration: Option<serde_json::Value>,
    /// The name of the table. Left out when `run` names an earlier run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// What to do; `migrate` if left out.
    #[serde(default)]
    pub action: Action,
    /// The earlier run that `roll-back` and `resume` are about, and that `verify` may be about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Into how many segments to cut the table, 1 to 1,000,000. Left out: by the table's size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub segments: Option<u32>,
    /// How many segment workers may work at a time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10_000))]
    pub max_concurrency: Option<u32>,
    /// The most write units a second, all workers together; or a percentage of what the table can take, as in `"50%"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_units_per_second: Option<Rate>,
    /// The most read units a second, all workers together; or a percentage of what the table can take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_units_per_second: Option<Rate>,
    /// Take only the items that an earlier run of this migration left in its dead letters: the name of that run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letters_of: Option<String>,
    /// Migrate although the ledger says that this very migration is applied to the table: for items in the old shape that
    /// appeared since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub again: bool,
    /// When the run may write to the table; at any time if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Names or ARNs of Systems Manager change calendars: the run writes only while all of them are open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub calendars: Vec<String>,
    /// Names of CloudWatch alarms. While the run writes they are looked at each minute: one in ALARM holds the run until
    /// all have been quiet for five minutes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub alarms: Vec<String>,
    /// Names of CloudWatch alarms that end the run: one in ALARM stops it with `Aborted`, for a person to resume it or to
    /// roll it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 100))]
    pub critical_alarms: Vec<String>,
    /// What goes first, and how long it is monitors before the rest is written; everything goes at once if left out, unless
    /// the stage's policy demands a canary.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary: Option<Canary>,
    /// What to do if the verification fails; as the stage's policy says if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_bad_verdict: Option<OnBadVerdict>,
    /// Who starts this execution, proven by a signature that `tableshift run` puts here: a presigned GetCallerIdentity
    /// request that is bound to this execution and this input. Left out: CloudTrail is asked later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// The most that the run may cost in US dollars, as estimated from the table's size before it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.0))]
    pub budget_usd: Option<f64>,
}

/// The two forms of `migration`, for the schema.
#[derive(JsonSchema)]
#[serde(untagged)]
#[allow(dead_code, reason = "only its schema is used: the fields are read by hand, for errors that name the place")]
enum MigrationForm {
    /// An id.
    Id(String),
    /// The document itself.
    Document(Box<crate::language::document::Document>),
}

/// What a run does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Back up, dry-run, ask, write, verify.
    #[default]
    Migrate,
    /// Do a dry run and report; nothing is written to the table.
    DryRun,
    /// Prove what the table now holds.
    Verify,
    /// Put the items of an earlier run back.
    RollBack,
    /// Go on with an earlier run that stopped.
    Resume,
}

impl Action {
    /// The action as the input says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Action::Migrate => "migrate",
            Action::DryRun => "dry-run",
            Action::Verify => "verify",
            Action::RollBack => "roll-back",
            Action::Resume => "resume",
        }
    }
}

/// Why an input is refused.
#[derive(Debug, Error)]
pub enum InputError {
    /// It is no object, or has an unknown or mistyped field.
    #[error("`{path}` cannot be read; mend it as said here")]
    Shape {
        /// The field, as a path into the input.
        path: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// A field has a value that it cannot have.
    #[error("`{field}` {problem}")]
    Field {
        /// The field.
        field: &'static str,
        /// What is wrong and what to write instead.
        problem: String,
    },
}

impl Input {
    /// Reads an input and checks what can be checked without the table.
    pub fn parse(value: &serde_json::Value) -> Result<Self, InputError> {
        if !value.is_object() {
            return Err(field(
                "input",
                "is no JSON object; write {\"migration\": ..., \"table\": ..., \"action\": ...}",
            ));
        }
        let input: Input = serde_path_to_error::deserialize(value)
            .map_err(|error| InputError::Shape { path: error.path().to_string(), source: error.into_inner() })?;
        input.check_presence()?;
        input.check_names()?;
        input.check_numbers()?;
        input.check_watched()?;
        input.check_planned()?;
        input.check_canary()?;
        if let Some(window) = &input.window {
            window.check().map_err(|error| field("window", &format!("cannot be used: {error}")))?;
        }
        Ok(input)
    }

    /// What the run is to look at while it writes.
    pub fn monitors(&self) -> Monitors {
        Monitors {
            calendars: self.calendars.clone(),
            alarms: self.alarms.clone(),
            critical_alarms: self.critical_alarms.clone(),
        }
    }

    /// What a run was planned with stays: an input about an earlier run that says otherwise would be passed over.
    fn check_planned(&self) -> Result<(), InputError> {
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
            Some((name, _)) => Err(field(
                name,
                "is only taken by a new run: an earlier one keeps what it was planned with; leave it out",
            )),
            None => Ok(()),
        }
    }

    fn check_canary(&self) -> Result<(), InputError> {
        let Some(canary) = &self.canary else { return Ok(()) };
        if self.dead_letters_of.is_some() {
            return Err(field(
                "canary",
                "is not taken with `dead_letters_of`: those are a few items in one segment; leave it out",
            ));
        }
        canary.check(self.segments).map_err(|error| field(error.field(), &error.to_string()))
    }

    fn check_watched(&self) -> Result<(), InputError> {
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
                return Err(field(name, "has a name that is empty or longer than 255 characters"));
            }
        }
        let both = self.alarms.iter().find(|name| self.critical_alarms.contains(name));
        match both {
            Some(name) => Err(field("alarms", &format!("has `{name}`, and so has `critical_alarms`; choose one"))),
            None if self.alarms.len() + self.critical_alarms.len() > MAX_ALARMS => {
                Err(field("alarms", &format!("and `critical_alarms` have more than {MAX_ALARMS} names together")))
            }
            None => Ok(()),
        }
    }

    /// Whether this input is about an earlier run.
    pub fn is_about_a_run(&self) -> bool {
        self.run.is_some()
    }

    fn check_presence(&self) -> Result<(), InputError> {
        let action = self.action.as_str();
        match (self.action, &self.run) {
            (Action::RollBack | Action::Resume, None) => {
                Err(field("run", &format!("is missing; `{action}` needs the name of the run that it is about")))
            }
            (Action::Migrate | Action::DryRun, Some(_)) => Err(field(
                "run",
                &format!("is not taken by `{action}`; leave it out, or write `resume`, `verify` or `roll-back`"),
            )),
            (_, Some(_)) if self.dead_letters_of.is_some() => {
                Err(field("dead_letters_of", "is only taken by a new run; leave `run` out"))
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
                    &format!("is `{id}`, no legal id; write 1 to 80 letters, digits, `.`, `_` and `-`"),
                ));
            }
            Some(_) => return Err(field("migration", "is neither an id nor a document; write a text or an object")),
        }
        if let Some(table) = &self.table
            && !is_table_name(table)
        {
            return Err(field(
                "table",
                &format!("is `{table}`, no table name; write 3 to 255 letters, digits, `.`, `_` and `-`, not an ARN"),
            ));
        }
        if let Some(run) = self.dead_letters_of.as_ref().filter(|run| !is_name(run)) {
            return Err(field(
                "dead_letters_of",
                &format!("is `{run}`, no run's name; write the name of an execution"),
            ));
        }
        match &self.run {
            Some(run) if !is_name(run) => {
                Err(field("run", &format!("is `{run}`, no run's name; write the name of an execution")))
            }
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
