//! Why an answer does not approve what was asked.

use tableshift_aws::ledger::approvals::{Answer, Outcome, Question};
use tableshift_core::approval::rules::{Changed, Hashes, NotEligible, TooOld};
use tableshift_core::approval::signature::SignatureError;
use tableshift_runtime::ErrorName;

/// Why an answer does not approve what was asked. [`Error::Refused`](crate::Error::Refused) adds what this means for the
/// items.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The answer rejects the run.
    #[error("{by} rejected the run: {reason}")]
    Rejected {
        /// The ARN of who rejected it.
        by: String,
        /// Why.
        reason: String,
    },
    /// The answer came too late.
    #[error("the answer came at {answered_at}, but was due by {expires_at}")]
    Expired {
        /// ISO 8601.
        answered_at: String,
        /// ISO 8601.
        expires_at: String,
    },
    /// The approval stayed pending until it was older than the policy allows.
    #[error("{0}")]
    TooOld(TooOld),
    /// The ledger has no question for this run.
    #[error("the ledger has no question for this run")]
    NotAsked,
    /// The question has another answer already.
    #[error("the question was already {outcome} at {answered_at}")]
    Answered {
        /// The outcome of the other answer.
        outcome: &'static str,
        /// When the other answer came, ISO 8601.
        answered_at: String,
    },
    /// Another question or answer was recorded while this answer was judged.
    #[error("another question or answer was recorded in the meantime")]
    Overtaken,
    /// The plan or the report is not the one that the answer is about.
    #[error("{0}; review the report")]
    Stale(Changed),
    /// The answer has no signature, or one that cannot be for this question.
    #[error("it is unknown who answered: {0}; answer with `tableshift approve`")]
    Unsigned(SignatureError),
    /// STS rejects the signature, with this error code.
    #[error(
        "it is unknown who answered: STS rejects the signature, so it does not cover this question and this answer ({0})"
    )]
    InvalidSignature(String),
    /// The signature was used before.
    #[error("the answer's signature was used before")]
    Replayed,
    /// The signer may not approve this run.
    #[error("the approval does not count: {0}")]
    NotEligible(NotEligible),
    /// CloudTrail could not be read, for this reason, and the policy requires its records.
    #[error(
        "the approval does not count: CloudTrail could not be searched for who started the run: {0}; repair that, or \
         set `unknown_requester` in the stage's policy"
    )]
    RequestersUnread(String),
    /// The same answer was refused before, for this reason.
    #[error("{0}")]
    RefusedBefore(String),
}

impl Refusal {
    /// The error name that the state machine sees.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::Rejected { .. } => ErrorName::ApprovalRejected,
            Self::Expired { .. } | Self::TooOld(_) => ErrorName::ApprovalExpired,
            Self::NotAsked | Self::Answered { .. } | Self::Overtaken | Self::Stale(_) => ErrorName::ApprovalStale,
            Self::Unsigned(_)
            | Self::InvalidSignature(_)
            | Self::Replayed
            | Self::NotEligible(_)
            | Self::RequestersUnread(_)
            | Self::RefusedBefore(_) => ErrorName::ApprovalRefused,
        }
    }

    /// The outcome with which the question is closed.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Rejected { .. } => Outcome::Rejected,
            Self::Expired { .. } | Self::TooOld(_) => Outcome::Expired,
            _ => Outcome::Refused,
        }
    }
}

/// Judges an answer to a question that is closed already. If the answer is the same one, as in a retry of this step, the
/// recorded outcome applies again. `signature` is the hash of the answer's signature.
pub fn check_repeated(earlier: &Answer, signature: &str) -> Result<(), Refusal> {
    let by = || earlier.by.as_ref().map_or_else(|| "somebody".to_owned(), |by| by.arn.clone());
    match earlier.outcome {
        _ if earlier.signature != signature => {
            Err(Refusal::Answered { outcome: earlier.outcome.as_str(), answered_at: earlier.answered_at.clone() })
        }
        Outcome::Approved => Ok(()),
        Outcome::Rejected => Err(Refusal::Rejected { by: by(), reason: earlier.reason.clone() }),
        // The same pending answer is judged again instead of being checked here.
        Outcome::Refused | Outcome::Expired | Outcome::Pending => Err(Refusal::RefusedBefore(earlier.reason.clone())),
    }
}

/// Checks that an approval comes in time (ISO 8601), that it is about the report of the question, and that neither the
/// plan nor the report has changed since the question was asked.
pub fn check_approval(
    question: &Question,
    answered_at: &str,
    report_hash: &str,
    now: Hashes<'_>,
) -> Result<(), Refusal> {
    // This worker writes both in one format and in UTC, so comparing the strings compares the times.
    if *answered_at > *question.expires_at {
        return Err(Refusal::Expired { answered_at: answered_at.to_owned(), expires_at: question.expires_at.clone() });
    }
    let asked = Hashes { plan: &question.plan_hash, report: &question.report_hash };
    let answered = Hashes { report: report_hash, ..asked };
    answered.still(asked).map_err(Refusal::Stale)?;
    now.still(asked).map_err(Refusal::Stale)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tableshift_core::approval::identity::Identity;

    const NOW: Hashes<'static> = Hashes { plan: "p", report: "r" };

    fn question() -> Question {
        Question {
            id: "q".into(),
            asked_at: "2026-11-22T10:00:00Z".into(),
            expires_at: "2026-11-23T10:00:00Z".into(),
            plan_hash: "p".into(),
            report_hash: "r".into(),
        }
    }

    fn judged(answered_at: &str, report_hash: &str, now: Hashes<'_>) -> Result<(), ErrorName> {
        check_approval(&question(), answered_at, report_hash, now).map_err(|refusal| refusal.name())
    }

    fn answered(outcome: Outcome) -> Answer {
        let by = Identity { arn: "arn:ann".into(), user_id: "AIDA".into(), account: "1".into() };
        Answer {
            outcome,
            by: Some(by),
            reason: "not on a Friday".into(),
            answered_at: "2026-11-22T12:00:00Z".into(),
            signature: "s".into(),
        }
    }

    #[test]
    fn an_approval_in_time_of_what_was_asked_is_valid() {
        assert_eq!(judged("2026-11-22T12:00:00Z", "r", NOW), Ok(()));
        assert_eq!(judged("2026-11-23T10:00:00Z", "r", NOW), Ok(()));
    }

    #[test]
    fn a_late_approval_has_expired() {
        assert_eq!(judged("2026-11-23T10:00:01Z", "r", NOW), Err(ErrorName::ApprovalExpired));
    }

    #[test]
    fn an_approval_of_another_report_or_plan_is_stale() {
        let newer = Hashes { report: "new", ..NOW };
        let replanned = Hashes { plan: "new", ..NOW };
        for (report_hash, now) in [("old", NOW), ("", NOW), ("r", newer), ("new", newer), ("r", replanned)] {
            assert_eq!(
                judged("2026-11-22T12:00:00Z", report_hash, now),
                Err(ErrorName::ApprovalStale),
                "{report_hash}"
            );
        }
    }

    #[test]
    fn the_same_answer_again_has_the_same_outcome() {
        assert_eq!(check_repeated(&answered(Outcome::Approved), "s"), Ok(()));
        let rejected = check_repeated(&answered(Outcome::Rejected), "s").unwrap_err();
        assert_eq!(rejected.to_string(), "arn:ann rejected the run: not on a Friday");
        assert_eq!(check_repeated(&answered(Outcome::Refused), "s").unwrap_err().name(), ErrorName::ApprovalRefused);
    }

    #[test]
    fn another_answer_to_an_answered_question_is_stale() {
        for outcome in [Outcome::Approved, Outcome::Rejected, Outcome::Refused, Outcome::Expired] {
            assert_eq!(check_repeated(&answered(outcome), "other").unwrap_err().name(), ErrorName::ApprovalStale);
        }
    }

    #[test]
    fn a_rejection_closes_the_question_as_rejected_and_an_invalid_answer_as_refused() {
        let rejection = Refusal::Rejected { by: "arn:ann".into(), reason: "no".into() };
        assert_eq!((rejection.outcome(), rejection.name()), (Outcome::Rejected, ErrorName::ApprovalRejected));
        let unsigned = Refusal::Unsigned(SignatureError::Missing);
        assert_eq!((unsigned.outcome(), unsigned.name()), (Outcome::Refused, ErrorName::ApprovalRefused));
    }
}
