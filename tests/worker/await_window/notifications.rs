//! What AwaitWindow announces, and that it announces each thing once.

use super::{approved, input};
use await_window::{Input, Step, run};
use tableshift_core::plan::phase::Phase;
use tableshift_tests::{EXECUTION, MissingTopic, NOW, NoMonitors, RUN, Recorder, plan};

/// The input of a child that found this phase of the run on hold.
fn to_announce(phase: Phase) -> Input {
    Input { step: Step::AnnounceHold(phase), ..input(1) }
}

#[tokio::test]
async fn the_first_write_is_announced_once_in_a_run_with_the_execution_and_without_the_document() {
    let engines = approved(&plan()).await;
    let topic = Recorder::default();
    for _ in 0..3 {
        assert!(run(&engines.bucket(), &engines.ledger(), &NoMonitors, &topic, NOW, input(1)).await.unwrap().open);
    }
    assert_eq!(topic.events(), ["writing"]);
    assert!(topic.messages()[0].json.contains(EXECUTION));
}

#[tokio::test]
async fn every_hold_is_announced_once_however_many_calls_find_the_run_on_hold() {
    let engines = approved(&plan()).await;
    let (ledger, topic) = (engines.ledger(), Recorder::default());
    let at = async |now, input| run(&engines.bucket(), &ledger, &NoMonitors, &topic, now, input).await.unwrap();
    assert!(ledger.pause(RUN, "a look at the graphs", NOW).await.unwrap());
    assert!(!at(NOW, input(1)).await.open);
    assert!(!at(NOW + 1_000, input(1)).await.open);
    for phase in [Phase::Migrate, Phase::Verify, Phase::RollBack] {
        assert!(!at(NOW + 2_000, to_announce(phase)).await.open);
    }
    assert_eq!(topic.events(), ["paused"]);
    assert!(topic.sent()[0].1.contains("paused: a look at the graphs"), "{}", topic.sent()[0].1);

    assert!(ledger.resume(RUN).await.unwrap());
    assert!(at(NOW + 60_000, input(1)).await.open);
    assert!(ledger.pause(RUN, "lunch", NOW + 61_000).await.unwrap());
    at(NOW + 62_000, to_announce(Phase::Migrate)).await;
    at(NOW + 63_000, to_announce(Phase::Migrate)).await;
    assert_eq!(topic.events(), ["paused", "writing", "paused"]);
    assert!(topic.sent()[2].1.contains("paused: lunch"));
}

#[tokio::test]
async fn a_call_that_only_announces_neither_lets_the_run_write_nor_announces_anything_untrue() {
    let engines = approved(&plan()).await;
    let topic = Recorder::default();
    let announced =
        run(&engines.bucket(), &engines.ledger(), &NoMonitors, &topic, NOW, to_announce(Phase::Migrate)).await.unwrap();
    assert!(announced.open && topic.messages().is_empty());
    assert_eq!(engines.ledger().run(RUN).await.unwrap().unwrap().progress, "planned");
}

#[tokio::test]
async fn a_missing_topic_neither_holds_nor_fails_a_run() {
    let engines = approved(&plan()).await;
    let at =
        async |input| run(&engines.bucket(), &engines.ledger(), &NoMonitors, &MissingTopic, NOW, input).await.unwrap();
    assert!(at(input(1)).await.open);
    engines.ledger().pause(RUN, "lunch", NOW).await.unwrap();
    assert!(!at(to_announce(Phase::Migrate)).await.open);
}
