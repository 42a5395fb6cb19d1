//! How a run stands, and the exit code that says so: a public contract. Pure.

use crate::ending::Ending;
use serde::Serialize;
use tableshift_core::ErrorName;

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It did what was asked.
    Done,
    /// It is at work, or waits for a window, a calendar, an alarm or an operator.
    UnderWay,
    /// It waits for a person's yes or no.
    WaitsForApproval,
    /// A person said no, or nobody answered, or the answer did not count.
    Rejected,
    /// The verification's verdict is bad: items are held as they are, or were put back.
    VerificationFailed,
    /// The dry run's verdict is bad; nothing was written.
    DryRunFailed,
    /// It was refused before anything was done.
    Refused,
    /// An operator, an alarm or a budget stopped it.
    Stopped,
    /// It failed for another reason.
    Failed,
}

impl Standing {
    /// How a run stands that ended with this error.
    pub fn of_error(name: &str) -> Self {
        let Some(name) = ErrorName::ALL.into_iter().find(|known| known.as_str() == name) else { return Self::Failed };
        match name {
            ErrorName::ApprovalRejected
            | ErrorName::ApprovalExpired
            | ErrorName::ApprovalStale
            | ErrorName::ApprovalRefused => Self::Rejected,
            ErrorName::VerificationFailed | ErrorName::RolledBack => Self::VerificationFailed,
            ErrorName::DryRunFailed => Self::DryRunFailed,
            ErrorName::InvalidInput
            | ErrorName::InvalidMigration
            | ErrorName::TableNotFound
            | ErrorName::TableNotActive
            | ErrorName::PolicyViolation
            | ErrorName::RequirementUnmet
            | ErrorName::LockHeld
            | ErrorName::RunNotFound
            | ErrorName::MigrationChanged => Self::Refused,
            ErrorName::Aborted | ErrorName::BudgetExceeded => Self::Stopped,
            _ => Self::Failed,
        }
    }

    /// The exit code.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::WaitsForApproval => 3,
            Self::Rejected => 4,
            Self::VerificationFailed => 5,
            Self::DryRunFailed => 6,
            Self::Refused => 7,
            Self::Stopped => 8,
            Self::UnderWay => 9,
        }
    }

    /// How a command ends that tells of it.
    pub fn ending(self) -> Ending {
        Ending::Standing(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_error_has_its_exit_code() {
        let mut codes = BTreeMap::<u8, Vec<&str>>::new();
        for name in ErrorName::ALL {
            codes.entry(Standing::of_error(name.as_str()).code()).or_default().push(name.as_str());
        }
        assert_eq!(codes[&4], ["ApprovalRejected", "ApprovalExpired", "ApprovalStale", "ApprovalRefused"]);
        assert_eq!(codes[&5], ["VerificationFailed", "RolledBack"]);
        assert_eq!(codes[&6], ["DryRunFailed"]);
        assert_eq!(codes[&8], ["Aborted", "BudgetExceeded"]);
        assert!(codes[&7].contains(&"LockHeld") && codes[&1].contains(&"AccessDenied"));
        assert!(!codes.contains_key(&0) && !codes.contains_key(&2) && !codes.contains_key(&3));
    }

    #[test]
    fn a_name_that_step_functions_chose_is_a_failure() {
        assert_eq!(Standing::of_error("States.Timeout"), Standing::Failed);
    }
}
