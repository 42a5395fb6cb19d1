//! What a command returns to `main`: the text to print, and how it ended. The exit codes are a public contract.

use serde::Serialize;
use std::error::Error;
use std::process::ExitCode;
use tableshift_core::ErrorName;
use tableshift_core::error::failure::causes;

/// The text that a command prints, and how it ended.
#[derive(Debug)]
pub struct CommandOutput {
    /// Goes to standard output.
    pub text: String,
    /// Decides the exit code.
    pub status: ExitStatus,
}

impl CommandOutput {
    /// The output of a command that succeeded.
    pub fn success(text: String) -> Self {
        Self { text, status: ExitStatus::Success }
    }

    /// The output of a command that could not do its work: no text, and the error with its causes for standard error.
    pub fn error(error: &dyn Error) -> Self {
        let mut message = format!("error: {error}\n");
        message.extend(causes(error).map(|cause| format!("  caused by: {cause}\n")));
        Self { text: String::new(), status: ExitStatus::Error(message) }
    }
}

/// How a command ended.
#[derive(Debug)]
pub enum ExitStatus {
    /// Exit code 0. Warnings do not change that.
    Success,
    /// The command did its work and found errors: exit code 1.
    Findings,
    /// The command could not do its work, for example because of wrong arguments or a missing file: exit code 2. Holds
    /// the message for standard error.
    Error(String),
    /// The command was about a run: the exit code of the run's status.
    Run(RunStatus),
}

impl ExitStatus {
    /// `Success` if there are no findings.
    pub fn success_if(no_findings: bool) -> Self {
        if no_findings { Self::Success } else { Self::Findings }
    }

    /// The message for standard error, if there is one.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Error(message) => Some(message),
            _ => None,
        }
    }

    /// The exit code of the process.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Success => 0,
            Self::Findings => 1,
            Self::Error(_) => 2,
            Self::Run(status) => status.code(),
        })
    }
}

/// Where a run stands, as `status` and `watch` print it and as the exit code says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunStatus {
    /// The run did what was asked.
    Done,
    /// The run is working, or on hold.
    InProgress,
    /// The run waits until a person approves or rejects it.
    WaitingForApproval,
    /// The run was rejected, nobody answered in time, or the answer did not count.
    NotApproved,
    /// The verification's verdict is bad: items are left as they are, or were rolled back.
    VerificationFailed,
    /// The dry run's verdict is bad; nothing was written.
    DryRunFailed,
    /// The run was refused before it did anything.
    Refused,
    /// An operator, an alarm or a budget stopped the run.
    Stopped,
    /// The run failed for another reason.
    Failed,
}

impl RunStatus {
    /// The status of a run that ended with the error of this name. A name that is not one of tableshift's, such as
    /// `States.Timeout`, is a failure.
    pub fn of_error(name: &str) -> Self {
        let Some(name) = ErrorName::ALL.into_iter().find(|known| known.as_str() == name) else { return Self::Failed };
        match name {
            ErrorName::ApprovalRejected
            | ErrorName::ApprovalExpired
            | ErrorName::ApprovalStale
            | ErrorName::ApprovalRefused => Self::NotApproved,
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

    /// Whether the run has not ended yet.
    pub fn is_open(self) -> bool {
        matches!(self, Self::InProgress | Self::WaitingForApproval)
    }

    /// The status in words, for people.
    pub fn description(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::InProgress => "in progress",
            Self::WaitingForApproval => "waiting for approval",
            Self::NotApproved => "not approved",
            Self::VerificationFailed => "verification failed",
            Self::DryRunFailed => "dry run failed; nothing was written",
            Self::Refused => "refused; nothing was done",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }

    /// The exit code of a command about a run in this status.
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::WaitingForApproval => 3,
            Self::NotApproved => 4,
            Self::VerificationFailed => 5,
            Self::DryRunFailed => 6,
            Self::Refused => 7,
            Self::Stopped => 8,
            Self::InProgress => 9,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn every_error_has_an_exit_code() {
        let mut codes = BTreeMap::<u8, Vec<&str>>::new();
        for name in ErrorName::ALL {
            codes.entry(RunStatus::of_error(name.as_str()).code()).or_default().push(name.as_str());
        }
        assert_eq!(codes[&4], ["ApprovalRejected", "ApprovalExpired", "ApprovalStale", "ApprovalRefused"]);
        assert_eq!(codes[&5], ["VerificationFailed", "RolledBack"]);
        assert_eq!(codes[&6], ["DryRunFailed"]);
        assert_eq!(codes[&8], ["Aborted", "BudgetExceeded"]);
        assert!(codes[&7].contains(&"LockHeld") && codes[&1].contains(&"AccessDenied"));
        assert!(!codes.contains_key(&0) && !codes.contains_key(&2) && !codes.contains_key(&3));
    }

    #[test]
    fn an_error_name_of_step_functions_is_a_failure() {
        assert_eq!(RunStatus::of_error("States.Timeout"), RunStatus::Failed);
    }
}
