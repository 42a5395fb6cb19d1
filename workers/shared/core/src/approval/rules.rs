//! Who may say yes to a run, and whether a yes still holds.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::approval::identity::{Identity, Kind, is_like};

/// What a stage's policy says about approvals. Taken into the plan when a run is planned, so that the rules of a
/// question never change while it is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Who from other accounts may sign starts (`requested_by`): patterns of ARNs. Empty: nobody. Anybody can own an account,
    /// so a signature from elsewhere does not show that a second person is involved.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreign_requesters: Vec<String>,
    /// How long after the start of an execution CloudTrail may still deliver the records of its StartExecution calls, in
    /// seconds. Under [`UnknownRequester::Refuse`] an approval is decided after that time. CloudTrail delivers within about
    /// 5 minutes on average and guarantees no time. Source: CloudTrail user guide, *How CloudTrail works*.
    #[serde(skip_serializing_if = "is_default_delay")]
    pub record_delay_seconds: u64,
}

const RECORD_DELAY_SECONDS: u64 = 15 * 60;

/// The default is not written, so that the hash of a plan from before the field existed stays the same.
fn is_default_delay(seconds: &u64) -> bool {
    *seconds == RECORD_DELAY_SECONDS
}

impl Default for ApprovalRules {
    fn default() -> Self {
        Self {
            unknown_requester: UnknownRequester::default(),
            approvers: Vec::new(),
            named_sessions: Vec::new(),
            foreign_requesters: Vec::new(),
            record_delay_seconds: RECORD_DELAY_SECONDS,
        }
    }
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
///
/// The signer proves no more than that somebody signed this start; who made the call is in CloudTrail. So both count as
/// requesters, and so does everybody who repeated the call: StartExecution with the name and input of a running execution
/// succeeds again. Source: Step Functions API reference, StartExecution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// The execution's ARN.
    pub execution: String,
    /// When it started, ISO 8601.
    pub started: String,
    /// Who signed the start in `requested_by`.
    pub signer: Option<Identity>,
    /// Everybody whose StartExecution call CloudTrail has recorded for this execution; empty if there is no record yet.
    pub callers: Vec<Identity>,
}

impl Requester {
    /// The requester of an execution about whom nothing is known yet.
    pub fn unknown(execution: &str, started: &str) -> Self {
        Self { execution: execution.to_owned(), started: started.to_owned(), signer: None, callers: Vec::new() }
    }

    /// Everybody who is known to have a part in the start.
    pub fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.signer.iter().chain(&self.callers)
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
        "CloudTrail has no record of who started {0}, so the approver could be the requester; check that the event history of this account can be read, or set `unknown_requester` in the stage's policy"
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
            self.is_distinct(approver, requester)?;
        }
        Ok(())
    }

    /// Whether this identity may sign a start on a stack of this account.
    pub fn may_sign_start(&self, signer: &Identity, account: &str) -> bool {
        signer.account == account || self.foreign_requesters.iter().any(|pattern| is_like(&signer.arn, pattern))
    }

    /// From when on, in epoch seconds, an approval of a run of these requesters can be decided: CloudTrail has delivered its
    /// records of every start by then. `None` if the policy does not need them.
    pub fn decidable_from(&self, requesters: &[Requester]) -> Option<i64> {
        if self.unknown_requester == UnknownRequester::Allow {
            return None;
        }
        let starts = requesters.iter().filter_map(|requester| requester.started.parse::<Timestamp>().ok());
        starts.map(|started| started.as_second().saturating_add_unsigned(self.record_delay_seconds)).max()
    }

    fn is_distinct(&self, approver: &Identity, requester: &Requester) -> Result<(), NotEntitled> {
        for identity in requester.identities() {
            if approver.may_be(identity, &self.named_sessions) {
                return Err(NotEntitled::Requester { arn: approver.arn.clone(), requester: identity.arn.clone() });
            }
            // Anybody's user could be behind it.
            if identity.kind() == Kind::Other {
                self.unknown(requester)?;
            }
        }
        if requester.callers.is_empty() { self.unknown(requester) } else { Ok(()) }
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
