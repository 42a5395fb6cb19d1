//! Who may approve a run, and whether an approval is still valid.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::approval::identity::{Identity, Kind, matches_pattern};

/// A stage's rules for approvals. The plan contains a copy, so that the rules do not change while a question is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Callers from other accounts that may sign a start (`requested_by`): patterns of ARNs. If empty: none. Anyone can own an
    /// account, so a signature from another account does not prove that a second person is involved.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub foreign_requesters: Vec<String>,
    /// How long after the start of an execution CloudTrail may still deliver the records of its StartExecution calls, in
    /// seconds. Under [`UnknownRequester::Refuse`] an approval is decided after that time. CloudTrail delivers within about
    /// 5 minutes on average and guarantees no time. Source: CloudTrail user guide, *How CloudTrail works*.
    #[serde(skip_serializing_if = "is_default_delay")]
    pub record_delay_seconds: u64,
    /// How long an approval is valid, in seconds. A run that has not begun to write the approved wave by then has to ask
    /// again.
    #[serde(skip_serializing_if = "is_default_age")]
    pub max_age_seconds: u64,
}

const RECORD_DELAY_SECONDS: u64 = 15 * 60;
const MAX_AGE_SECONDS: u64 = 7 * 24 * 60 * 60;

/// The default is not serialized, so that plans made before the field existed keep their hash.
fn is_default_delay(seconds: &u64) -> bool {
    *seconds == RECORD_DELAY_SECONDS
}

fn is_default_age(seconds: &u64) -> bool {
    *seconds == MAX_AGE_SECONDS
}

impl Default for ApprovalRules {
    fn default() -> Self {
        Self {
            unknown_requester: UnknownRequester::default(),
            approvers: Vec::new(),
            named_sessions: Vec::new(),
            foreign_requesters: Vec::new(),
            record_delay_seconds: RECORD_DELAY_SECONDS,
            max_age_seconds: MAX_AGE_SECONDS,
        }
    }
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
///
/// A signature only proves that its signer signed this start; CloudTrail records who made the call. Both count as
/// requesters, and so does everyone who repeated the call: StartExecution with the name and input of a running execution
/// succeeds again. Source: Step Functions API reference, StartExecution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// The execution's ARN.
    pub execution: String,
    /// When it started, ISO 8601.
    pub started: String,
    /// The caller who signed the start in `requested_by`.
    pub signer: Option<Identity>,
    /// Every caller whose StartExecution call CloudTrail has recorded for this execution; empty if there is no record yet.
    pub callers: Vec<Identity>,
}

impl Requester {
    /// The requester of an execution before anything is known about them.
    pub fn unknown(execution: &str, started: &str) -> Self {
        Self { execution: execution.to_owned(), started: started.to_owned(), signer: None, callers: Vec::new() }
    }

    /// Every known caller who took part in the start: signer and callers.
    pub fn identities(&self) -> impl Iterator<Item = &Identity> {
        self.signer.iter().chain(&self.callers)
    }
}

/// The ARNs of everybody who started or resumed a run, each once, in the order of the executions. One `None` stands for all
/// executions whose requester is not known yet.
pub fn requester_arns(requesters: &[Requester]) -> Vec<Option<&str>> {
    let mut arns = Vec::new();
    for requester in requesters {
        let known = requester.identities().map(|identity| Some(identity.arn.as_str()));
        let unknown = requester.identities().next().is_none().then_some(None);
        for arn in known.chain(unknown) {
            if !arns.contains(&arn) {
                arns.push(arn);
            }
        }
    }
    arns
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
        "CloudTrail has no record of who started {0}, so the approver could be the requester; check that the event history of this account can be read, or set `unknown_requester` in the stage's policy"
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

    /// Whether this caller may sign a start in a stack of this account.
    pub fn may_sign_start(&self, signer: &Identity, account: &str) -> bool {
        signer.account == account || self.foreign_requesters.iter().any(|pattern| matches_pattern(&signer.arn, pattern))
    }

    /// The earliest time, in epoch seconds, at which an approval of a run with these requesters can be decided: by then
    /// CloudTrail has delivered its records of every start. `None` if the policy does not need them.
    pub fn decidable_from(&self, requesters: &[Requester]) -> Option<i64> {
        if self.unknown_requester == UnknownRequester::Allow {
            return None;
        }
        let starts = requesters.iter().filter_map(|requester| requester.started.parse::<Timestamp>().ok());
        starts.map(|started| started.as_second().saturating_add_unsigned(self.record_delay_seconds)).max()
    }

    /// Fails if an approval that was given at `answered_at` (ISO 8601) is too old at `now` (epoch seconds).
    pub fn check_age(&self, answered_at: &str, now: i64) -> Result<(), TooOld> {
        let valid_until = answered_at
            .parse::<Timestamp>()
            .ok()
            .and_then(|at| Timestamp::from_second(at.as_second().saturating_add_unsigned(self.max_age_seconds)).ok());
        match valid_until {
            Some(valid_until) if valid_until.as_second() < now => {
                Err(TooOld { answered_at: answered_at.to_owned(), valid_until })
            }
            _ => Ok(()),
        }
    }

    fn check_distinct(&self, approver: &Identity, requester: &Requester) -> Result<(), NotEligible> {
        for identity in requester.identities() {
            if approver.may_be_same_person(identity, &self.named_sessions) {
                return Err(NotEligible::Requester { arn: approver.arn.clone(), requester: identity.arn.clone() });
            }
            // The user behind it is unknown.
            if identity.kind() == Kind::Other {
                self.unknown(requester)?;
            }
        }
        if requester.callers.is_empty() { self.unknown(requester) } else { Ok(()) }
    }

    fn unknown(&self, requester: &Requester) -> Result<(), NotEligible> {
        match self.unknown_requester {
            UnknownRequester::Allow => Ok(()),
            UnknownRequester::Refuse => Err(NotEligible::RequesterUnknown(requester.execution.clone())),
        }
    }
}

/// An approval is older than the policy allows.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "the approval of {answered_at} was valid until {valid_until}; start a new run, so that its report is up to date"
)]
pub struct TooOld {
    /// When it was given, ISO 8601.
    pub answered_at: String,
    /// When it ceased to be valid.
    pub valid_until: Timestamp,
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
