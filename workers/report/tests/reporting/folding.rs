//! Which partial results are folded, and what is written.

use crate::fixture::{self, RUN};
use crate::store::{Epoch, Gone, Published, Store};
use report::{Error, Input, Output};
use tableshift_core::item::hash;
use tableshift_core::item::value::{Item, Value};
use tableshift_core::plan::canary::CanaryPlan;
use tableshift_core::plan::keys;
use tableshift_core::plan::parts::Part;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::segments;
use tableshift_core::plan::wave::Wave;
use tableshift_core::report::run_report::{Report, Verdict};
use tableshift_core::write::counts::{Counts, JournalCounts, Partial, Tally};
use tableshift_runtime::{ErrorName, Named};

fn store(plan: &RunPlan) -> Store {
    let store = Store::default();
    store.put_json(keys::plan(RUN), plan);
    store
}

fn put_partial(store: &Store, partial: &Partial) {
    store.put_json(keys::partial(RUN, partial.phase, &partial.part), partial);
}

/// Every segment of a phase, each with these counts.
fn put_all(store: &Store, phase: Phase, counts: Counts, journal: JournalCounts) {
    for segment in 0..4 {
        put_partial(store, &fixture::partial(phase, segment, Tally { counts, journal, ..Tally::default() }));
    }
}

async fn run(store: &Store, phase: Phase) -> Result<Output, Error> {
    report::run(
        store,
        &Epoch(3),
        &Published::default(),
        0,
        Input { run: RUN.into(), epoch: 3, phase, wave: Wave::Whole },
    )
    .await
}

fn written(store: &Store) -> Report {
    serde_json::from_slice(&store.0.borrow()[&keys::report(RUN)].0).unwrap()
}

fn counts(changed: u64, late: u64) -> Counts {
    Counts { scanned: changed + late, changed, late, ..Counts::default() }
}

#[tokio::test]
async fn a_report_is_written_for_programs_and_for_people() {
    let store = store(&fixture::plan());
    put_all(&store, Phase::Migrate, counts(2, 0), JournalCounts::default());
    let output = run(&store, Phase::Migrate).await.unwrap();
    let objects = store.0.borrow();
    let (json, kind) = &objects[&keys::report(RUN)];
    assert_eq!((output.hash, kind.as_str()), (hash::of_bytes(json), "application/json"));
    assert_eq!((output.verdict, output.phase, output.key), (Verdict::Good, Phase::Migrate, keys::report(RUN)));
    let (page, kind) = &objects[&keys::report_page(RUN)];
    assert_eq!(kind, "text/html; charset=utf-8");
    assert!(String::from_utf8_lossy(page).contains(&hash::of_bytes(json)), "the page names the report's hash");
}

#[tokio::test]
async fn the_output_has_the_values_that_the_state_machine_reads() {
    let store = store(&fixture::plan());
    let output = serde_json::to_value(run(&store, Phase::RollBack).await.unwrap()).unwrap();
    assert_eq!((&output["verdict"], &output["phase"]), (&"bad".into(), &"roll-back".into()));
    assert_eq!(output["reasons"], serde_json::json!(["4 of 4 parts have no complete result"]));
}

#[tokio::test]
async fn reporting_twice_gives_the_same_hash_and_examples_in_the_order_of_the_parts() {
    let mut plan = fixture::plan();
    plan.segments = 40;
    let store = store(&plan);
    for segment in 0..40 {
        let mut tally = Tally::default();
        tally.add_finding(Item::from([("pk".into(), Value::s(segments::name(segment)))]), "r");
        put_partial(&store, &fixture::partial(Phase::Verify, segment, tally));
    }
    let first = run(&store, Phase::RollBack).await.unwrap().hash;
    assert_eq!(run(&store, Phase::RollBack).await.unwrap().hash, first);
    run(&store, Phase::Verify).await.unwrap();
    let findings = written(&store).phases[&Phase::Verify].tally.findings.clone();
    let listed: Vec<_> = findings.iter().map(|finding| finding.key["pk"].clone()).collect();
    assert_eq!(listed, (0..20).map(|segment| Value::s(segments::name(segment))).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_dry_run_has_the_parts_of_its_list_and_no_others() {
    let store = store(&fixture::plan());
    store.put_json(keys::dry_run_parts(RUN), &[Part::of_segment(0), Part::of_segment(1)]);
    for part in ["segment-000000", "segment-000001", "segment-000002"] {
        let tally = Tally { counts: counts(1, 0), ..Tally::default() };
        put_partial(&store, &Partial { part: part.into(), ..fixture::partial(Phase::DryRun, 0, tally) });
    }
    run(&store, Phase::DryRun).await.unwrap();
    let report = written(&store).phases[&Phase::DryRun].clone();
    assert_eq!((report.parts_expected, report.parts_reported, report.tally.counts.changed), (2, 2, 2));
}

#[tokio::test]
async fn a_dry_run_without_its_list_is_an_error() {
    let error = run(&store(&fixture::plan()), Phase::DryRun).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::Internal);
    assert!(error.to_string().contains("dry-run.json"), "{error}");
}

#[tokio::test]
async fn a_verification_reports_the_migration_too_and_is_bad_if_that_was() {
    let store = store(&fixture::plan());
    let changed = JournalCounts { as_written: 2, ..JournalCounts::default() };
    put_all(&store, Phase::Verify, counts(2, 0), changed);
    for segment in 0..3 {
        let tally = Tally { counts: counts(2, 0), ..Tally::default() };
        put_partial(&store, &fixture::partial(Phase::Migrate, segment, tally));
    }
    let output = run(&store, Phase::Verify).await.unwrap();
    assert_eq!(
        (output.verdict, output.reasons),
        (Verdict::Bad, vec!["migrate: 1 of 4 parts have no complete result".into()])
    );
    let report = written(&store);
    assert_eq!(report.phases[&Phase::Verify].verdict, Verdict::Good);
    assert_eq!(report.phases[&Phase::Migrate].tally.counts.changed, 6);
}

#[tokio::test]
async fn a_verification_alone_needs_no_migration() {
    let mut plan = fixture::plan();
    plan.steps.migrate = false;
    let store = store(&plan);
    put_all(&store, Phase::Verify, counts(2, 0), JournalCounts::default());
    assert_eq!(run(&store, Phase::Verify).await.unwrap().verdict, Verdict::Good);
    assert!(!written(&store).phases.contains_key(&Phase::Migrate));
}

#[tokio::test]
async fn earlier_phases_stay_and_the_same_phase_is_replaced() {
    let store = store(&fixture::plan());
    store.put_json(keys::dry_run_parts(RUN), &[Part::of_segment(0)]);
    run(&store, Phase::DryRun).await.unwrap();
    put_all(&store, Phase::Migrate, counts(1, 0), JournalCounts::default());
    run(&store, Phase::Migrate).await.unwrap();
    put_all(&store, Phase::Migrate, counts(5, 0), JournalCounts::default());
    run(&store, Phase::Migrate).await.unwrap();
    let report = written(&store);
    assert_eq!(report.phases.len(), 2);
    assert_eq!(report.phases[&Phase::Migrate].tally.counts.changed, 20);
    assert_eq!((report.phase, report.verdict), (Phase::Migrate, Verdict::Good));
}

#[tokio::test]
async fn an_execution_that_lost_the_lock_leaves_the_report_alone() {
    let store = store(&fixture::plan());
    let input = Input { run: RUN.into(), epoch: 3, phase: Phase::Migrate, wave: Wave::Whole };
    let error = report::run(&store, &Epoch(4), &Published::default(), 0, input).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::LeaseLost);
    assert!(!store.0.borrow().contains_key(&keys::report(RUN)));
}

#[tokio::test]
async fn a_run_without_a_plan_is_not_found() {
    let error = run(&Store::default(), Phase::Verify).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::RunNotFound);
}

#[tokio::test]
async fn a_canary_is_judged_by_its_own_segments_and_the_main_wave_by_all() {
    let mut plan = fixture::plan();
    plan.canary = Some(CanaryPlan { segments: 2, bake_seconds: 600, approve: false });
    let store = store(&plan);
    let first = plan.segments_in_order(Wave::Canary);
    let changed = JournalCounts { as_written: 3, ..JournalCounts::default() };
    for segment in first {
        put_partial(
            &store,
            &fixture::partial(Phase::Migrate, segment, Tally { counts: counts(3, 0), ..Tally::default() }),
        );
        let tally = Tally { counts: counts(3, 0), journal: changed, ..Tally::default() };
        put_partial(&store, &fixture::partial(Phase::Verify, segment, tally));
    }
    let topic = Published::default();
    let report_wave = async |wave| {
        let input = Input { run: RUN.into(), epoch: 3, phase: Phase::Verify, wave };
        report::run(&store, &Epoch(3), &topic, 0, input).await.unwrap()
    };
    let canary = report_wave(Wave::Canary).await;
    assert!(topic.0.borrow().is_empty(), "the run is not verified before its main wave is");
    assert_eq!((canary.verdict, canary.wave, canary.reasons.len()), (Verdict::Good, Wave::Canary, 0));
    let report = written(&store);
    assert_eq!((report.wave, report.phases[&Phase::Verify].parts_expected), (Wave::Canary, 2));
    assert_eq!(report.phases[&Phase::Migrate].tally.counts.changed, 6);
    let page = String::from_utf8_lossy(&store.0.borrow()[&keys::report_page(RUN)].0).into_owned();
    for part in [
        "Canary: <strong>good",
        "2 of 4 segments first, bakes for 10m",
        "the canary bakes for 10m. Then the run writes the main wave.",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let main = report_wave(Wave::Main).await;
    assert_eq!((main.verdict, written(&store).wave), (Verdict::Bad, Wave::Main));
    assert!(main.reasons.contains(&"2 of 4 parts have no complete result".to_owned()), "{:?}", main.reasons);
}

async fn publish(store: &Store, phase: Phase) -> Vec<tableshift_core::report::message::Message> {
    let topic = Published::default();
    report::run(store, &Epoch(3), &topic, 0, Input { run: RUN.into(), epoch: 3, phase, wave: Wave::Whole })
        .await
        .unwrap();
    topic.0.take()
}

#[tokio::test]
async fn a_good_dry_run_and_a_good_verification_are_published_with_counts_and_links_and_no_item() {
    let store = store(&fixture::plan());
    store.put_json(keys::dry_run_parts(RUN), &(0..4).map(Part::of_segment).collect::<Vec<_>>());
    let mut tally = Tally { counts: counts(2, 0), ..Tally::default() };
    let secret = || Item::from([("name".to_owned(), Value::s("canary-7f3a"))]);
    tally.add_finding(secret(), "a finding");
    for segment in 0..4 {
        let part = Part::of_segment(segment).part;
        put_partial(&store, &Partial { part, ..fixture::partial(Phase::DryRun, segment, tally.clone()) });
    }
    let [message] = &publish(&store, Phase::DryRun).await[..] else { panic!("one message") };
    assert_eq!(message.attributes[0], ("event", "dry-run-passed".to_owned()));
    assert!(message.text.contains("             8  changed\n"), "{}", message.text);
    assert!(message.json.contains("execution:m:r"), "{}", message.json);
    assert!(
        String::from_utf8_lossy(&store.0.borrow()[&keys::report(RUN)].0).contains("canary-7f3a"),
        "the report contains the value"
    );
    assert!(!format!("{message:?}").contains("canary-7f3a"), "{message:?}");

    put_all(&store, Phase::Migrate, counts(2, 0), JournalCounts::default());
    let verified = JournalCounts { as_written: 2, ..JournalCounts::default() };
    put_all(&store, Phase::Verify, counts(2, 0), verified);
    let events = async |phase| {
        publish(&store, phase).await.iter().map(|message| message.attributes[0].1.clone()).collect::<Vec<_>>()
    };
    assert_eq!(events(Phase::Verify).await, ["verified"]);
    put_all(&store, Phase::Verify, counts(2, 1), verified);
    assert_eq!(events(Phase::Verify).await, [""; 0], "Conclude publishes a failure");
    assert_eq!(events(Phase::RollBack).await, [""; 0]);
}

#[tokio::test]
async fn a_missing_topic_does_not_prevent_the_report() {
    let store = store(&fixture::plan());
    put_all(&store, Phase::Verify, counts(2, 0), JournalCounts::default());
    let input = Input { run: RUN.into(), epoch: 3, phase: Phase::Verify, wave: Wave::Whole };
    report::run(&store, &Epoch(3), &Gone, 0, input).await.unwrap();
    assert!(store.0.borrow().contains_key(&keys::report(RUN)));
}
