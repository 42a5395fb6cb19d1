use super::*;

fn answer(outcome: Outcome) -> Answer {
    Answer {
        outcome,
        by: None,
        reason: "not an approver".into(),
        answered_at: "2026-11-22T10:00:00Z".into(),
        signature: String::new(),
    }
}

fn code(output: &CommandOutput) -> String {
    format!("{:?}", output.status.code())
}

#[test]
fn an_answer_that_was_recorded_as_intended_is_a_success() {
    let success = format!("{:?}", ExitStatus::Success.code());
    assert_eq!(code(&output("r-1", Decision::Approve, Some(&answer(Outcome::Approved)), false)), success);
    let rejected = output("r-1", Decision::Reject, Some(&answer(Outcome::Rejected)), false);
    assert_eq!((code(&rejected), rejected.text.as_str()), (success, "Run r-1 is rejected.\n"));
}

#[test]
fn an_answer_that_does_not_count_says_why_and_is_not_a_success() {
    let refused = output("r-1", Decision::Approve, Some(&answer(Outcome::Refused)), false);
    assert_eq!(code(&refused), format!("{:?}", ExitStatus::Findings.code()));
    assert_eq!(refused.text, "Your answer does not count. Run r-1 recorded it as refused: not an approver\n");
}

#[test]
fn only_the_exact_name_of_the_table_confirms() {
    assert!(confirm("", Some("prod-main-table"), "prod-main-table", Decision::Approve).is_ok());
    for other in ["prod-main", "yes", "", "PROD-MAIN-TABLE"] {
        let error = confirm("", Some(other), "prod-main-table", Decision::Approve).unwrap_err();
        assert!(matches!(error, AnswerError::OtherTable(_)), "{other}");
    }
}

#[test]
fn json_has_the_same_facts_and_null_for_an_answer_that_is_not_recorded_yet() {
    let refused = output("r-1", Decision::Approve, Some(&answer(Outcome::Refused)), true);
    assert_eq!(refused.text, "{\"run\":\"r-1\",\"outcome\":\"refused\",\"reason\":\"not an approver\"}\n");
    assert_eq!(code(&refused), format!("{:?}", ExitStatus::Findings.code()));
    let sent = output("r-1", Decision::Approve, None, true);
    assert_eq!(sent.text, "{\"run\":\"r-1\",\"outcome\":null,\"reason\":null}\n");
}
