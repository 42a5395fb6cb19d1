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
    #[error(transparent)]
    File(#[from] RunFileError),
    /// The ledger did not answer.
    #[error("the lock, the control item or the checkpoint could not be read or written in the ledger")]
    Ledger(#[from] LedgerError),
    /// The plan's migration does not compile. It did when the run was planned, so this is another version.
    #[error("this version cannot compile the run's migration; use the version that planned the run")]
    Migration(#[source] MeaningError),
    /// The run was stopped.
    #[error("the run was stopped: {reason}")]
    Stopped {
        /// Why, from the control item.
        reason: String,
    },
    /// The plan's window cannot be read, although Plan could read it.
    #[error("this version cannot read the plan's window; use the version that planned the run")]
    Window(#[source] WindowError),
    /// The calendars and alarms could not be read, or one of them ends the run.
    #[error("the run may not write")]
    Monitors(#[source] MonitorError),
    /// Another execution or a later attempt has taken over.
    #[error("the lock or the part was taken over by another execution or a later attempt; this worker stops")]
    LeaseLost,
}

impl PartError {
    /// The name under which a worker reports this failure.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::File(source) => source.name(),
            Self::Ledger(source) => source.name(),
            Self::Migration(_) => ErrorName::InvalidMigration,
            Self::Stopped { .. } => ErrorName::Aborted,
            Self::Window(_) => ErrorName::Internal,
            Self::Monitors(source) => source.name(),
            Self::LeaseLost => ErrorName::LeaseLost,
        }
    }
}
