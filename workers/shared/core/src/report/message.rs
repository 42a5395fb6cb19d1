//! The message of each [`Event`], with links.
//!
//! Each message has three forms: text for people, JSON for programs, and attributes by which subscribers filter. A message
//! contains names, counts, reasons and links only, never values of items.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::plan::keys;
use crate::plan::run_plan::RunPlan;
use crate::plan::settings::input::Action;
use crate::report::event::Event;
use crate::report::links;
use jiff::Timestamp;
use serde::Serialize;

/// Everything that a message is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice<'a> {
    /// The event to announce.
    pub event: Event<'a>,
    /// When the event occurred, in epoch milliseconds.
    pub at: i64,
    /// The stage's name.
    pub stage: &'a str,
    /// The run's id.
    pub run: &'a str,
    /// The table's name, if it is known.
    pub table: Option<&'a str>,
    /// The migration's id, if it is known.
    pub migration: Option<&'a str>,
    /// The execution's ARN.
    pub execution: &'a str,
    /// The stack's bucket.
    pub bucket: &'a str,
    /// Whether the bucket contains a report of the run.
    pub reported: bool,
    /// The last phase's counts by name; empty if there are none.
    pub counts: BTreeMap<String, u64>,
}

impl<'a> Notice<'a> {
    /// The notice of an event of a planned run, without report and counts.
    pub fn of_run(plan: &'a RunPlan, event: Event<'a>, at: i64, execution: &'a str) -> Self {
        let RunPlan { stage, run, bucket, table, migration, .. } = plan;
        let (table, migration) = (Some(table.name.as_str()), Some(migration.id.as_str()));
        Self { event, at, stage, run, table, migration, execution, bucket, reported: false, counts: BTreeMap::new() }
    }
}

/// The most characters of a cause in a message. SNS accepts 256 KB (source: SNS API reference, Publish); the execution
/// contains the whole cause.
const MAX_CAUSE_CHARS: usize = 4_000;

/// A message in all its forms, ready to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Message {
    /// The subject, for e-mails.
    pub subject: String,
    /// The text for people.
    pub text: String,
    /// The JSON document for programs.
    pub json: String,
    /// The message attributes by which subscribers filter: names and values.
    pub attributes: Vec<(&'static str, String)>,
}

/// The JSON document. Within a version, fields may be added, but not renamed or removed.
#[derive(Serialize)]
struct Payload<'a> {
    version: u8,
    event: &'static str,
    at: String,
    stage: &'a str,
    run: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    migration: Option<&'a str>,
    execution: &'a str,
    #[serde(flatten)]
    event_fields: BTreeMap<&'static str, serde_json::Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    counts: &'a BTreeMap<String, u64>,
    links: BTreeMap<&'static str, String>,
    subject: &'a str,
    text: &'a str,
}

impl Notice<'_> {
    /// The message with its default subject and text.
    pub fn message(&self) -> Message {
        self.message_with(self.subject(), self.text())
    }

    /// The message with another subject and text.
    pub fn message_with(&self, subject: String, text: String) -> Message {
        let payload = Payload {
            version: 1,
            event: self.event.name(),
            at: Timestamp::from_second(self.at.div_euclid(1000)).unwrap_or(Timestamp::MAX).to_string(),
            stage: self.stage,
            run: self.run,
            table: self.table,
            migration: self.migration,
            execution: self.execution,
            event_fields: self.event_fields(),
            counts: &self.counts,
            links: self.links(),
            subject: &subject,
            text: &text,
        };
        let json = serde_json::to_string(&payload).expect("plain data serialises");
        Message { json, attributes: self.attributes(), subject, text }
    }

    /// SNS refuses attributes with an empty value, so those are left out.
    fn attributes(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("event", Some(self.event.name())),
            ("stage", Some(self.stage)),
            ("table", self.table),
            ("migration", self.migration),
            ("run", Some(self.run)),
        ];
        let present = all.into_iter().filter_map(|(name, value)| Some((name, value?.to_owned())));
        present.filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The fields of the JSON document that only this event has.
    fn event_fields(&self) -> BTreeMap<&'static str, serde_json::Value> {
        let fields: Vec<(&'static str, serde_json::Value)> = match self.event {
            Event::Started { action } => vec![("action", serde_json::json!(action))],
            Event::Waiting { answer_by } => vec![("answer_by", answer_by.into())],
            Event::Paused { reason, by_operator } => {
                vec![("reason", reason.into()), ("by_operator", by_operator.into())]
            }
            Event::RolledBack { because: Some((error, cause)) } | Event::Failed { error, cause } => {
                vec![("error", error.into()), ("cause", shortened(cause).into())]
            }
            Event::Done { already_applied: Some((run, at)) } => {
                vec![("already_applied", serde_json::json!({ "run": run, "at": at }))]
            }
            Event::DryRunPassed
            | Event::Writing
            | Event::Verified
            | Event::Applied
            | Event::RolledBack { because: None }
            | Event::Done { already_applied: None } => Vec::new(),
        };
        fields.into_iter().collect()
    }

    fn links(&self) -> BTreeMap<&'static str, String> {
        let mut links = BTreeMap::new();
        links.extend(links::execution(self.execution).map(|link| ("execution", link)));
        if self.reported {
            let page = keys::report_page(self.run);
            links.extend(links::object(self.execution, self.bucket, &page).map(|link| ("report", link)));
            links.insert("report_json", format!("s3://{}/{}", self.bucket, keys::report(self.run)));
        }
        links
    }

    fn subject(&self) -> String {
        let what = match self.event {
            Event::Failed { error, .. } => format!("failed with {error}"),
            event => event.name().replace('-', " "),
        };
        format!("tableshift {}: {what}: run {}", self.stage, self.run)
    }

    fn text(&self) -> String {
        let mut text = self.sentence() + "\n\n";
        let links = self.links();
        let link = |name: &str| links.get(name).cloned();
        let execution = link("execution").unwrap_or_else(|| self.execution.to_owned());
        let rows = [
            ("Stage", Some(self.stage.to_owned())),
            ("Migration", self.migration.map(str::to_owned)),
            ("Table", self.table.map(str::to_owned)),
            ("Execution", Some(execution)),
            ("Report", link("report").or_else(|| link("report_json"))),
        ];
        for (name, value) in rows {
            if let Some(value) = value {
                writeln!(text, "{:<12}{value}", format!("{name}:")).expect("a string takes all");
            }
        }
        for (name, count) in &self.counts {
            writeln!(text, "{count:>14}  {}", name.replace('_', " ")).expect("a string takes all");
        }
        text
    }

    /// What happened, and what people can do.
    fn sentence(&self) -> String {
        let (run, stage, table) = (self.run, self.stage, self.table.unwrap_or("its table"));
        match self.event {
            Event::Started { action } => format!("Run {run} {}.", started_as(action)),
            Event::DryRunPassed => {
                format!(
                    "The dry run of {run} passed. Nothing was written to {table}. The report says what would change."
                )
            }
            Event::Waiting { answer_by } => format!("Run {run} waits for approval until {answer_by}."),
            Event::Writing => format!(
                "Run {run} now writes to {table}.\n\nTo watch it: tableshift watch {run} --stage {stage}\nTo pause \
                 it: tableshift pause {run} --stage {stage}"
            ),
            Event::Paused { reason, by_operator: true } => {
                format!("Run {run} is {reason}.\n\nTo resume it: tableshift resume {run} --stage {stage}")
            }
            Event::Paused { reason, by_operator: false } => {
                format!("Run {run} is on hold: {reason}. It continues by itself afterwards.")
            }
            Event::Verified => format!("Run {run} is verified: every item was read again and checked."),
            Event::Applied => format!("Run {run} has applied its migration."),
            Event::RolledBack { because: None } => format!("Run {run} is rolled back."),
            Event::RolledBack { because: Some((error, cause)) } => {
                format!("Run {run} is rolled back and ended with {error}:\n{}", shortened(cause))
            }
            Event::Failed { error, cause } => format!("Run {run} failed with {error}:\n{}", shortened(cause)),
            Event::Done { already_applied: Some((other, at)) } => {
                format!("Run {run} had nothing to do: run {other} applied the migration at {at}.")
            }
            Event::Done { already_applied: None } => format!("Run {run} is done."),
        }
    }
}

fn shortened(cause: &str) -> &str {
    cause.char_indices().nth(MAX_CAUSE_CHARS).map_or(cause, |(end, _)| &cause[..end])
}

fn started_as(action: Action) -> &'static str {
    match action {
        Action::Migrate => "has started",
        Action::DryRun => "has started a dry run, which writes nothing to the table",
        Action::Verify => "is being verified: every item is read again and checked",
        Action::RollBack => "is being rolled back",
        Action::Resume => "has been resumed",
    }
}

#[cfg(test)]
mod tests;
