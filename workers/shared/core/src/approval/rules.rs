//! Who may approve a run, and whether an approval is still valid.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::approval::identity::{Identity, Kind, matches_pattern};

/// A stage's rules for approvals. The plan contains a copy, so that the rules do not change while a question is open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApprovalRules {
    /// Whether an approval counts if it is unknown who started the run.
    pub unknown_requester: UnknownRequester,
    /// Who may approve: patterns of ARNs in which `*` stands for any characters, for example
    /// `arn:aws:sts::111122223333:assumed-role/Release/*`. If empty: everyone in the stack's account who can read the
    /// question's secret, which requires the permissions of an approver.
    pub approvers: Vec<String>,
    /// Roles whose sessions the account names after the person, as IAM Identity Center does: patterns of role names, for
    /// example `AWSReservedSSO_*`. Two sessions of any other role count as one person.
    pub named_sessions: Vec<String>,
}

/// Whether an approval counts if the requester of the run is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownRequester {
    /// It counts.
    Allow,
    /// It does not count: the approver might be the requester.
    #[default]
    Refuse,
}

/// Who started an execution of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// The execution's ARN.
    pub execution: String,
    /// When it started, ISO 8601.
    pub started: String,
    /// The caller who started it; `None` if that is unknown.
    pub identity: Option<Identity>,
    /// How the identity is known.
    pub known_by: KnownBy,
}

/// How it is known who started an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KnownBy {
    /// The requester's signature in the input.
    Signature,
    /// CloudTrail's record of the call.
    CloudTrail,
    /// Nothing.
    Nothing,
}

impl KnownBy {
    /// The value as the ledger stores it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::CloudTrail => "cloud-trail",
            Self::Nothing => "nothing",
        }
    }

    /// Reads the ledger's value; an unknown one counts as [`Nothing`](Self::Nothing).
    pub fn of(word: &str) -> Self {
        match word {
            "signature" => Self::Signature,
            "cloud-trail" => Self::CloudTrail,
            _ => Self::Nothing,
        }
    }
}

impl Requester {
    /// Somebody, for all that is known.
    pub fn unknown(execution: &str, started: &str) -> Self {
        Self {
            execution: execution.to_owned(),
            started: started.to_owned(),
            identity: None,
            known_by: KnownBy::Nothing,
        }
    }
}

/// Why a caller may not approve a run.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotEligible {
    /// The caller cannot be distinguished from others.
    #[error("{0} cannot be distinguished from the IAM user behind it; answer as an IAM user or as a session of a role")]
    Indistinct(String),
    /// The caller is from another account and matches no pattern in `approvers`.
    #[error(
        "{arn} does not belong to account {account}; add it to the policy's `approvers`, or answer with an identity of the account"
    )]
    Outsider {
        /// The caller's ARN.
        arn: String,
        /// The stack's account.
        account: String,
    },
    /// The caller matches no pattern in `approvers`.
    #[error("{0} is not among the policy's `approvers`")]
    NotListed(String),
    /// The caller may be the requester.
    #[error("{arn} may be the person who started the run ({requester}); somebody else must answer")]
    Requester {
        /// The caller's ARN.
        arn: String,
        /// The ARN of the requester.
        requester: String,
    },
    /// It is unknown who started the run.
    #[error(
        "it is unknown who started {0}, so the approver may be the same person; start runs with `tableshift run`, or set `unknown_requester` in the policy"
    )]
    RequesterUnknown(String),
}

impl ApprovalRules {
    /// Checks whether a caller may approve a run with these requesters, in a stack of this account.
    ///
    /// Everyone who started or resumed the run is a requester.
    pub fn may_approve(&self, approver: &Identity, requesters: &[Requester], account: &str) -> Result<(), NotEligible> {
        if approver.kind() == Kind::Other {
            return Err(NotEligible::Indistinct(approver.arn.clone()));
        }
        let listed = self.approvers.iter().any(|pattern| matches_pattern(&approver.arn, pattern));
        if !self.approvers.is_empty() && !listed {
            return Err(NotEligible::NotListed(approver.arn.clone()));
        }
        if approver.account != account && !listed {
            return Err(NotEligible::Outsider { arn: approver.arn.clone(), account: account.to_owned() });
        }
        for requester in requesters {
            self.check_distinct(approver, requester)?;
        }
        Ok(())
    }

    fn check_distinct(&self, approver: &Identity, requester: &Requester) -> Result<(), NotEligible> {
        match &requester.identity {
            Some(identity) if approver.may_be_same_person(identity, &self.named_sessions) => {
                Err(NotEligible::Requester { arn: approver.arn.clone(), requester: identity.arn.clone() })
            }
            // The user behind it is unknown.
            Some(identity) if identity.kind() == Kind::Other => self.unknown(requester),
            Some(_) => Ok(()),
            None => self.unknown(requester),
        }
    }

    fn unknown(&self, requester: &Requester) -> Result<(), NotEligible> {
        match self.unknown_requester {
            UnknownRequester::Allow => Ok(()),
            UnknownRequester::Refuse => Err(NotEligible::RequesterUnknown(requester.execution.clone())),
        }
    }
}

/// The account id in an ARN; empty if there is none.
pub fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

/// The hashes that an approval is bound to: SHA-256 in lower-case hex.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashes<'a> {
    /// The hash of the plan, which contains the migration.
    pub plan: &'a str,
    /// The hash of `report.json`.
    pub report: &'a str,
}

/// The plan or the report differs from the one that the approver was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the {what} has changed since the approval was requested: its hash was {expected} and is now {found}")]
pub struct Changed {
    /// `plan` or `report`.
    pub what: &'static str,
    /// The hash when the approval was requested.
    pub expected: String,
    /// The hash now.
    pub found: String,
}

impl Hashes<'_> {
    /// Checks that these are the hashes that the approver was asked about.
    pub fn still(&self, asked: Hashes<'_>) -> Result<(), Changed> {
        let pairs = [("report", asked.report, self.report), ("plan", asked.plan, self.plan)];
        match pairs.into_iter().find(|(_, expected, found)| expected != found) {
            None => Ok(()),
            Some((what, expected, found)) => {
                Err(Changed { what, expected: expected.to_owned(), found: found.to_owned() })
            }
        }
    }
}

#[cfg(test)]
mod tests;
