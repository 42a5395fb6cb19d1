//! The closed set of error names that Step Functions sees.
//!
//! A state machine matches on names, so a name is a public contract: it never is a Rust type's name and it never
//! changes once released. Who calls it: every worker's `Error`, through the runtime. What it must never do: grow a
//! catch-all that carries free text.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The name under which an error reaches Step Functions as `errorType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ErrorName {
    /// The execution's input breaks its schema or its meaning. Mend the input and start again.
    InvalidInput,
    /// The migration document does not parse, does not compile, or touches what cannot be touched.
    InvalidMigration,
    /// The table does not exist in this account and Region.
    TableNotFound,
    /// The table exists but is not `ACTIVE`.
    TableNotActive,
    /// The stage's policy forbids this input on this table.
    PolicyViolation,
    /// The migration requires another one on this table, which is not applied, not verified, or not in place for long
    /// enough. Nothing was written; the cause says when it may run.
    RequirementUnmet,
    /// Another run holds the table's lock.
    LockHeld,
    /// The run named by `run` left no plan.
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
    /// A person said no; nothing was written, or a canary at most.
    ApprovalRejected,
    /// Nobody answered in time; nothing was written, or a canary at most.
    ApprovalExpired,
    /// The answer is for another plan or another report; nothing was written, or a canary at most.
    ApprovalStale,
    /// Who answered is not proven, or is not one whose yes counts; nothing was written, or a canary
    /// at most.
    ApprovalRefused,
    /// A newer execution took the run or the lock over; this one stops.
    LeaseLost,
    /// An operator stopped the run, or one of its workers met an error that all would meet.
    Aborted,
    /// More items were invalid, or more was to be spent, than the budget allows.
    BudgetExceeded,
    /// The verification's verdict is bad; the run holds as the policy says.
    VerificationFailed,
    /// The verification's verdict was bad and every item was put back.
    RolledBack,
    /// A role lacks a permission.
    AccessDenied,
    /// AWS asked to slow down for longer than the SDK's own retries. Retried by the state machine.
    Throttled,
    /// A service did not answer or failed. Retried by the state machine.
    Unavailable,
    /// A defect of tableshift itself.
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

    /// The name as Step Functions sees it.
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

    /// Whether the state machine tries again by itself.
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
