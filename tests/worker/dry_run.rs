//! The dry run of an export's data file: several attempts together count every line once.

use std::cell::Cell;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dry_run::{Input, Output, Ports};
use flate2::Compression;
use flate2::write::GzEncoder;
use md5::{Digest as _, Md5};
use tableshift_aws::ledger::control::SteerRun as _;
use tableshift_aws::s3::WriteObject as _;
use tableshift_core::plan::parts::{ExportFile, Part};
use tableshift_core::plan::phase::Phase;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{Deadline, epoch_millis};
use tableshift_tests::{MIGRATION, TestRun, old_items};

/// More than two batches of lines.
const ITEMS: usize = 45_000;

thread_local! {
    static SECONDS: Cell<i64> = const { Cell::new(0) };
}

/// A clock that is a second later each time it is read.
fn second_by_second() -> i64 {
    SECONDS.set(SECONDS.get() + 1);
    SECONDS.get() * 1000
}

/// A run with an export file in its bucket, and the part that reads it.
async fn begun() -> (TestRun, Part) {
    let run = TestRun::start(&[], MIGRATION, 1).await;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    for item in old_items(ITEMS) {
        writeln!(encoder, r#"{{"Item":{}}}"#, serde_json::to_string(&item).unwrap()).unwrap();
    }
    let bytes = encoder.finish().unwrap();
    let file =
        ExportFile { key: "export/data.json.gz".into(), md5: STANDARD.encode(Md5::digest(&bytes)), items: 45_000 };
    run.bucket().put(&file.key, bytes, "application/gzip").await.unwrap();
    (run, Part::of_file(0, file))
}

async fn call(run: &TestRun, part: &Part, deadline: Deadline) -> Output {
    let ports = Ports {
        bucket: run.bucket(),
        ledger: run.ledger(),
        items: |_: &str| run.items(),
        registry: REGISTRY,
        clock: epoch_millis,
    };
    let input = Input { run: run.plan.run.clone(), epoch: run.epoch, part: part.clone() };
    dry_run::run(&ports, input, deadline).await.unwrap()
}

async fn assert_every_line_is_counted_once(run: &TestRun) {
    let tally = run.tally(Phase::DryRun).await;
    assert_eq!((tally.counts.scanned, tally.counts.changed), (ITEMS as u64, ITEMS as u64));
    assert_eq!(tally.samples.len(), 20);
}

#[tokio::test]
async fn an_export_file_is_continued_by_the_next_attempt_when_time_is_short() {
    let (run, part) = begun().await;
    SECONDS.set(0);
    assert!(!call(&run, &part, Deadline::by_clock(24_000, second_by_second)).await.done);
    let first = run.tally(Phase::DryRun).await.counts.scanned;
    assert!(first > 0 && first < ITEMS as u64, "{first} lines are done");
    assert!(call(&run, &part, Deadline::after(std::time::Duration::from_secs(900))).await.done);
    assert_every_line_is_counted_once(&run).await;
}

#[tokio::test]
async fn an_export_file_waits_while_the_run_is_paused() {
    let (run, part) = begun().await;
    let generous = || Deadline::after(std::time::Duration::from_secs(900));
    assert!(run.ledger().pause(&run.plan.run, "lunch", epoch_millis()).await.unwrap());
    let paused = call(&run, &part, generous()).await;
    assert_eq!((paused.done, paused.wait_seconds), (false, 20));
    assert_eq!(run.tally(Phase::DryRun).await.counts.scanned, 0);
    assert!(run.ledger().go_on(&run.plan.run).await.unwrap());
    assert!(call(&run, &part, generous()).await.done);
    assert_every_line_is_counted_once(&run).await;
}
