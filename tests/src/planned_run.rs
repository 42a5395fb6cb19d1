//! A run as Plan leaves it: with its plan, its lock and its record.

use serde_json::json;
use tableshift_aws::ledger::lock::LockTable;
use tableshift_aws::ledger::runs::RunRecord;
use tableshift_aws::run_files::store;
use tableshift_core::control::lock::Lock;
use tableshift_core::language::document::Document;
use tableshift_core::plan::keys;
use tableshift_core::plan::planning::Facts;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::settings::input::Input;

use crate::engines::{BUCKET, Engines};

/// The id of the planned run.
pub const RUN: &str = "r-1";
/// Its table.
pub const TABLE: &str = "airports";
/// The execution that holds its lock.
pub const EXECUTION: &str = "arn:aws:states:eu-central-1:111122223333:execution:tableshift-test-migrate-table:r-1";
/// When that execution took the lock, in epoch milliseconds: 2026-11-22T10:00:00.5Z, a Sunday.
pub const NOW: i64 = 1_795_341_600_500;

/// The plan of a run of the whole table that needs an approval.
pub fn plan() -> RunPlan {
    let policy = json!({
        "point_in_time_recovery": true, "back_up": true, "dry_run_source": "export", "approve": true, "verify": true,
        "approval_timeout_seconds": 86_400, "on_bad_verdict": "hold", "max_concurrency": 4, "max_segments": 1000,
        "write_units_per_second": null, "read_units_per_second": null, "invalid_items": 0, "lease_seconds": 900
    });
    let table = json!({
        "name": TABLE, "arn": "arn:aws:dynamodb:eu-central-1:111122223333:table/airports", "status": "ACTIVE",
        "keys": ["icao"], "index_keys": {}, "items": 28_000, "bytes": 6_000_000, "time_to_live": null,
        "point_in_time_recovery": true, "replicas": 0, "indexes": 0, "stream": false
    });
    let facts = Facts {
        run: RUN.into(),
        stage: "test".into(),
        bucket: BUCKET.into(),
        input: Input::parse(&json!({ "migration": "m", "table": TABLE })).expect("a valid input"),
        table: serde_json::from_value(table).expect("a complete description"),
        migration: Document::from_yaml("id: m\nchange: [{set: v, to: 2}]").expect("a valid migration"),
        policy: serde_json::from_value(policy).expect("a complete policy"),
        locked_at: NOW,
    };
    RunPlan::of(facts).expect("a plan")
}

impl Engines {
    /// Stores `plan` and its record as Plan does. [`EXECUTION`] holds the lock with the fencing token 1.
    pub async fn begin(&self, plan: &RunPlan) {
        let ledger = self.ledger();
        store(&self.bucket(), &keys::plan(&plan.run), plan).await.expect("the plan is stored");
        let lock = Lock {
            table: plan.table.name.clone(),
            run: plan.run.clone(),
            epoch: 1,
            execution: Some(EXECUTION.into()),
            lease_until: plan.locked_at / 1000 + plan.lease_seconds as i64,
        };
        assert!(ledger.take(&lock, None).await.expect("the ledger answers"), "the lock is free");
        let record = RunRecord {
            run: plan.run.clone(),
            table: plan.table.name.clone(),
            migration: plan.migration.id.clone(),
            migration_hash: plan.migration_hash.clone(),
            plan_hash: plan.hash(),
            progress: "planned".into(),
            status: "running".into(),
            started: "2026-11-22T10:00:00Z".into(),
            execution: EXECUTION.into(),
            ..RunRecord::default()
        };
        ledger.put_run(&record).await.expect("the run is recorded");
    }

    /// When the lease of [`TABLE`]'s lock ends, in epoch seconds.
    pub async fn lease_until(&self) -> i64 {
        let lock = self.ledger().lock(TABLE).await.expect("the lock is read");
        lock.expect("there is a lock").lease_until
    }
}
