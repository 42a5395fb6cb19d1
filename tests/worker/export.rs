//! Export's checks, with a real ledger and bucket and simulated exports: the engine in this process has no exports.

use std::sync::Mutex;

use export::{Error, Input, Output, run};
use serde_json::json;
use tableshift_aws::dynamodb::exports::{Export, ExportRequest, ExportTable};
use tableshift_aws::s3::{ReadObject, WriteObject};
use tableshift_aws::{CallError, Cause};
use tableshift_runtime::{ErrorName, Named, chain};
use tableshift_tests::{Engines, NOW, RUN, plan};

const FOLDER: &str = "runs/r-1/export/AWSDynamoDB/01-ab";
const ARN: &str = "arn:aws:dynamodb:eu-central-1:111122223333:table/airports/export/01-ab";

/// Returns the scripted responses, and keeps the requests.
struct SimulatedExports {
    answer: Result<Export, &'static str>,
    asked: Mutex<Vec<(i64, String, String)>>,
}

impl SimulatedExports {
    fn status(status: &str) -> Self {
        let export = Export { arn: ARN.into(), status: status.into(), manifest: None, failure: None };
        Self { answer: Ok(export), asked: Mutex::default() }
    }

    fn refusing(code: &'static str) -> Self {
        Self { answer: Err(code), asked: Mutex::default() }
    }

    fn answered(&self) -> Result<Export, CallError> {
        self.answer.clone().map_err(|code| CallError {
            operation: "ExportTableToPointInTime",
            resource: "t".into(),
            cause: Cause::Refused,
            code: Some(code.into()),
            reach: None,
            reason: None,
            source: code.into(),
        })
    }
}

impl ExportTable for SimulatedExports {
    async fn start(&self, request: &ExportRequest<'_>) -> Result<Export, CallError> {
        let asked = (request.at_epoch_seconds, request.client_token.to_owned(), request.prefix.to_owned());
        self.asked.lock().unwrap().push(asked);
        self.answered()
    }

    async fn describe(&self, arn: &str) -> Result<Export, CallError> {
        assert_eq!(arn, ARN);
        self.answered()
    }
}

async fn export_table(
    engines: &Engines,
    exports: &SimulatedExports,
    arn: Option<&str>,
    now: i64,
) -> Result<Output, Error> {
    let input = Input { run: RUN.into(), epoch: 1, arn: arn.map(str::to_owned) };
    run(exports, &engines.bucket(), &engines.ledger(), now, input).await
}

async fn put(engines: &Engines, name: &str, content: &str) {
    let key = format!("{FOLDER}/{name}");
    engines.bucket().put(&key, content.into(), "application/json").await.unwrap();
}

/// Manifests of two files, one of them empty, with the checksums that belong to them.
async fn write_manifests(engines: &Engines, items: u64) {
    let summary = json!({
        "tableArn": plan().table.arn, "manifestFilesS3Key": format!("{FOLDER}/manifest-files.json"),
        "itemCount": items, "outputFormat": "DYNAMODB_JSON",
    });
    let line = |items: u64, name: &str| {
        let key = format!("{FOLDER}/data/{name}.json.gz");
        json!({"itemCount": items, "md5Checksum": "m==", "etag": "e", "dataFileS3Key": key}).to_string()
    };
    let files = format!("{}\n{}\n", line(3, "a"), line(0, "b"));
    for (name, content) in [("manifest-summary", summary.to_string()), ("manifest-files", files)] {
        put(engines, &format!("{name}.json"), &content).await;
        put(engines, &format!("{name}.md5"), &export::manifest::md5_base64(content.as_bytes())).await;
    }
}

#[tokio::test]
async fn the_export_is_of_the_time_of_the_lock_and_every_request_for_it_is_the_same() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let exports = SimulatedExports::status("IN_PROGRESS");
    for _ in 0..2 {
        let found = export_table(&engines, &exports, None, NOW).await.unwrap();
        assert_eq!((found.arn.as_deref(), found.status.as_str()), (Some(ARN), "IN_PROGRESS"));
    }
    let asked = exports.asked.lock().unwrap();
    // The lock was taken half a second past a whole second: the next whole second is the first that is not before it.
    assert_eq!(asked[0].0, NOW / 1000 + 1);
    assert_eq!(asked[0].2, "runs/r-1/export");
    assert_eq!(asked[0], asked[1]);
}

#[tokio::test]
async fn an_export_time_that_is_not_available_yet_is_retried_for_a_limited_time() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let exports = SimulatedExports::refusing("InvalidExportTimeException");
    let found = export_table(&engines, &exports, None, NOW + 300_000).await.unwrap();
    assert_eq!((found.arn, found.status.as_str()), (None, "NOT_RESTORABLE_YET"));
    let error = export_table(&engines, &exports, None, NOW + 3 * 3_600_000).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ExportFailed);
}

#[tokio::test]
async fn a_complete_export_is_checked_and_its_files_are_listed() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    write_manifests(&engines, 3).await;
    let found = export_table(&engines, &SimulatedExports::status("COMPLETED"), Some(ARN), NOW).await.unwrap();
    assert_eq!(found, Output { arn: Some(ARN.into()), status: "COMPLETED".into(), files: 1, items: 3 });
    let parts = engines.bucket().get("runs/r-1/dry-run.json").await.unwrap();
    let parts: serde_json::Value = serde_json::from_slice(&parts).unwrap();
    let file = json!({"key": format!("{FOLDER}/data/a.json.gz"), "md5": "m==", "items": 3});
    assert_eq!(parts, json!([{"part": "file-000000", "file": file}]));
}

#[tokio::test]
async fn a_checksum_file_with_its_other_name_is_accepted() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    write_manifests(&engines, 3).await;
    let (md5, checksum) = (format!("{FOLDER}/manifest-files.md5"), format!("{FOLDER}/manifest-files.checksum"));
    let files = engines.files.path().join(tableshift_tests::BUCKET);
    std::fs::rename(files.join(md5), files.join(checksum)).unwrap();
    assert_eq!(export_table(&engines, &SimulatedExports::status("COMPLETED"), Some(ARN), NOW).await.unwrap().items, 3);
}

#[tokio::test]
async fn a_corrupt_export_is_refused_with_the_name_of_the_file() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let complete = SimulatedExports::status("COMPLETED");
    let error = export_table(&engines, &complete, Some(ARN), NOW).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::CorruptExport);
    assert!(chain(&error).contains("manifest-summary.json"), "{}", chain(&error));

    write_manifests(&engines, 4).await;
    let error = export_table(&engines, &complete, Some(ARN), NOW).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::CorruptExport);
    assert!(chain(&error).contains("manifest-files.json: its files contain 3 items"), "{}", chain(&error));

    write_manifests(&engines, 3).await;
    put(&engines, "manifest-files.md5", "AAAA").await;
    let error = export_table(&engines, &complete, Some(ARN), NOW).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::CorruptExport);
    assert!(chain(&error).contains("manifest-files.json: its MD5 is"), "{}", chain(&error));
}

#[tokio::test]
async fn a_failed_export_reports_its_reason() {
    let engines = Engines::start().await;
    engines.begin(&plan()).await;
    let mut exports = SimulatedExports::status("FAILED");
    exports.answer.as_mut().unwrap().failure = Some("S3AccessDenied: no".into());
    let error = export_table(&engines, &exports, Some(ARN), NOW).await.unwrap_err();
    assert_eq!(error.name(), ErrorName::ExportFailed);
    assert!(chain(&error).contains("S3AccessDenied: no"), "{}", chain(&error));
}
