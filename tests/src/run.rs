//! A run that calls the segment workers as the state machine does, on its own engines.

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use tableshift_aws::dynamodb::items::to_sdk;
use tableshift_aws::dynamodb::scan::{PageRequest, ScanSegment, TableItems};
use tableshift_aws::ledger::lock::LockTable as _;
use tableshift_aws::ledger::runs::RunRecord;
use tableshift_aws::ledger::table::Ledger;
use tableshift_aws::run_files::{load, store};
use tableshift_aws::s3::{Bucket, ListObjects as _};
use tableshift_core::control::lock::Lock;
use tableshift_core::item::value::Item;
use tableshift_core::language::document::Document;
use tableshift_core::plan::child::{PartInput, Progress, SegmentInput};
use tableshift_core::plan::keys;
use tableshift_core::plan::parts::Part;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::planning::Facts;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::settings::input::Input;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::counts::{Partial, Tally};
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{Deadline, epoch_millis};
use tableshift_segment::ports::Ports;
use tableshift_segment::work::WorkError;

use crate::engines::{BUCKET, Engines};
use crate::monitors::NoMonitors;

/// The table that every test run works on.
pub const PEOPLE: &str = "people";

/// The migration that most tests run: it computes an attribute, renames one, removes one and sets a version.
pub const MIGRATION: &str = r"
id: split-address
where: has(item.address) && !has(item.addressDetails)
change:
  - set: addressDetails
    to: extract(item.address, r'^(?<street>[^,]+), *(?<city>[^,]+), *(?<state>[A-Z]{2})$')
  - rename: { from: zip, to: postalCode }
  - remove: legacy
  - set: version
    to: 2
check: has(item.addressDetails.city) && item.version == 2
";

/// A run on its own engines.
#[derive(Debug)]
pub struct TestRun {
    /// The engines with the table, the bucket and the ledger.
    pub engines: Engines,
    /// The plan that the workers load.
    pub plan: RunPlan,
    /// The fencing token with which workers are called.
    pub epoch: u64,
}

impl TestRun {
    /// Starts engines, loads the items, plans a run of the migration with this number of segments and takes the lock.
    pub async fn start(items: &[Item], migration: &str, segments: u32) -> Self {
        let engines = Engines::start().await;
        engines.create_table(PEOPLE, "pk", Some("sk")).await;
        load_items(&engines, items).await;
        let plan = planned(migration, segments);
        let run = Self { engines, plan, epoch: 1 };
        run.store_plan().await;
        run.take_lock(None, 1).await;
        run
    }

    /// Stores the plan, and the record with its hash.
    pub async fn store_plan(&self) {
        let plan = &self.plan;
        store(&self.bucket(), &keys::plan(&plan.run), plan).await.expect("the plan is stored");
        let (run, plan_hash) = (plan.run.clone(), plan.hash());
        let record = RunRecord { run, plan_hash, execution: "arn:1".into(), ..RunRecord::default() };
        self.ledger().put_run(&record).await.expect("the run is recorded");
    }

    /// Takes the lock over for a new execution, as Plan does for `resume`. Workers are then called with its fencing token.
    pub async fn take_over(&mut self) {
        self.epoch += 1;
        self.take_over_as(self.epoch).await;
    }

    /// Takes the lock over with this fencing token. Workers are still called with the one before.
    pub async fn take_over_as(&self, epoch: u64) {
        let ledger = self.ledger();
        let seen = ledger.lock(PEOPLE).await.expect("the ledger answers");
        self.take_lock(seen.as_ref(), epoch).await;
        ledger.raise_epoch(&self.plan.run, epoch).await.expect("the ledger answers");
    }

    async fn take_lock(&self, seen: Option<&Lock>, epoch: u64) {
        let lock = Lock {
            table: PEOPLE.into(),
            run: self.plan.run.clone(),
            epoch,
            execution: Some(format!("arn:{epoch}")),
            lease_until: epoch_millis() / 1000 + 900,
        };
        assert!(self.ledger().take(&lock, seen).await.expect("the ledger answers"), "the lock is free");
    }

    /// The stack's bucket.
    pub fn bucket(&self) -> Bucket {
        self.engines.bucket()
    }

    /// The stack's ledger.
    pub fn ledger(&self) -> Ledger {
        self.engines.ledger()
    }

    /// The table's items.
    pub fn items(&self) -> TableItems {
        TableItems::new(self.engines.dynamodb.clone(), PEOPLE)
    }

    /// The input of a segment's worker.
    pub fn segment(&self, segment: u32) -> SegmentInput {
        SegmentInput { run: self.plan.run.clone(), epoch: self.epoch, wave: Wave::Whole, segment }
    }

    /// Migrates all segments to their end.
    pub async fn migrate(&self) {
        for segment in 0..self.plan.segments {
            while !self.migrate_once(segment, far_deadline()).await.expect("the segment is migrated").done {}
        }
    }

    /// Migrates and verifies the segments of a wave.
    pub async fn run_wave(&self, wave: Wave) {
        let segments = self.plan.segments_in_order(wave);
        let input = |segment| SegmentInput { wave, ..self.segment(segment) };
        for segment in &segments {
            let migrated = migrate_segment::run(&self.ports(), &NoMonitors, input(*segment), far_deadline()).await;
            assert!(migrated.expect("the segment is migrated").done);
        }
        for segment in &segments {
            let verified = verify_segment::run(&self.ports(), input(*segment), far_deadline()).await;
            assert!(verified.expect("the segment is verified").done);
        }
    }

    /// What the segment workers work with.
    pub fn ports(&self) -> Ports<impl Fn(&str) -> TableItems> {
        let (bucket, ledger) = (self.bucket(), self.ledger());
        Ports { bucket, ledger, items: |_: &str| self.items(), registry: REGISTRY, clock: epoch_millis }
    }

    /// Calls the migrate worker of a segment once.
    pub async fn migrate_once(
        &self,
        segment: u32,
        deadline: Deadline,
    ) -> Result<Progress, WorkError<migrate_segment::Error>> {
        migrate_segment::run(&self.ports(), &NoMonitors, self.segment(segment), deadline).await
    }

    /// Verifies every segment.
    pub async fn verify(&self) {
        for segment in 0..self.plan.segments {
            let verified = verify_segment::run(&self.ports(), self.segment(segment), far_deadline()).await;
            assert!(verified.expect("the segment is verified").done);
        }
    }

    /// Rolls back every segment.
    pub async fn roll_back(&self) {
        for segment in 0..self.plan.segments {
            let rolled_back = roll_back_segment::run(&self.ports(), self.segment(segment), far_deadline()).await;
            assert!(rolled_back.expect("the segment is rolled back").done);
        }
    }

    /// Does a dry run of one part.
    pub async fn dry_run(&self, part: Part) -> Result<Progress, WorkError<dry_run::Error>> {
        let input = PartInput { run: self.plan.run.clone(), epoch: self.epoch, part };
        dry_run::run(&self.ports(), input, far_deadline()).await
    }

    /// The sum of a phase's partial results.
    pub async fn tally(&self, phase: Phase) -> Tally {
        let mut sum = Tally::default();
        for key in self.bucket().list(&keys::partials(&self.plan.run, phase)).await.expect("S3 answers") {
            let partial: Option<Partial> = load(&self.bucket(), &key).await.expect("a partial result");
            sum.add(partial.expect("a partial result").tally);
        }
        sum
    }

    /// Every item of the table, sorted.
    pub async fn table(&self) -> Vec<Item> {
        let (mut items, mut cursor) = (Vec::new(), None);
        loop {
            let request =
                PageRequest { segment: 0, segments: 1, cursor: cursor.as_ref(), consistent: true, limit: None };
            let page = self.items().page(&request).await.expect("the table answers");
            items.extend(page.items);
            cursor = page.cursor;
            if cursor.is_none() {
                items.sort();
                return items;
            }
        }
    }
}

/// A deadline that no test reaches.
fn far_deadline() -> Deadline {
    Deadline::after(std::time::Duration::from_secs(900))
}

/// The plan of a run of this migration over [`PEOPLE`].
pub(crate) fn planned(migration: &str, segments: u32) -> RunPlan {
    let policy = serde_json::json!({
        "point_in_time_recovery": false, "back_up": true, "dry_run_source": "scan", "approve": false, "verify": true,
        "approval_timeout_seconds": 60, "on_bad_verdict": "hold", "max_concurrency": 4, "max_segments": 100,
        "write_units_per_second": null, "read_units_per_second": null, "invalid_items": 0, "lease_seconds": 900
    });
    let input = serde_json::json!({"migration": "split-address", "table": PEOPLE, "segments": segments});
    // The engine has no backups, so the table description is written here instead of read.
    let table = serde_json::json!({
        "name": PEOPLE, "arn": "arn", "status": "ACTIVE", "keys": ["pk", "sk"], "index_keys": {}, "items": 0, "bytes": 0,
        "time_to_live": null, "point_in_time_recovery": false, "replicas": 0, "indexes": 0, "stream": false
    });
    let facts = Facts {
        run: "run-1".into(),
        stage: "dev".into(),
        bucket: BUCKET.into(),
        input: Input::parse(&input).expect("a valid input"),
        table: serde_json::from_value(table).expect("a complete description"),
        migration: Document::from_yaml(migration).expect("a valid document"),
        policy: serde_json::from_value(policy).expect("a valid policy"),
        locked_at: epoch_millis(),
    };
    RunPlan::of(facts).expect("a plan")
}

async fn load_items(engines: &Engines, items: &[Item]) {
    for batch in items.chunks(25) {
        let puts = batch.iter().map(|item| {
            let put = PutRequest::builder().set_item(Some(to_sdk(item))).build().expect("a complete put");
            WriteRequest::builder().put_request(put).build()
        });
        let request = engines.dynamodb.batch_write_item().request_items(PEOPLE, puts.collect());
        request.send().await.expect("the items are loaded");
    }
}
