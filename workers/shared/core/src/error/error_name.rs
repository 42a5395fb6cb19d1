//! The closed set of error names that Step Functions sees.
//!
//! A state machine matches on these names, so a name is a public contract: it does not follow the names of Rust types and
//! does not change once released. Every worker's `Error` maps to one of them, through the runtime. The set has no
//! catch-all variant that carries a free string.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of an error, as Step Functions sees it in `errorType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ErrorName {
    /// The execution's input does not match its schema, or a field has a value that makes no sense. Correct the input and
    /// start again.
    InvalidInput,
    /// The migration document does not parse, does not compile, or changes an attribute that cannot be changed.
    InvalidMigration,
    /// The table does not exist in this account and Region.
    TableNotFound,
    /// The table exists but is not `ACTIVE`.
    TableNotActive,
    /// The stage's policy forbids this input on this table.
    PolicyViolation,
    /// The migration requires another one on this table, which is not applied, not verified, or has not been applied for
    /// long enough. Nothing was written; the cause says when the migration may run.
    RequirementUnmet,
    /// Another run holds the table's lock.
    LockHeld,
    /// There is no plan of the run that `run` names.
    RunNotFound,
    /// The migration under this id is not the one that the run was planned with.
    MigrationChanged,
    /// The on-demand backup could not be made.
    BackupFailed,
    /// The export to S3 could not be made.
    ExportFailed,
    /// The export's files disagree with its manifests.
    CorruptExport,
    /// The dry run's verdict is bad; nothing was written.
    DryRunFailed,
    /// An approver rejected the run; nothing was written, or at most a canary.
    ApprovalRejected,
    /// No approver answered in time; nothing was written, or at most a canary.
    ApprovalExpired,
    /// The answer is for another plan or another report; nothing was written, or at most a canary.
    ApprovalStale,
    /// The identity of the approver is not proven, or this person may not approve the run; nothing was written, or at
    /// most a canary.
    ApprovalRefused,
    /// A newer execution has taken over the run or the lock; this one stops.
    LeaseLost,
    /// An operator aborted the run, or one of its workers met an error that all of them would meet.
    Aborted,
    /// More items are invalid than the run tolerates, or the run would cost more than its budget.
    BudgetExceeded,
    /// The verification's verdict is bad; the items stay as they are, as the policy says.
    VerificationFailed,
    /// The verification's verdict was bad, and the items were rolled back.
    RolledBack,
    /// A role lacks a permission.
    AccessDenied,
    /// AWS kept throttling for longer than the SDK retries. The state machine retries the Task.
    Throttled,
    /// A service did not answer or failed. The state machine retries the Task.
    Unavailable,
    /// A defect in tableshift itself.
    Internal,
}

impl ErrorName {
    /// Every name, in the order of the workflow.
    pub const ALL: [ErrorName; 26] = [
        ErrorName::InvalidInput,
        ErrorName::InvalidMigration,
        ErrorName::TableNotFound,
        ErrorName::TableNotActive,
        ErrorName::PolicyViolation,
        ErrorName::RequirementUnmet,
        ErrorName::LockHeld,
        ErrorName::RunNotFound,
        ErrorName::MigrationChanged,
        ErrorName::BackupFailed,
        ErrorName::ExportFailed,
        ErrorName::CorruptExport,
        ErrorName::DryRunFailed,
        ErrorName::ApprovalRejected,
        ErrorName::ApprovalExpired,
        ErrorName::ApprovalStale,
        ErrorName::ApprovalRefused,
        ErrorName::LeaseLost,
        ErrorName::Aborted,
        ErrorName::BudgetExceeded,
        ErrorName::VerificationFailed,
        ErrorName::RolledBack,
        ErrorName::AccessDenied,
        ErrorName::Throttled,
        ErrorName::Unavailable,
        ErrorName::Internal,
    ];

    /// The name as Step Functions sees it; equal to the variant's name.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorName::InvalidInput => "InvalidInput",
            ErrorName::InvalidMigration => "InvalidMigration",
            ErrorName::TableNotFound => "TableNotFound",
            ErrorName::TableNotActive => "TableNotActive",
            ErrorName::PolicyViolation => "PolicyViolation",
            ErrorName::RequirementUnmet => "RequirementUnmet",
            ErrorName::LockHeld => "LockHeld",
            ErrorName::RunNotFound => "RunNotFound",
            ErrorName::MigrationChanged => "MigrationChanged",
            ErrorName::BackupFailed => "BackupFailed",
            ErrorName::ExportFailed => "ExportFailed",
            ErrorName::CorruptExport => "CorruptExport",
            ErrorName::DryRunFailed => "DryRunFailed",
            ErrorName::ApprovalRejected => "ApprovalRejected",
            ErrorName::ApprovalExpired => "ApprovalExpired",
            ErrorName::ApprovalStale => "ApprovalStale",
            ErrorName::ApprovalRefused => "ApprovalRefused",
            ErrorName::LeaseLost => "LeaseLost",
            ErrorName::Aborted => "Aborted",
            ErrorName::BudgetExceeded => "BudgetExceeded",
            ErrorName::VerificationFailed => "VerificationFailed",
            ErrorName::RolledBack => "RolledBack",
            ErrorName::AccessDenied => "AccessDenied",
            ErrorName::Throttled => "Throttled",
            ErrorName::Unavailable => "Unavailable",
            ErrorName::Internal => "Internal",
        }
    }

    /// Whether the state machine retries a Task that fails with this error.
    pub fn is_retried(self) -> bool {
        matches!(self, ErrorName::Throttled | ErrorName::Unavailable)
    }
}

impl fmt::Display for ErrorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_listed_once_and_serialises_as_itself() {
        let names: std::collections::BTreeSet<_> = ErrorName::ALL.iter().map(|n| n.as_str()).collect();
        assert_eq!(names.len(), ErrorName::ALL.len());
        for name in ErrorName::ALL {
            assert_eq!(serde_json::to_value(name).unwrap(), name.as_str());
        }
    }
}
