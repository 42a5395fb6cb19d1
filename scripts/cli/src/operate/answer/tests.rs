use super::*;

fn answer(outcome: Outcome) -> Answer {
    Answer {
        outcome,
        by: None,
        reason: "the yes does not count".into(),
        answered_at: "2026-11-22T10:00:00Z".into(),
        signature: String::new(),
    }
}

fn code(told: &Told) -> String {
    format!("{:?}", told.ending.code())
}

#[test]
fn an_answer_that_came_out_as_meant_ends_well() {
    let fine = format!("{:?}", Ending::Fine.code());
    assert_eq!(code(&told("r-1", true, Some(&answer(Outcome::Approved)), false)), fine);
    let rejected = told("r-1", false, Some(&answer(Outcome::Rejected)), false);
    assert_eq!((code(&rejected), rejected.text.as_str()), (fine, "Run r-1 is rejected.\n"));
}

#[test]
fn an_answer_that_does_not_count_says_why_and_ends_with_a_code() {
    let refused = told("r-1", true, Some(&answer(Outcome::Refused)), false);
    assert_eq!(code(&refused), format!("{:?}", Ending::Findings.code()));
    assert_eq!(refused.text, "Run r-1: the answer was refused: the yes does not count\n");
}

#[test]
fn only_the_table_s_very_name_confirms() {
    assert!(confirm("", Some("prod-main-table"), "prod-main-table", true).is_ok());
    for other in ["prod-main", "yes", "", "PROD-MAIN-TABLE"] {
        let error = confirm("", Some(other), "prod-main-table", true).unwrap_err();
        assert!(matches!(error, AnswerError::OtherTable(_)), "{other}");
    }
}

#[test]
fn a_program_is_told_the_same_and_null_for_what_the_run_has_not_said_yet() {
    let refused = told("r-1", true, Some(&answer(Outcome::Refused)), true);
    assert_eq!(refused.text, "{\"run\":\"r-1\",\"outcome\":\"refused\",\"reason\":\"the yes does not count\"}\n");
    assert_eq!(code(&refused), format!("{:?}", Ending::Findings.code()));
    let sent = told("r-1", true, None, true);
    assert_eq!(sent.text, "{\"run\":\"r-1\",\"outcome\":null,\"reason\":null}\n");
}
