//! Whether an answer is a yes to exactly what was asked. Pure.

use tableshift_aws::ledger_approvals::{Answer, Approval};
use tableshift_runtime::ErrorName;

/// The hashes of what is in the bucket when the answer is judged.
#[derive(Debug, Clone, Copy)]
pub struct Current<'a> {
    /// Of the plan.
    pub plan_hash: &'a str,
    /// Of the report.
    pub report_hash: &'a str,
}

/// Why an answer is no yes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The answer is a no.
    #[error("{by} said no: {reason}; nothing was written")]
    Rejected {
        /// Who.
        by: String,
        /// Why.
        reason: String,
    },
    /// The answer came too late.
    #[error("the answer came at {answered_at}, but was due by {expires_at}; nothing was written; start a new run")]
    Expired {
        /// When it came.
        answered_at: String,
        /// Until when it could.
        expires_at: String,
    },
    /// Nothing was asked.
    #[error("the ledger holds no question for this run; nothing was written; start a new run")]
    NotAsked,
    /// There is another answer already.
    #[error("the question was answered before, by {by} at {answered_at}; nothing was written; start a new run")]
    Answered {
        /// By whom.
        by: String,
        /// When.
        answered_at: String,
    },
    /// Another question or answer came in between.
    #[error("another question or answer came in between; nothing was written; start a new run")]
    Overtaken,
    /// The answer is about something else than what would run.
    #[error(
        "the answer is about another {what}: it was given for {expected}, but {found} is what would be done; nothing was written; review the report and start a new run"
    )]
    Stale {
        /// The plan or the report.
        what: &'static str,
        /// The hash that the answer, or the question, is about.
        expected: String,
        /// The hash of what is there.
        found: String,
    },
}

impl Refusal {
    /// The name under which the state machine sees it.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::Rejected { .. } => ErrorName::ApprovalRejected,
            Self::Expired { .. } => ErrorName::ApprovalExpired,
            Self::NotAsked | Self::Answered { .. } | Self::Overtaken | Self::Stale { .. } => ErrorName::ApprovalStale,
        }
    }
}

/// Judges an answer that was given for `report_hash`.
///
/// The same answer once more is this step tried again, not a second answer. A no is a no, whatever it is about.
pub fn judge(
    approval: Option<&Approval>,
    answer: &Answer,
    report_hash: &str,
    current: Current<'_>,
) -> Result<(), Refusal> {
    let Approval { question, answer: earlier } = approval.ok_or(Refusal::NotAsked)?;
    if let Some(earlier) = earlier.as_ref().filter(|earlier| !same(earlier, answer)) {
        return Err(Refusal::Answered { by: named(&earlier.by), answered_at: earlier.answered_at.clone() });
    }
    if !answer.approve {
        let reason = if answer.reason.is_empty() { "no reason given" } else { &answer.reason };
        return Err(Refusal::Rejected { by: named(&answer.by), reason: reason.to_owned() });
    }
    let answered_at = earlier.as_ref().map_or(&answer.answered_at, |earlier| &earlier.answered_at);
    // Both are written by this worker, in one format and in UTC, so their order is that of their texts.
    if *answered_at > question.expires_at {
        return Err(Refusal::Expired { answered_at: answered_at.clone(), expires_at: question.expires_at.clone() });
    }
    fits("report", report_hash, &question.report_hash)?;
    fits("report", &question.report_hash, current.report_hash)?;
    fits("plan", &question.plan_hash, current.plan_hash)
}

fn same(earlier: &Answer, answer: &Answer) -> bool {
    (earlier.approve, &earlier.by, &earlier.reason) == (answer.approve, &answer.by, &answer.reason)
}

fn named(by: &str) -> String {
    if by.is_empty() { "somebody".to_owned() } else { by.to_owned() }
}

fn fits(what: &'static str, expected: &str, found: &str) -> Result<(), Refusal> {
    if expected == found {
        return Ok(());
    }
    let expected = if expected.is_empty() { "no hash" } else { expected };
    Err(Refusal::Stale { what, expected: expected.to_owned(), found: found.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tableshift_aws::ledger_approvals::Question;

    const NOW: Current<'static> = Current { plan_hash: "p", report_hash: "r" };

    fn asked() -> Approval {
        let question = Question {
            token: "t".into(),
            asked_at: "2026-11-22T10:00:00Z".into(),
            expires_at: "2026-11-23T10:00:00Z".into(),
            plan_hash: "p".into(),
            report_hash: "r".into(),
        };
        Approval { question, answer: None }
    }

    fn yes() -> Answer {
        let answered_at = "2026-11-22T12:00:00Z".into();
        Answer { approve: true, by: "ann".into(), reason: String::new(), answered_at }
    }

    fn name(approval: Option<&Approval>, answer: &Answer, report_hash: &str, current: Current<'_>) -> ErrorName {
        judge(approval, answer, report_hash, current).unwrap_err().name()
    }

    #[test]
    fn a_yes_to_what_was_asked_is_a_yes() {
        assert_eq!(judge(Some(&asked()), &yes(), "r", NOW), Ok(()));
    }

    #[test]
    fn a_no_says_who_and_why() {
        let no = Answer { approve: false, reason: "not on a Friday".into(), ..yes() };
        let refusal = judge(Some(&asked()), &no, "r", NOW).unwrap_err();
        assert_eq!(refusal.name(), ErrorName::ApprovalRejected);
        assert_eq!(refusal.to_string(), "ann said no: not on a Friday; nothing was written");
        // Whatever report it is about, and however late.
        let late = Answer { answered_at: "2026-12-01T00:00:00Z".into(), ..no };
        assert_eq!(name(Some(&asked()), &late, "", NOW), ErrorName::ApprovalRejected);
    }

    #[test]
    fn a_yes_to_another_report_or_plan_is_stale() {
        assert_eq!(name(Some(&asked()), &yes(), "old", NOW), ErrorName::ApprovalStale);
        assert_eq!(name(Some(&asked()), &yes(), "", NOW), ErrorName::ApprovalStale);
        let newer = Current { report_hash: "new", ..NOW };
        assert_eq!(name(Some(&asked()), &yes(), "r", newer), ErrorName::ApprovalStale);
        assert_eq!(name(Some(&asked()), &yes(), "new", newer), ErrorName::ApprovalStale);
        let replanned = Current { plan_hash: "new", ..NOW };
        assert_eq!(name(Some(&asked()), &yes(), "r", replanned), ErrorName::ApprovalStale);
    }

    #[test]
    fn a_late_yes_has_expired() {
        let late = Answer { answered_at: "2026-11-23T10:00:01Z".into(), ..yes() };
        assert_eq!(name(Some(&asked()), &late, "r", NOW), ErrorName::ApprovalExpired);
        let punctual = Answer { answered_at: "2026-11-23T10:00:00Z".into(), ..yes() };
        assert_eq!(judge(Some(&asked()), &punctual, "r", NOW), Ok(()));
    }

    #[test]
    fn a_second_answer_is_stale_but_the_same_once_more_is_not() {
        let answered = Approval { answer: Some(yes()), ..asked() };
        let other = Answer { by: "bob".into(), ..yes() };
        assert_eq!(name(Some(&answered), &other, "r", NOW), ErrorName::ApprovalStale);
        let no = Answer { approve: false, ..yes() };
        assert_eq!(name(Some(&answered), &no, "r", NOW), ErrorName::ApprovalStale);
        let again = Answer { answered_at: "2026-11-24T00:00:00Z".into(), ..yes() };
        assert_eq!(judge(Some(&answered), &again, "r", NOW), Ok(()));
    }

    #[test]
    fn an_answer_without_a_question_is_stale() {
        assert_eq!(name(None, &yes(), "r", NOW), ErrorName::ApprovalStale);
    }
}
