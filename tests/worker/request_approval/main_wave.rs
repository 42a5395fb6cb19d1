//! The approval of the main wave, after a canary wave.

use super::Case;
use request_approval::{Input, Output};
use tableshift_aws::ledger::approvals::Outcome;
use tableshift_core::plan::canary::CanaryPlan;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::settings::policy::OnBadVerdict;
use tableshift_core::plan::wave::Wave;
use tableshift_runtime::{ErrorName, Named};
use tableshift_tests::{EXECUTION, RUN, plan};

/// A case whose canary is written, with the approval request for the main wave.
async fn about_the_main_wave(on_bad_verdict: OnBadVerdict) -> Case {
    let canary = Some(CanaryPlan { segments: 2, bake_seconds: 600, approve: true });
    let case = Case::of(&RunPlan { canary, on_bad_verdict, ..plan() }).await;
    let input =
        Input::Ask { run: RUN.into(), epoch: 1, token: "t".into(), execution: EXECUTION.into(), wave: Wave::Main };
    assert_eq!(case.call(input).await.unwrap(), Output::Asked {});
    case
}

#[tokio::test]
async fn a_question_about_the_main_wave_says_what_happens_to_the_canary_without_an_approval() {
    for (on_bad_verdict, ending) in [
        (OnBadVerdict::Hold, "writes nothing more and leaves the canary as it is.\n"),
        (OnBadVerdict::RollBack, "leaves the canary as it is.\nIf you reject it, the run rolls the canary back.\n"),
    ] {
        let case = about_the_main_wave(on_bad_verdict).await;
        let (subject, text) = case.topic.sent()[0].clone();
        assert!(subject.contains("approve the main wave of"), "{subject}");
        assert!(text.contains("to write its main wave to table") && text.ends_with(ending), "{text}");
    }
}

#[tokio::test]
async fn a_rejection_of_the_main_wave_is_an_answer_even_if_it_is_judged_twice_and_an_invalid_answer_is_an_error() {
    let case = about_the_main_wave(OnBadVerdict::Hold).await;
    let rejection = case.answer(&case.bob, false, "too slow").await;
    for _ in 0..2 {
        let judged = case
            .call(Input::Judge { run: RUN.into(), epoch: 1, answer: rejection.clone(), wave: Wave::Main })
            .await
            .unwrap();
        let (by, reason) = (case.bob.identity.arn.clone(), "too slow".to_owned());
        assert_eq!(judged, Output::Rejected { approved: false, by, reason, wait_seconds: 0 });
    }
    assert_eq!(case.recorded().await.unwrap().outcome, Outcome::Rejected);

    let case = about_the_main_wave(OnBadVerdict::Hold).await;
    let own_approval = case.answer(&case.ann, true, "").await;
    let refused = case
        .call(Input::Judge { run: RUN.into(), epoch: 1, answer: own_approval, wave: Wave::Main })
        .await
        .unwrap_err();
    assert_eq!(refused.name(), ErrorName::ApprovalRefused);
    assert!(refused.to_string().contains("only the canary was written"), "{refused}");
}
