//! Who may say yes to a run, and whether a yes still holds.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::approval::identity::{Identity, Kind, is_like};

/// What a stage's policy says about approvals. Taken into the plan when a run is planned, so that the rules of a
/// question never change while it is open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ApprovalRules {
    /// What a yes is worth on a run of which nobody can say who started it.
    pub unknown_requester: UnknownRequester,
    /// Whose yes counts: patterns of ARNs in which `*` stands for any characters, for example
    /// `arn:aws:sts::111122223333:assumed-role/Release/*`. Empty: everybody in the stack's own account who can read the
    /// question's secret, which takes the permissions of an approver.
    pub approvers: Vec<String>,
    /// Roles whose sessions the account names after their person, as IAM Identity Center does: patterns of role names,
    /// for example `AWSReservedSSO_*`. Two sessions of any other role count as one person.
    pub named_sessions: Vec<String>,
}

/// What a yes is worth on a run whose requester is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownRequester {
    /// It counts.
    Allow,
    /// It does not: it could be the requester's own.
    #[default]
    Refuse,
}

/// Who started an execution of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// The execution.
    pub execution: String,
    /// When it started, ISO 8601.
    pub started: String,
    /// Who started it; none if nothing says so.
    pub identity: Option<Identity>,
    /// What says so.
    pub known_by: KnownBy,
}

/// What says who started an execution.
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
    /// The word for it, as the ledger keeps it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::CloudTrail => "cloud-trail",
            Self::Nothing => "nothing",
        }
    }

    /// The meaning of the word.
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

/// Why somebody's yes does not count.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotEntitled {
    /// Who it is cannot be told from others.
    #[error("{0} cannot be told from the IAM user behind it; answer as a user or as a session of a role")]
    Indistinct(String),
    /// Somebody from elsewhere.
    #[error(
        "{arn} is not of the account {account}; name it in the policy's `approvers`, or answer as somebody of the account"
    )]
    Outsider {
        /// Who.
        arn: String,
        /// The stack's account.
        account: String,
    },
    /// Not among the approvers.
    #[error("{0} is not among the policy's `approvers`")]
    NotListed(String),
    /// The one who asked.
    #[error("{arn} may be who started the run ({requester}); somebody else has to answer")]
    Requester {
        /// Who.
        arn: String,
        /// Who started the run.
        requester: String,
    },
    /// Nobody knows who asked.
    #[error(
        "who started {0} is unknown, so nobody can be told from them; start runs with `tableshift run`, or set `unknown_requester` in the policy"
    )]
    RequesterUnknown(String),
}

impl ApprovalRules {
    /// Whether this caller's yes counts on a run of these requesters, on a stack of this account.
    ///
    /// Everybody who started or resumed the run is a requester of it.
    pub fn may_approve(&self, approver: &Identity, requesters: &[Requester], account: &str) -> Result<(), NotEntitled> {
        if approver.kind() == Kind::Other {
            return Err(NotEntitled::Indistinct(approver.arn.clone()));
        }
        let listed = self.approvers.iter().any(|pattern| is_like(&approver.arn, pattern));
        if !self.approvers.is_empty() && !listed {
            return Err(NotEntitled::NotListed(approver.arn.clone()));
        }
        if approver.account != account && !listed {
            return Err(NotEntitled::Outsider { arn: approver.arn.clone(), account: account.to_owned() });
        }
        for requester in requesters {
            self.tells_apart(approver, requester)?;
        }
        Ok(())
    }

    fn tells_apart(&self, approver: &Identity, requester: &Requester) -> Result<(), NotEntitled> {
        match &requester.identity {
            Some(identity) if approver.may_be(identity, &self.named_sessions) => {
                Err(NotEntitled::Requester { arn: approver.arn.clone(), requester: identity.arn.clone() })
            }
            // Anybody's user could be behind it.
            Some(identity) if identity.kind() == Kind::Other => self.unknown(requester),
            Some(_) => Ok(()),
            None => self.unknown(requester),
        }
    }

    fn unknown(&self, requester: &Requester) -> Result<(), NotEntitled> {
        match self.unknown_requester {
            UnknownRequester::Allow => Ok(()),
            UnknownRequester::Refuse => Err(NotEntitled::RequesterUnknown(requester.execution.clone())),
        }
    }
}

/// The account in an ARN.
pub fn account_of(arn: &str) -> &str {
    arn.split(':').nth(4).unwrap_or_default()
}

/// The hashes of what a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hashes<'a> {
    /// Of the plan, in which the migration is.
    pub plan: &'a str,
    /// Of the report.
    pub report: &'a str,
}

/// What is no longer as it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the {what} is no longer the one that was asked about: it was {expected}, and is {found}")]
pub struct Changed {
    /// `plan` or `report`.
    pub what: &'static str,
    /// The hash it had.
    pub expected: String,
    /// The hash it has.
    pub found: String,
}

impl Hashes<'_> {
    /// Whether these are the hashes that were asked about.
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
