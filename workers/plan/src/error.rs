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
use tableshift_core::plan::planning::PlanError;
use tableshift_core::plan::settings::input_check::InputError;
use tableshift_core::plan::settings::policy::PolicyError;
use tableshift_runtime::Named;

use crate::signature_refused::SignatureRefused;

/// Why a run cannot be planned. Neither the table nor its lock has changed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The stage was deployed with a policy that cannot be read.
    #[error("the stage's policy cannot be read; deploy the stage again with infra/stages/<stage>.json")]
    StagePolicy(#[source] serde_json::Error),
    /// The execution's input is not valid.
    #[error("the input is refused")]
    Input(#[source] InputError),
    /// The signature in the input is not valid.
    #[error("`requested_by` does not show who starts this execution; omit it, or start the run with `tableshift run`")]
    RequestedBy(#[source] SignatureRefused),
    /// A request to STS failed.
    #[error("cannot ask STS who starts this execution")]
    Sts(#[source] CallError),
    /// A field of the stage's policy has an impossible value.
    #[error("the stage's policy is refused")]
    Policy(#[source] PolicyError),
    /// The stage prod was deployed with a pattern that allows runs on every table.
    #[error(
        "the parameter TableNamePattern of stage `{stage}` is `{pattern}`, which matches every table; name the stage's \
         tables in infra/stages/{stage}.json, for example `{stage}-*`, and deploy it again"
    )]
    EveryTable {
        /// The stage's name.
        stage: String,
        /// The pattern.
        pattern: String,
    },
    /// The table is the ledger of a stage.
    #[error("table `{0}` is a ledger of tableshift, which no run may read or write; name a table of your application")]
    LedgerTable(String),
    /// No later action could name a run with this name.
    #[error(
        "`{0}` is the execution's name, but not a valid name of a run; start the execution with a name of 1 to 80 \
         letters, digits, `.`, `_` and `-`"
    )]
    RunName(String),
    /// The bucket has objects of an earlier run with this name.
    #[error(
        "objects of an earlier run named `{run}` are left under {prefix} in the stack's bucket; start the execution with \
         another name"
    )]
    NameLeft {
        /// The run's name.
        run: String,
        /// The prefix of the run's objects.
        prefix: String,
    },
    /// An earlier execution planned a run with this name.
    #[error("a run named `{0}` exists already; start the execution with another name")]
    NameUsed(String),
    /// The bucket has no document for this migration.
    #[error("migration `{id}` is not in the stack's bucket; upload its document to {key}")]
    NoMigration {
        /// The migration's id.
        id: String,
        /// The key that the document must have.
        key: String,
    },
    /// The document cannot be read.
    #[error("the migration in {place} is refused")]
    Document {
        /// The document's key, or `the input`.
        place: String,
        /// What is wrong with it.
        #[source]
        source: DocumentError,
    },
    /// The document has errors.
    #[error("the migration in {key} is refused: {findings}; `tableshift check` shows each error at its place")]
    HasErrors {
        /// The document's key.
        key: String,
        /// The errors, each with its line and column.
        findings: String,
    },
    /// The document at this key has another id.
    #[error("{key} has the id `{found}`, not `{asked}`; name the file after its id")]
    OtherId {
        /// The document's key.
        key: String,
        /// The id in the input.
        asked: String,
        /// The id in the document.
        found: String,
    },
    /// The document cannot be compiled for this table.
    #[error("migration `{id}` is refused")]
    Meaning {
        /// The migration's id.
        id: String,
        /// What is wrong with it.
        #[source]
        source: MeaningError,
    },
    /// A request to the bucket failed.
    #[error("the stack's bucket could not be read")]
    Object(#[source] ObjectError),
    /// DescribeTable or another request about the table failed.
    #[error("table `{table}` cannot be used")]
    Table {
        /// The table's name.
        table: String,
        /// The failed request.
        #[source]
        source: CallError,
    },
    /// The table is being created, updated or deleted.
    #[error("table `{table}` is {status}, not ACTIVE; wait until it is ACTIVE")]
    NotActive {
        /// The table's name.
        table: String,
        /// The table's status in DynamoDB.
        status: String,
    },
    /// The policy, the table or the budget does not allow the run.
    #[error("the run is refused")]
    Plan(#[source] PlanError),
    /// A calendar or alarm in the input does not exist or cannot be read.
    #[error("the calendars and alarms in the input cannot be monitored")]
    Monitors(#[source] CallError),
    /// A file of the run could not be read or written.
    #[error("the run's files could not be read or written")]
    RunFile(#[source] RunFileError),
    /// A request to the ledger failed.
    #[error("the ledger could not be read or written")]
    Ledger(#[source] LedgerError),
    /// The run has a plan but no record.
    #[error("run `{0}` is not in the ledger; check the name, or start a new run")]
    NoRecord(String),
    /// The input names another table than the earlier run.
    #[error("run `{run}` is about table `{planned}`, not `{asked}`; omit `table`")]
    OtherTable {
        /// The earlier run's id.
        run: String,
        /// The table in its plan.
        planned: String,
        /// The table in the input.
        asked: String,
    },
    /// The migration in the input is not the one in the earlier run's plan.
    #[error("migration `{id}` is not the one that run `{run}` was planned with; start a new run for the new content")]
    MigrationChanged {
        /// The earlier run's id.
        run: String,
        /// The migration's id.
        id: String,
    },
    /// A migration with the same id but another content is applied to the table.
    #[error(
        "migration `{id}` is not the one that run `{run}` applied to this table at {at}: the content of an id must not \
         change, so give the new content a new id, or roll back that run first; the differences:\n{difference}"
    )]
    ChangedSinceApplied {
        /// The migration's id.
        id: String,
        /// The run that applied it.
        run: String,
        /// When that run ended, ISO 8601.
        at: String,
        /// The lines that differ, as a unified diff of the JSON.
        difference: String,
    },
    /// The migration's requirement is not met.
    #[error("migration `{id}` may not run on table `{table}` yet")]
    Unmet {
        /// The migration's id.
        id: String,
        /// The table's name.
        table: String,
        /// The requirement that is not met.
        #[source]
        source: Box<Unmet>,
    },
    /// The earlier run has ended and cannot be resumed.
    #[error("run `{run}` {ending}, so there is nothing to resume; start a new run")]
    NothingToResume {
        /// The earlier run's id.
        run: String,
        /// How it ended, as a verb phrase.
        ending: String,
    },
    /// A later run of the migration wrote to the table.
    #[error("run `{newer}` of the same migration wrote to the table after run `{run}`; roll back run `{newer}` first")]
    NewerRun {
        /// The run that is to be rolled back or resumed.
        run: String,
        /// The later run's id.
        newer: String,
    },
    /// Another run holds the table's lock.
    #[error("the table is in use")]
    LockHeld(#[source] Held),
    /// Another run took the table's lock at the same moment.
    #[error("another run took the lock of table `{0}` at the same moment; wait until it ends")]
    LockTaken(String),
    /// DescribeExecution failed for the execution that holds the lock.
    #[error("cannot check whether the execution that holds the lock is still running")]
    Holder(#[source] CallError),
}

impl Named for Error {
    fn name(&self) -> ErrorName {
        match self {
            Error::StagePolicy(_) => ErrorName::Internal,
            Error::Input(_)
            | Error::RequestedBy(_)
            | Error::NameUsed(_)
            | Error::NameLeft { .. }
            | Error::RunName(_)
            | Error::OtherTable { .. }
            | Error::NothingToResume { .. }
            | Error::NewerRun { .. } => ErrorName::InvalidInput,
            Error::NoMigration { .. }
            | Error::Document { .. }
            | Error::HasErrors { .. }
            | Error::OtherId { .. }
            | Error::Meaning { .. } => ErrorName::InvalidMigration,
            Error::Object(source) => source.name(),
            Error::Table { source, .. } if source.cause == Cause::NotFound => ErrorName::TableNotFound,
            Error::Table { source, .. } | Error::Holder(source) | Error::Sts(source) => source.name(),
            Error::Monitors(source) => name_of(source),
            Error::NotActive { .. } | Error::Plan(PlanError::NotActive { .. }) => ErrorName::TableNotActive,
            Error::Policy(_) | Error::EveryTable { .. } | Error::LedgerTable(_) | Error::Plan(PlanError::Policy(_)) => {
                ErrorName::PolicyViolation
            }
            Error::Plan(PlanError::Budget { .. }) => ErrorName::BudgetExceeded,
            Error::RunFile(source) => source.name(),
            Error::Ledger(source) => source.name(),
            Error::NoRecord(_) => ErrorName::RunNotFound,
            Error::Unmet { .. } => ErrorName::RequirementUnmet,
            Error::MigrationChanged { .. } | Error::ChangedSinceApplied { .. } => ErrorName::MigrationChanged,
            Error::LockHeld(_) | Error::LockTaken(_) => ErrorName::LockHeld,
        }
    }
}
