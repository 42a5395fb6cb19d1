//! Why a run cannot be planned.

use tableshift_aws::ledger::table::LedgerError;
use tableshift_aws::monitors::reader::name_of;
use tableshift_aws::run_files::RunFileError;
use tableshift_aws::s3::ObjectError;
use tableshift_aws::{CallError, Cause};
use tableshift_core::ErrorName;
use tableshift_core::control::lock::Held;
use tableshift_core::language::compile::compiled::MeaningError;
use tableshift_core::language::document::DocumentError;
use tableshift_core::language::document::requires::Unmet;
use tableshift_core::plan::input_check::InputError;
use tableshift_core::plan::planning::PlanError;
use tableshift_runtime::Named;

use crate::requester::NotProven;

/// Why a run cannot be planned. Nothing was touched.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stage was deployed with a policy that cannot be read.
    #[error("the stage's policy cannot be read; deploy the stage again with infra/stages/<stage>.json")]
    StagePolicy(#[source] serde_json::Error),
    /// The input is wrong.
    #[error("the input is refused")]
    Input(#[source] InputError),
    /// The signature in the input proves nothing.
    #[error("`requested_by` does not say who starts this execution; leave it out, or start with `tableshift run`")]
    RequestedBy(#[source] NotProven),
    /// STS did not answer.
    #[error("STS could not be asked who starts this execution")]
    Sts(#[source] CallError),
    /// The run's name was used before.
    #[error("a run named `{0}` exists already; start the execution under another name")]
    NameUsed(String),
    /// There is no such migration.
    #[error("migration `{id}` is not in the stack's bucket; put its document at {key}")]
    NoMigration {
        /// The id.
        id: String,
        /// Where it should be.
        key: String,
    },
    /// The document cannot be read.
    #[error("the migration in {place} is refused")]
    Document {
        /// Where it is.
        place: String,
        /// What is wrong with it.
        #[source]
        source: DocumentError,
    },
    /// The document has errors, each told with its place.
    #[error("the migration in {key} is refused: {findings}; `tableshift check` shows each at its place")]
    Faulty {
        /// Where it is.
        key: String,
        /// The errors, each with its line and column.
        findings: String,
    },
    /// The document at this key has another id.
    #[error("{key} has the id `{found}`, not `{asked}`; name the file after its id")]
    OtherId {
        /// Where the document is.
        key: String,
        /// The id that was asked for.
        asked: String,
        /// The id that it has.
        found: String,
    },
    /// The document has no meaning for this table.
    #[error("migration `{id}` is refused")]
    Meaning {
        /// The migration.
        id: String,
        /// What is wrong with it.
        #[source]
        source: MeaningError,
    },
    /// The bucket did not answer.
    #[error("the migration could not be read from the stack's bucket")]
    Object(#[source] ObjectError),
    /// The table could not be described.
    #[error("table `{table}` cannot be used")]
    Table {
        /// The table.
        table: String,
        /// What went wrong.
        #[source]
        source: CallError,
    },
    /// The table is not ready.
    #[error("table `{table}` is {status}, not ACTIVE; wait until it is")]
    NotActive {
        /// The table.
        table: String,
        /// Its status.
        status: String,
    },
    /// The policy, the table or the budget forbids the run.
    #[error("the run is refused")]
    Plan(#[source] PlanError),
    /// A calendar or alarm that the run is to watch does not answer.
    #[error("the calendars and alarms of the input cannot be monitors")]
    Monitors(#[source] CallError),
    /// A file of the run could not be read or written.
    #[error("the run could not be written down or taken up")]
    RunFile(#[source] RunFileError),
    /// The ledger did not answer.
    #[error("the ledger could not be read or written")]
    Ledger(#[source] LedgerError),
    /// The run left a plan but no record.
    #[error("run `{0}` is not in the ledger; check the name, or start a new run")]
    NoRecord(String),
    /// The input names another table than the run's.
    #[error("run `{run}` is about table `{planned}`, not `{asked}`; leave `table` out")]
    OtherTable {
        /// The run.
        run: String,
        /// Its table.
        planned: String,
        /// The input's table.
        asked: String,
    },
    /// The input's migration is not the run's.
    #[error("migration `{id}` is not the one that run `{run}` was planned with; start a new run for the new one")]
    MigrationChanged {
        /// The run.
        run: String,
        /// The migration.
        id: String,
    },
    /// Another migration under this id is applied to the table.
    #[error(
        "migration `{id}` is not the one that run `{run}` applied to this table at {at}: an id stands for one content for \
         ever, so give the new one an id of its own, or roll that run back first; what is different:\n{difference}"
    )]
    ChangedSinceApplied {
        /// The migration.
        id: String,
        /// The run that applied it.
        run: String,
        /// When.
        at: String,
        /// What is different.
        difference: String,
    },
    /// The migration may not run on this table yet.
    #[error("migration `{id}` may not run on table `{table}` yet")]
    Unmet {
        /// The migration.
        id: String,
        /// The table.
        table: String,
        /// What it waits for.
        #[source]
        source: Box<Unmet>,
    },
    /// The run is over.
    #[error("run `{run}` {status}, so there is nothing to resume; start a new run")]
    NothingToResume {
        /// The run.
        run: String,
        /// How it ended.
        status: String,
    },
    /// Another run is at work.
    #[error("the table is in use")]
    Held(#[source] Held),
    /// Another run took the lock at the same moment.
    #[error("another run took the lock of table `{0}` at the same moment; wait until it ends")]
    Outrun(String),
    /// Whether the lock's holder still runs could not be found out.
    #[error("whether the execution that holds the lock still runs could not be found out")]
    Holder(#[source] CallError),
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Error::StagePolicy(_) => ErrorName::Internal,
            Error::Input(_)
            | Error::RequestedBy(_)
            | Error::NameUsed(_)
            | Error::OtherTable { .. }
            | Error::NothingToResume { .. } => ErrorName::InvalidInput,
            Error::NoMigration { .. }
            | Error::Document { .. }
            | Error::Faulty { .. }
            | Error::OtherId { .. }
            | Error::Meaning { .. } => ErrorName::InvalidMigration,
            Error::Object(source) => source.name(),
            Error::Table { source, .. } if source.cause == Cause::NotFound => ErrorName::TableNotFound,
            Error::Table { source, .. } | Error::Holder(source) | Error::Sts(source) => source.name(),
            Error::Monitors(source) => name_of(source),
            Error::NotActive { .. } | Error::Plan(PlanError::NotActive { .. }) => ErrorName::TableNotActive,
            Error::Plan(PlanError::Policy(_)) => ErrorName::PolicyViolation,
            Error::Plan(PlanError::Budget { .. }) => ErrorName::BudgetExceeded,
            Error::RunFile(source) => source.name(),
            Error::Ledger(source) => source.name(),
            Error::NoRecord(_) => ErrorName::RunNotFound,
            Error::Unmet { .. } => ErrorName::RequirementUnmet,
            Error::MigrationChanged { .. } | Error::ChangedSinceApplied { .. } => ErrorName::MigrationChanged,
            Error::Held(_) | Error::Outrun(_) => ErrorName::LockHeld,
        }
    }
}
