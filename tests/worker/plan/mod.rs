//! Plan against the ledger and the bucket: what the history of a table allows.

mod refusals;
mod runs;

use plan::{Output, Ports, Request, Stage};
use serde_json::{Value, json};
use tableshift_aws::CallError;
use tableshift_aws::dynamodb::tables::DescribeTable;
use tableshift_aws::ledger::lock::LockTable as _;
use tableshift_aws::ledger::runs::{Applied, RunRecord};
use tableshift_aws::run_files::load;
use tableshift_aws::s3::WriteObject;
use tableshift_aws::sfn::executions::WatchExecution;
use tableshift_aws::sns::Publish;
use tableshift_core::approval::rules::Requester;
use tableshift_core::item::table::Table;
use tableshift_core::language::document::Document;
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{ErrorName, Named as _, chain};
use tableshift_tests::sts::TestSts;
use tableshift_tests::{BUCKET, Engines, LEDGER, MissingTopic, NOW, NoMonitors, Recorder, TABLE};

/// Any table: its keys and settings do not matter here.
struct AnyTable;

impl DescribeTable for AnyTable {
    async fn describe(&self, name: &str) -> Result<Table, CallError> {
        let table = json!({
            "name": name, "arn": "arn", "status": "ACTIVE", "keys": ["icao"], "index_keys": {}, "items": 100, "bytes": 1000,
            "time_to_live": null, "point_in_time_recovery": true, "replicas": 0, "indexes": 0, "stream": false
        });
        Ok(serde_json::from_value(table).expect("a complete description"))
    }
}

/// Executions that have all ended.
struct Ended;

impl WatchExecution for Ended {
    async fn is_running(&self, _: &str) -> Result<bool, CallError> {
        Ok(false)
    }
}

fn document(id: &str, more: &Value) -> Value {
    let mut document = json!({"id": id, "change": [{"set": "v", "to": 2}]});
    document.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    document
}

async fn planned(engines: &Engines, name: &str, input: Value) -> Result<Output, plan::Error> {
    planned_with_topic(engines, name, input, &Recorder::default()).await
}

async fn planned_with_topic(
    engines: &Engines,
    name: &str,
    input: Value,
    topic: &impl Publish,
) -> Result<Output, plan::Error> {
    planned_under(engines, name, input, policy(), topic).await
}

fn policy() -> Value {
    json!({
        "point_in_time_recovery": false, "back_up": true, "dry_run_source": "scan", "approve": false, "verify": true,
        "approval_timeout_seconds": 60, "on_bad_verdict": "hold", "max_concurrency": 4, "max_segments": 100,
        "write_units_per_second": 500, "read_units_per_second": null, "invalid_items": 0, "lease_seconds": 900
    })
}

async fn planned_under(
    engines: &Engines,
    name: &str,
    input: Value,
    policy: Value,
    topic: &impl Publish,
) -> Result<Output, plan::Error> {
    planned_on(engines, stage_under(policy), name, input, topic).await
}

fn stage_under(policy: Value) -> Stage {
    Stage {
        name: "test".into(),
        bucket: BUCKET.into(),
        policy: serde_json::from_value(policy).unwrap(),
        table_pattern: "test-*".into(),
    }
}

async fn planned_on(
    engines: &Engines,
    stage: Stage,
    name: &str,
    input: Value,
    topic: &impl Publish,
) -> Result<Output, plan::Error> {
    let ports = Ports {
        stage,
        bucket: engines.bucket(),
        ledger: engines.ledger(),
        tables: AnyTable,
        executions: Ended,
        monitor_reader: NoMonitors,
        registry: REGISTRY,
        clock: || NOW,
    };
    let request =
        Request { input, execution: format!("arn:{name}"), name: name.into(), started: "2026-11-22T10:00:00Z".into() };
    plan::run(&ports, &TestSts::default().sts().await, topic, request).await
}

fn migrate(document: &Value, more: Value) -> Value {
    let mut input = json!({"migration": document, "table": TABLE});
    input.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    input
}

/// Records that a document was applied to the table.
async fn applied(engines: &Engines, document: &Value, at: &str, verified: bool) {
    let hash = Document::from_json(document).unwrap().hash();
    let applied =
        Applied { run: "r-0".into(), hash, at: at.into(), changed: 7, verified, document: document.to_string() };
    engines.ledger().put_applied(TABLE, document["id"].as_str().unwrap(), &applied).await.unwrap();
}
