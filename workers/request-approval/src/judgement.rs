//! Whether an answer is a yes to exactly what was asked, and why not. Pure.

use tableshift_aws::ledger::approvals::{Answer, Outcome, Question};
use tableshift_core::approval::rules::{Changed, Hashes, NotEligible};
use tableshift_core::approval::signature::SignatureError;
use tableshift_runtime::ErrorName;

/// Why an answer is no yes. What becomes of the items depends on when it was asked, and is said by the step's error.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The answer is a no.
    #[error("{by} said no: {reason}")]
    Rejected {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// The answer came too late.
    #[error("the answer came at {answered_at}, but was due by {expires_at}")]
    Expired {
        /// When it came.
        answered_at: String,
        /// Until when it could.
        expires_at: String,
    },
    /// Nothing was asked.
    #[error("the ledger holds no question for this run")]
    NotAsked,
    /// There is another answer already.
    #[error("the question was {outcome} before, at {answered_at}")]
    Answered {
        /// What became of it.
        outcome: &'static str,
        /// When.
        answered_at: String,
    },
    /// Another question or answer came in between.
    #[error("another question or answer came in between")]
    Overtaken,
    /// The answer is about something else than what would run.
    #[error("{0}; review the report")]
    Stale(Changed),
    /// The answer is not signed as it has to be.
    #[error("nobody can say who answered: {0}; answer with `tableshift approve`")]
    Unsigned(SignatureError),
    /// STS knows no such signature.
    #[error(
        "nobody can say who answered: STS takes the signature for no one's, so it is not over this question and this answer ({0})"
    )]
    NotTheirs(String),
    /// The signature was used before.
    #[error("the answer's signature was used before")]
    Replayed,
    /// The answer is from somebody whose yes does not count.
    #[error("the yes does not count: {0}")]
    NotEligible(NotEligible),
    /// The answer was refused before, for this reason.
    #[error("{0}")]
    RefusedBefore(String),
}

impl Refusal {
    /// The name under which the state machine sees it.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::Rejected { .. } => ErrorName::ApprovalRejected,
            Self::Expired { .. } => ErrorName::ApprovalExpired,
            Self::NotAsked | Self::Answered { .. } | Self::Overtaken | Self::Stale(_) => ErrorName::ApprovalStale,
            Self::Unsigned(_) | Self::NotTheirs(_) | Self::Replayed | Self::NotEligible(_) | Self::RefusedBefore(_) => {
                ErrorName::ApprovalRefused
            }
        }
    }

    /// What becomes of the question.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Rejected { .. } => Outcome::Rejected,
            Self::Expired { .. } => Outcome::Expired,
            _ => Outcome::Refused,
        }
    }
}

/// What an answer that is in the ledger already means to the very same answer: this step tried again.
pub fn again(earlier: &Answer, signature: &str) -> Result<(), Refusal> {
    let by = || earlier.by.as_ref().map_or_else(|| "somebody".to_owned(), |by| by.arn.clone());
    match earlier.outcome {
        _ if earlier.signature != signature => {
            Err(Refusal::Answered { outcome: earlier.outcome.as_str(), answered_at: earlier.answered_at.clone() })
        }
        Outcome::Approved => Ok(()),
        Outcome::Rejected => Err(Refusal::Rejected { by: by(), reason: earlier.reason.clone() }),
        // A pending answer is judged again before this is asked.
        Outcome::Refused | Outcome::Expired | Outcome::Pending => Err(Refusal::RefusedBefore(earlier.reason.clone())),
    }
}

/// Whether a yes comes in time (ISO 8601), for the report that was asked about, and while everything is as it was.
pub fn in_time_and_fitting(
    question: &Question,
    answered_at: &str,
    report_hash: &str,
    now: Hashes<'_>,
) -> Result<(), Refusal> {
    // Both are written by this worker, in one format and in UTC, so their order is that of their texts.
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
        in_time_and_fitting(&question(), answered_at, report_hash, now).map_err(|refusal| refusal.name())
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
    fn a_yes_in_time_to_what_was_asked_fits() {
        assert_eq!(judged("2026-11-22T12:00:00Z", "r", NOW), Ok(()));
        assert_eq!(judged("2026-11-23T10:00:00Z", "r", NOW), Ok(()));
    }

    #[test]
    fn a_late_yes_has_expired() {
        assert_eq!(judged("2026-11-23T10:00:01Z", "r", NOW), Err(ErrorName::ApprovalExpired));
    }

    #[test]
    fn a_yes_to_another_report_or_plan_is_stale() {
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
    fn the_same_answer_once_more_means_what_it_meant() {
        assert_eq!(again(&answered(Outcome::Approved), "s"), Ok(()));
        let rejected = again(&answered(Outcome::Rejected), "s").unwrap_err();
        assert_eq!(rejected.to_string(), "arn:ann said no: not on a Friday");
        assert_eq!(again(&answered(Outcome::Refused), "s").unwrap_err().name(), ErrorName::ApprovalRefused);
    }

    #[test]
    fn another_answer_to_an_answered_question_is_stale() {
        for outcome in [Outcome::Approved, Outcome::Rejected, Outcome::Refused, Outcome::Expired] {
            assert_eq!(again(&answered(outcome), "other").unwrap_err().name(), ErrorName::ApprovalStale);
        }
    }

    #[test]
    fn a_no_closes_the_question_as_rejected_and_a_bad_answer_as_refused() {
        let no = Refusal::Rejected { by: "arn:ann".into(), reason: "no".into() };
        assert_eq!((no.outcome(), no.name()), (Outcome::Rejected, ErrorName::ApprovalRejected));
        let unsigned = Refusal::Unsigned(SignatureError::Missing);
        assert_eq!((unsigned.outcome(), unsigned.name()), (Outcome::Refused, ErrorName::ApprovalRefused));
    }
}
