//! A run in a simulated world: its plan, record and lock, and the oracle that checks it.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tableshift_aws::Clients;
use tableshift_aws::ledger::lock::LockTable as _;
use tableshift_aws::ledger::runs::RunRecord;
use tableshift_aws::run_files::store;
use tableshift_core::control::lock::Lock;
use tableshift_core::item::value::{Item, Value};
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::write::counts::{Partial, Tally};
use tokio::time::sleep;

use crate::campaign::actors::migrations::MigrationUnderTest;
use crate::campaign::engines::clock;
use crate::campaign::engines::history::Actor;
use crate::campaign::judge::oracle::Oracle;
use crate::campaign::world::network::Network;
use crate::campaign::world::state::{SharedWorld, World, lock};
use crate::run::{PEOPLE, planned};

/// A run in a world.
#[derive(Debug)]
pub struct Simulation {
    pub world: SharedWorld,
    pub migration: MigrationUnderTest,
    pub plan: RunPlan,
    pub oracle: RefCell<Oracle>,
    /// The Region of every client: see [`Network::clients`].
    region: String,
    /// The fencing token of the execution that holds the lock.
    pub epoch: Cell<u64>,
    /// How many invocations there were.
    pub invocations: Cell<u32>,
}

impl Simulation {
    /// The plan of a run that tolerates any number of invalid items.
    pub fn plan(migration: MigrationUnderTest, segments: u32) -> RunPlan {
        let plan = planned(migration.document(), segments);
        RunPlan { invalid_items: 1_000_000, locked_at: clock::now(), ..plan }
    }

    /// Loads the items, starts the planned run and takes the lock.
    pub async fn start(world: World, migration: MigrationUnderTest, items: &[Item], plan: RunPlan, name: &str) -> Self {
        let world = SharedWorld::new(Mutex::new(world));
        let region = format!("seed-{name}-{}", unique());
        for item in items {
            let Some(Value::S(key)) = item.get("pk") else { panic!("every item has a string as its key") };
            lock(&world).set(&Actor::Harness, key, Some(item));
        }
        let oracle = RefCell::new(Oracle::new(migration, &plan.run));
        let (epoch, invocations) = (Cell::new(0), Cell::new(0));
        let simulation = Self { world, migration, plan, oracle, region, epoch, invocations };
        simulation.begin(&simulation.plan).await;
        simulation
    }

    /// Stores what Plan stores: plan, record and lock.
    pub async fn begin(&self, plan: &RunPlan) {
        let clients = self.clients(Actor::Harness, false);
        store(&clients.bucket(), &keys::plan(&plan.run), plan).await.expect("the plan is stored");
        let record = RunRecord {
            run: plan.run.clone(),
            plan_hash: plan.hash(),
            execution: "arn:0".into(),
            ..RunRecord::default()
        };
        clients.ledger().put_run(&record).await.expect("the run is recorded");
        self.take_over(&plan.run).await;
    }

    /// Takes the lock for a new execution of a run.
    pub async fn take_over(&self, run: &str) {
        let ledger = self.clients(Actor::Harness, false).ledger();
        let seen = ledger.lock(PEOPLE).await.expect("the ledger answers");
        self.epoch.set(self.epoch.get() + 1);
        let lock = Lock {
            table: PEOPLE.into(),
            run: run.to_owned(),
            epoch: self.epoch.get(),
            execution: Some(format!("arn:{}", self.epoch.get())),
            lease_until: clock::now() / 1000 + 900,
        };
        let taken = ledger.take(&lock, seen.as_ref()).await.expect("the ledger answers");
        // A worker may have renewed the lease in between. An execution would try again, and so does this one.
        if !taken {
            self.epoch.set(self.epoch.get() - 1);
            Box::pin(self.take_over(run)).await;
        }
    }

    /// Clients for this actor. With `with_faults`, their requests meet the world's faults.
    pub fn clients(&self, actor: Actor, with_faults: bool) -> Clients {
        Network::new(self.world.clone(), actor, with_faults).clients(self.region.clone())
    }

    /// Every segment of the plan.
    pub fn segments(&self) -> Vec<u32> {
        (0..self.plan.segments).collect()
    }

    /// The sum of a phase's partial results.
    pub fn tally(&self, phase: Phase) -> Tally {
        let world = lock(&self.world);
        let mut sum = Tally::default();
        for (_, bytes) in world.store.under(&keys::partials(&self.plan.run, phase)) {
            let partial: Partial = serde_json::from_slice(bytes).expect("a partial result");
            sum.add(partial.tally);
        }
        sum
    }

    /// Waits until no request is in flight, and shows the oracle what took effect.
    pub async fn wait_until_idle(&self) {
        while !lock(&self.world).is_idle() {
            sleep(Duration::from_millis(500)).await;
        }
        self.oracle.borrow_mut().observe(&lock(&self.world).history);
    }

    /// Reports a promise that was not kept.
    pub fn report_violation(&self, violation: String) {
        self.oracle.borrow_mut().report_violation(violation);
    }
}

/// Runs a simulation on its own runtime, whose time advances only while every task waits.
pub fn in_simulated_time<T>(simulation: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    runtime.expect("a runtime").block_on(async {
        clock::start();
        simulation.await
    })
}

/// A number that no other simulation of this process has.
fn unique() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
