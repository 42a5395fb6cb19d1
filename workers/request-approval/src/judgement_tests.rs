use super::*;
use tableshift_core::identity::Identity;

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
        assert_eq!(judged("2026-11-22T12:00:00Z", report_hash, now), Err(ErrorName::ApprovalStale), "{report_hash}");
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
