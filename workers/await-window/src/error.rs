//! Why a run may not continue.

use tableshift_aws::ledger::lock::LeaseError;
use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::monitors::reader::MonitorError;
use tableshift_aws::run_files::RunFileError;
use tableshift_core::plan::wave::Wave;
use tableshift_core::plan::window::WindowError;
use tableshift_runtime::{ErrorName, Named};

use crate::approval::ApprovalError;

/// Why a run may not continue.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `plan.json` could not be read.
    #[error("the run's plan could not be read")]
    Plan(#[source] RunFileError),
    /// A request to the ledger failed.
    #[error("the state of run `{run}` could not be read from or written to the ledger")]
    Ledger {
        /// The run's id.
        run: String,
        /// The failed request.
        #[source]
        source: LedgerError,
    },
    /// The run cannot keep the lock of its table.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// The plan has changed, or the approval of this wave is missing or no longer valid.
    #[error("{problem}; {}", wave.written_so_far())]
    Approval {
        /// What is wrong.
        problem: ApprovalError,
        /// The wave that does not start.
        wave: Wave,
    },
    /// The state machine asked for a bake of a run without a canary.
    #[error("the plan of run `{0}` has no canary; start a new run")]
    NoCanary(String),
    /// The monitors could not be read, or a critical alarm rings.
    #[error("run `{run}` may not write")]
    Monitors {
        /// The run's id.
        run: String,
        /// What is wrong.
        #[source]
        source: MonitorError,
    },
    /// An operator aborted the run.
    #[error("run `{run}` was aborted: {reason}")]
    Aborted {
        /// The run's id.
        run: String,
        /// The operator's reason.
        reason: String,
    },
    /// This version cannot read the window in the plan, although Plan could.
    #[error("this version cannot read the window in the run's plan; start a new run")]
    Window(#[source] WindowError),
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Self::Plan(source) => source.name(),
            Self::Ledger { source, .. } => source.name(),
            Self::Lease(source) => source.name(),
            Self::Monitors { source, .. } => source.name(),
            Self::Aborted { .. } => ErrorName::Aborted,
            Self::Approval { problem, .. } => problem.name(),
            Self::NoCanary(_) | Self::Window(_) => ErrorName::Internal,
        }
    }
}
