//! Why a part of a phase cannot be worked on.

use tableshift_core::ErrorName;
use tableshift_core::language::compile::compiled::MeaningError;
use tableshift_core::plan::window::WindowError;

use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::monitors::reader::MonitorError;
use tableshift_aws::run_files::RunFileError;

/// Why a part cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    /// A file of the run is missing or unreadable.
    #[error("part {part} cannot be worked on")]
    File {
        /// The part.
        part: String,
        /// What went wrong.
        #[source]
        source: RunFileError,
    },
    /// The ledger did not answer.
    #[error("the checkpoint of part {part} could not be read or saved")]
    Ledger {
        /// The part.
        part: String,
        /// What went wrong.
        #[source]
        source: LedgerError,
    },
    /// The plan's migration does not compile: it did when the run was planned, so this is another version.
    #[error("the run's migration cannot be compiled by this version")]
    Migration(#[source] MeaningError),
    /// The run was stopped.
    #[error("the run was stopped: {reason}")]
    Stopped {
        /// Why.
        reason: String,
    },
    /// The plan's window cannot be read, though Plan could read it.
    #[error("the plan's window cannot be read by this version")]
    Window(#[source] WindowError),
    /// Calendars and alarms could not be looked at, or one of them ends the run.
    #[error("the run may not write")]
    Look(#[source] MonitorError),
    /// Another execution has taken the run or the table over.
    #[error("part {part} is not this execution's any more: the lock or the part was taken over; this worker stops")]
    LeaseLost {
        /// The part.
        part: String,
    },
}

impl PartError {
    /// The name under which a worker reports this failure.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::File { source, .. } => source.name(),
            Self::Ledger { source, .. } => source.name(),
            Self::Migration(_) => ErrorName::InvalidMigration,
            Self::Stopped { .. } => ErrorName::Aborted,
            Self::Window(_) => ErrorName::Internal,
            Self::Look(source) => source.name(),
            Self::LeaseLost { .. } => ErrorName::LeaseLost,
        }
    }
}
