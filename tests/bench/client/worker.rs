//! The segment worker with the ports that it has in Lambda: the same clients, journal, ledger, leases and checkpoints.

use std::error::Error;
use std::time::Duration;

use migrate_segment::Ports;
use serde_json::json;
use tableshift_aws::Clients;
use tableshift_aws::dynamodb::scan::TableItems;
use tableshift_aws::ledger::lock::LockTable as _;
use tableshift_aws::ledger::runs::RunRecord;
use tableshift_aws::run_files::store;
use tableshift_core::control::lock::Lock;
use tableshift_core::language::document::Document;
use tableshift_core::plan::child::SegmentInput;
use tableshift_core::plan::keys;
use tableshift_core::plan::planning::Facts;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::settings::input::Input;
use tableshift_core::plan::wave::Wave;
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{Deadline, epoch_millis};

use crate::{Outcome, TABLE, items};

const RUN: &str = "bench";
const EPOCH: u64 = 1;
/// The maximum time of a function. Source: Lambda developer guide, quotas.
const LAMBDA_TIMEOUT: Duration = Duration::from_secs(900);
/// A stage as it is deployed.
const STAGE: &str = include_str!("../../../infra/stages/dev.json");

/// Stores plan, lock and record as Plan does. Returns the number of segments.
pub async fn plan(count: u64, bytes: u64) -> Result<u32, Box<dyn Error>> {
    let clients = Clients::from_env()?;
    let plan = planned(clients.settings().bucket.clone(), count, bytes)?;
    store(&clients.bucket(), &keys::plan(RUN), &plan).await?;
    let ledger = clients.ledger();
    let (run, plan_hash) = (RUN.to_owned(), plan.hash());
    ledger.put_run(&RunRecord { run, plan_hash, execution: "bench".into(), ..RunRecord::default() }).await?;
    let lease_until = epoch_millis() / 1000 + i64::try_from(plan.lease_seconds)?;
    let execution = Some("bench".into());
    let lock = Lock { table: TABLE.into(), run: RUN.into(), epoch: EPOCH, execution, lease_until };
    if !ledger.take(&lock, None).await? {
        return Err("the table is locked".into());
    }
    Ok(plan.segments)
}

fn planned(bucket: String, count: u64, bytes: u64) -> Result<RunPlan, Box<dyn Error>> {
    let stage: serde_json::Value = serde_json::from_str(STAGE)?;
    let table = json!({
        "name": TABLE, "arn": "arn", "status": "ACTIVE", "keys": ["pk"], "index_keys": {}, "items": count,
        "bytes": count * bytes, "time_to_live": null, "point_in_time_recovery": true, "replicas": 0, "indexes": 0,
        "stream": false
    });
    let facts = Facts {
        run: RUN.into(),
        stage: "dev".into(),
        bucket,
        input: Input::parse(&json!({ "migration": "20261122-split-address", "table": TABLE }))?,
        table: serde_json::from_value(table)?,
        migration: Document::from_yaml(items::MIGRATION)?,
        policy: serde_json::from_value(stage["policy"].clone())?,
        locked_at: epoch_millis(),
    };
    Ok(RunPlan::of(facts)?)
}

/// Migrates every segment, one after the other.
pub async fn run(segments: u32) -> Outcome {
    let clients = Clients::from_env()?;
    let dynamodb = clients.dynamodb();
    let ports = Ports {
        bucket: clients.bucket(),
        ledger: clients.ledger(),
        items: |table: &str| TableItems::new(dynamodb.clone(), table),
        registry: REGISTRY,
        clock: epoch_millis,
    };
    let monitor_reader = clients.monitor_reader();
    for segment in 0..segments {
        let input = || SegmentInput { run: RUN.into(), epoch: EPOCH, wave: Wave::Whole, segment };
        while !migrate_segment::run(&ports, &monitor_reader, input(), Deadline::after(LAMBDA_TIMEOUT)).await?.done {}
    }
    Ok(())
}
