//! The events of a run that messages announce.

use crate::plan::settings::input::Action;

/// An event that a message announces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// Plan has checked everything, and the execution starts to work.
    Started {
        /// The action of the execution.
        action: Action,
    },
    /// The dry run's verdict is good.
    DryRunPassed,
    /// The run waits for an approval.
    Waiting {
        /// When the request expires, ISO 8601.
        answer_by: &'a str,
    },
    /// The run writes to the table from now on. Sent once in a run.
    Writing,
    /// The run is on hold.
    Paused {
        /// Why, for people.
        reason: &'a str,
        /// Whether an operator paused the run, so that somebody must resume it.
        by_operator: bool,
    },
    /// The verification's verdict is good.
    Verified,
    /// The end: the run succeeded, and the ledger records the migration as applied.
    Applied,
    /// The end: the run is rolled back, on request or because the verification's verdict was bad.
    RolledBack {
        /// Name and cause of the error, unless the roll-back was requested.
        because: Option<(&'a str, &'a str)>,
    },
    /// The end: the execution failed.
    Failed {
        /// The error's name, such as `LockHeld`.
        error: &'a str,
        /// What happened and what to do.
        cause: &'a str,
    },
    /// The end: the execution succeeded without writing to the table.
    Done {
        /// The earlier run that applied the migration, and when (ISO 8601), if there was nothing left to do.
        already_applied: Option<(&'a str, &'a str)>,
    },
}

impl Event<'_> {
    /// The names of all events.
    pub const NAMES: [&'static str; 10] = [
        "started",
        "dry-run-passed",
        "waiting",
        "writing",
        "paused",
        "verified",
        "applied",
        "rolled-back",
        "failed",
        "done",
    ];

    /// The event's name: the message's field and attribute `event`.
    pub fn name(&self) -> &'static str {
        let index = match self {
            Event::Started { .. } => 0,
            Event::DryRunPassed => 1,
            Event::Waiting { .. } => 2,
            Event::Writing => 3,
            Event::Paused { .. } => 4,
            Event::Verified => 5,
            Event::Applied => 6,
            Event::RolledBack { .. } => 7,
            Event::Failed { .. } => 8,
            Event::Done { .. } => 9,
        };
        Self::NAMES[index]
    }
}
