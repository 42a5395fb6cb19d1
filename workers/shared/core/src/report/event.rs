//! The events of a run that are announced in a message.

use crate::plan::input::Action;

/// An event in a run that is told. Its word is the message's `event`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// Plan has checked everything and the execution goes to work.
    Started {
        /// On what.
        action: Action,
    },
    /// The dry run went well.
    DryRunPassed,
    /// A person is asked.
    Waiting {
        /// Until when, ISO 8601.
        answer_by: &'a str,
    },
    /// The run writes to the table from here on. Once in a run.
    Writing,
    /// Something holds the run.
    Paused {
        /// What.
        reason: &'a str,
        /// Whether it takes a person to let it go on.
        by_operator: bool,
    },
    /// Every item was looked at again and found good.
    Verified,
    /// The end: the writing was judged good, and the ledger knows the migration as applied.
    Applied,
    /// The end: the items were put back, because somebody asked for it or because the verdict was bad.
    RolledBack {
        /// Why, if nobody asked for it: error name and cause.
        because: Option<(&'a str, &'a str)>,
    },
    /// The end: the execution did not do what was asked.
    Failed {
        /// The error's name.
        error: &'a str,
        /// What happened and what to do.
        cause: &'a str,
    },
    /// The end: the execution did what was asked, and that was neither to write nor to put back.
    Done {
        /// The run that applied the migration before, and when, if there was nothing left to do.
        already_applied: Option<(&'a str, &'a str)>,
    },
}

impl Event<'_> {
    /// Every word that a message's `event` can be.
    pub const WORDS: [&'static str; 10] = [
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

    /// The event's word.
    pub fn word(&self) -> &'static str {
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
        Self::WORDS[index]
    }
}
