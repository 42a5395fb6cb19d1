//! One seed: a run from its first write to its way back, in a world where everything may go wrong.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tableshift_aws::ledger::lock::LockTable as _;
use tableshift_aws::ledger::runs::RunRecord;
use tableshift_aws::run_files::store;
use tableshift_core::ErrorName;
use tableshift_core::control::lock::Lock;
use tableshift_core::item::value::{Item, Value};
use tableshift_core::plan::child::{Progress, SegmentInput};
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::counts::{Partial, Tally};
use tableshift_migrations::REGISTRY;
use tableshift_runtime::{Deadline, Named, chain};
use tokio::time::sleep;

use crate::PEOPLE;
use crate::campaign::actors::application::{Manners, Writer};
use crate::campaign::actors::migrations::Subject;
use crate::campaign::engines::clock;
use crate::campaign::engines::history::{By, Invocation};
use crate::campaign::engines::random::Chance;
use crate::campaign::faults::requests::Weather;
use crate::campaign::faults::sabotage::Sabotage;
use crate::campaign::faults::workers::{End, Fate};
use crate::campaign::judge::oracle::Oracle;
use crate::campaign::world::effects::{Shared, World, lock};
use crate::campaign::world::wire::Wire;

/// What an invocation came to.
pub(in crate::campaign) type Came = End<Result<Progress, (ErrorName, String)>>;

/// Something that goes on beside other things.
type Task<'t> = Pin<Box<dyn Future<Output = bool> + 't>>;

/// A run in a world.
#[derive(Debug)]
pub(in crate::campaign) struct Simulation {
    pub(in crate::campaign) world: Shared,
    subject: Subject,
    pub(in crate::campaign) plan: RunPlan,
    region: String,
    epoch: Cell<u64>,
    invocations: Cell<u32>,
    oracle: RefCell<Oracle>,
}

/// How often a worker is called before it must be done, when nothing goes wrong.
const CALLS: u32 = 200;

impl Simulation {
    /// The plan of a run that tolerates whatever its items are.
    pub(in crate::campaign) fn plan(subject: Subject, segments: u32) -> RunPlan {
        let plan = crate::run::planned(subject.document(), segments);
        RunPlan { invalid_items: 1_000_000, locked_at: clock::now(), ..plan }
    }

    /// Loads the items, begins the planned run and takes the lock.
    pub(in crate::campaign) async fn start(
        world: World,
        subject: Subject,
        items: &[Item],
        plan: RunPlan,
        name: &str,
    ) -> Self {
        let world = Shared::new(Mutex::new(world));
        let region = format!("seed-{name}-{}", unique());
        for item in items {
            let Some(Value::S(key)) = item.get("pk") else { panic!("every item has a text for a key") };
            lock(&world).set(&By::Harness, key, Some(item));
        }
        let oracle = RefCell::new(Oracle::new(subject, &plan.run));
        let (epoch, invocations) = (Cell::new(0), Cell::new(0));
        let simulation = Self { world, subject, plan, region, epoch, invocations, oracle };
        simulation.begin(&simulation.plan).await;
        simulation
    }

    /// Leaves a run as Plan does: plan, record, lock.
    async fn begin(&self, plan: &RunPlan) {
        let clients = self.clients(By::Harness, false);
        store(&clients.bucket(), &keys::plan(&plan.run), plan).await.expect("the plan is stored");
        let record = RunRecord { run: plan.run.clone(), execution: "arn:0".into(), ..RunRecord::default() };
        clients.ledger().put_run(&record).await.expect("the run is recorded");
        self.take_over(&plan.run).await;
    }

    /// Takes the lock for a new execution of a run.
    async fn take_over(&self, run: &str) {
        let ledger = self.clients(By::Harness, false).ledger();
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
        // A worker's renewal may have come between; then another execution would ask again, and so does this one.
        if !taken {
            self.epoch.set(self.epoch.get() - 1);
            Box::pin(self.take_over(run)).await;
        }
    }

    pub(in crate::campaign) fn clients(&self, by: By, rough: bool) -> tableshift_aws::Clients {
        Wire::new(self.world.clone(), by, rough).clients(self.region.clone())
    }

    /// Calls a worker once.
    pub(in crate::campaign) async fn invoke(
        &self,
        phase: Phase,
        run: &str,
        segment: u32,
        rough: bool,
        fate: Fate,
    ) -> Came {
        let number = self.invocations.get() + 1;
        self.invocations.set(number);
        let epoch = self.epoch.get();
        let by = By::Worker(Invocation { run: run.to_owned(), phase, epoch, number });
        let input = SegmentInput { run: run.to_owned(), epoch, wave: Wave::Whole, segment };
        let clients = self.clients(by.clone(), rough);
        self.note_call(&by, number, segment, fate);
        let came = fate.befall(Box::pin(work(&clients, phase, input, fate.time))).await;
        self.note_end(&by, number, rough, &came);
        came
    }

    fn note_call(&self, by: &By, number: u32, segment: u32, fate: Fate) {
        let mut world = lock(&self.world);
        world.say(|| format!("{by} is called for segment {segment}: {fate:?}"));
        world.segments.insert(number, segment);
    }

    fn note_end(&self, by: &By, number: u32, rough: bool, came: &Came) {
        let mut world = lock(&self.world);
        world.say(|| format!("{by} ended: {came:?}"));
        world.count("invocations", 1);
        match came {
            End::Returned(Ok(_)) => {}
            End::Returned(Err((name, text))) => {
                world.count(format!("ended with {name}"), 1);
                let may_happen = name.is_retried() || *name == ErrorName::LeaseLost;
                if !may_happen || !rough {
                    self.oracle.borrow_mut().object(format!("{by} failed with {name}: {text}"));
                }
            }
            End::Killed => {
                world.count("kills", 1);
                world.kill(number);
            }
            End::Overran => {
                world.count("deadlines overrun", 1);
                world.kill(number);
                if !rough {
                    self.oracle.borrow_mut().object(format!("{by} did not end in time"));
                }
            }
        }
    }

    /// Calls a phase's worker for a segment as the state machine, Lambda and operators do when things go wrong. True if
    /// the segment is done.
    async fn struggle(&self, phase: Phase, segment: u32, mut chance: Chance) -> bool {
        let run = &self.plan.run;
        for _ in 0..chance.within(1, 7) {
            let (fate, second, pause) = (Fate::of(&mut chance), Fate::of(&mut chance), chance.magnitude(14));
            self.count_fate(fate);
            let tasks: FuturesUnordered<Task<'_>> = FuturesUnordered::new();
            tasks.push(Box::pin(async move { is_done(&self.invoke(phase, run, segment, true, fate).await) }));
            let beside = chance.below(100);
            if beside < 30 {
                lock(&self.world).count(if beside < 18 { "overlaps" } else { "take-overs" }, 1);
                tasks.push(Box::pin(async move {
                    sleep(Duration::from_millis(pause)).await;
                    if beside >= 18 {
                        self.take_over(run).await;
                    }
                    is_done(&self.invoke(phase, run, segment, true, second).await)
                }));
            }
            let done = tasks.fold(false, |any, done| async move { any || done }).await;
            if done {
                return true;
            }
            sleep(Duration::from_millis(chance.magnitude(12))).await;
        }
        false
    }

    fn count_fate(&self, fate: Fate) {
        let mut world = lock(&self.world);
        world.count("stalls", u64::from(fate.stalled.is_some()));
        world.count("short deadlines", u64::from(fate.time < Fate::KIND.time));
    }

    /// Every segment of a phase, beside each other, with everything that may go wrong.
    /// Gives back the segments that are not done.
    async fn struggle_with_all(&self, phase: Phase, seed: &mut Chance) -> Vec<u32> {
        let tasks = FuturesUnordered::new();
        for segment in 0..self.plan.segments {
            let chance = Chance::new(seed.next(), u64::from(segment));
            tasks.push(async move { (segment, self.struggle(phase, segment, chance).await) });
        }
        let ended = tasks.filter_map(|(segment, done)| async move { (!done).then_some(segment) });
        ended.collect().await
    }

    fn all(&self) -> Vec<u32> {
        (0..self.plan.segments).collect()
    }

    /// These segments of a phase to their end, with nothing going wrong.
    async fn finish(&self, phase: Phase, run: &str, segments: Vec<u32>) {
        for segment in segments {
            let mut calls = 0;
            while !is_done(&self.invoke(phase, run, segment, false, Fate::KIND).await) {
                calls += 1;
                if calls == CALLS {
                    self.object(format!("{} of segment {segment} never ends", phase.as_str()));
                    break;
                }
            }
        }
    }

    /// Until nothing is on its way to the engines.
    async fn quiet(&self) {
        while !lock(&self.world).is_quiet() {
            sleep(Duration::from_millis(500)).await;
        }
        self.hear();
    }

    fn hear(&self) {
        self.oracle.borrow_mut().hear(&lock(&self.world).history);
    }

    fn object(&self, violation: String) {
        self.oracle.borrow_mut().object(violation);
    }

    /// The application at work, until what is returned is awaited.
    fn application(&self, manners: Manners, keys: &[String], chance: &mut Chance) -> Vec<tokio::task::JoinHandle<()>> {
        let writers = (0..chance.within(1, 3)).map(|writer| {
            let own = Chance::new(chance.next(), writer);
            let times = chance.magnitude(7);
            tokio::spawn(Writer::new(self.world.clone(), self.subject, manners, keys, own).write(times))
        });
        writers.collect()
    }

    /// The sum of a phase's partial results.
    fn tally(&self, phase: Phase) -> Tally {
        let world = lock(&self.world);
        let mut sum = Tally::default();
        for (_, bytes) in world.store.under(&keys::partials(&self.plan.run, phase)) {
            let partial: Partial = serde_json::from_slice(bytes).expect("a partial result");
            sum.add(partial.tally);
        }
        sum
    }

    /// The writing, with everything that may go wrong. Gives back the segments that are not done.
    async fn struggle_to_migrate(&self, manners: Manners, keys: &[String], chance: &mut Chance) -> Vec<u32> {
        let writers = self.application(manners, keys, chance);
        let left = self.struggle_with_all(Phase::Migrate, chance).await;
        for writer in writers {
            writer.await.expect("the application does not panic");
        }
        self.quiet().await;
        left
    }

    /// The writing of what is left, by a new execution.
    async fn migrate(&self, left: Vec<u32>, manners: Manners) {
        let seen = lock(&self.world).history.len();
        self.take_over(&self.plan.run).await;
        self.finish(Phase::Migrate, &self.plan.run, left).await;
        self.quiet().await;
        let world = lock(&self.world);
        let table = world.engine.items(PEOPLE);
        let overlapped = ["overlaps", "take-overs"].iter().any(|what| world.counted.contains_key(*what));
        let mut oracle = self.oracle.borrow_mut();
        oracle.judge_table(&table, &world.history[seen..]);
        drop(world);
        oracle.judge_writing(&self.tally(Phase::Migrate), manners, overlapped);
    }

    async fn verify(&self) {
        self.take_over(&self.plan.run).await;
        self.finish(Phase::Verify, &self.plan.run, self.all()).await;
        self.quiet().await;
        self.oracle.borrow_mut().judge_proof(&self.tally(Phase::Verify), &self.tally(Phase::Migrate));
    }

    /// Another run of the same migration: it writes what is left over, and asks for nothing else.
    async fn migrate_again(&self) {
        let left = self.oracle.borrow().left_over().len() as u64;
        let again = RunPlan { run: "run-again".into(), ..self.plan.clone() };
        self.begin(&again).await;
        self.finish(Phase::Migrate, &again.run, self.all()).await;
        self.quiet().await;
        let asked = lock(&self.world).counted.get("asked: migrate run-again").copied().unwrap_or_default();
        if asked != left {
            self.object(format!("running again asked for {asked} writes, and {left} items were left over"));
        }
    }

    async fn struggle_to_roll_back(&self, manners: Manners, keys: &[String], chance: &mut Chance) {
        let manners = if chance.percent(50) { manners } else { Manners::Silent };
        let writers = self.application(manners, keys, chance);
        self.struggle_with_all(Phase::RollBack, chance).await;
        for writer in writers {
            writer.await.expect("the application does not panic");
        }
        self.quiet().await;
        self.take_over(&self.plan.run).await;
    }

    async fn roll_back(&self) {
        self.finish(Phase::RollBack, &self.plan.run, self.all()).await;
        self.quiet().await;
        self.oracle.borrow_mut().judge_way_back();
    }

    /// The whole run, with everything that may go wrong.
    async fn run(self, manners: Manners, keys: &[String], chance: &mut Chance) -> Self {
        let left = self.struggle_to_migrate(manners, keys, chance).await;
        self.migrate(left, manners).await;
        if chance.percent(40) {
            self.struggle_with_all(Phase::Verify, chance).await;
            self.quiet().await;
        }
        self.verify().await;
        self.migrate_again().await;
        self.take_over(&self.plan.run).await;
        if chance.percent(60) {
            self.struggle_to_roll_back(manners, keys, chance).await;
        }
        self.roll_back().await;
        self
    }

    /// The whole run, with one kill. False if the worker ended before.
    async fn run_with_kill(&self, phase: Phase, nth: u64) -> bool {
        let fate = Fate { killed_at: Some(nth), ..Fate::KIND };
        let killed = async |now| phase == now && !is_done(&self.invoke(phase, &self.plan.run, 0, false, fate).await);
        let mut any = killed(Phase::Migrate).await;
        self.migrate(self.all(), Manners::Silent).await;
        any |= killed(Phase::Verify).await;
        self.verify().await;
        self.migrate_again().await;
        self.take_over(&self.plan.run).await;
        any |= killed(Phase::RollBack).await;
        self.roll_back().await;
        any
    }

    fn found(self, seed: u64) -> Found {
        let oracle = self.oracle.into_inner();
        let mut world = lock(&self.world);
        world.count("unclear whose", oracle.unclear);
        Found { seed, violations: oracle.violations(), counted: std::mem::take(&mut world.counted) }
    }
}

fn is_done(came: &Came) -> bool {
    matches!(came, End::Returned(Ok(progress)) if progress.done)
}

/// One invocation of a phase's worker, over the clients of a deployed function.
async fn work(
    clients: &tableshift_aws::Clients,
    phase: Phase,
    input: SegmentInput,
    time: Duration,
) -> Result<Progress, (ErrorName, String)> {
    let deadline = Deadline::by_clock((clock::now() as u64) + time.as_millis() as u64, clock::now);
    let (bucket, ledger) = (clients.bucket(), clients.ledger());
    let items = clients.items();
    match phase {
        Phase::Migrate => {
            let ports = migrate_segment::Ports { bucket, ledger, items, registry: REGISTRY, clock: clock::now };
            migrate_segment::run(&ports, &clients.monitor_reader(), input, deadline).await.map_err(named)
        }
        Phase::Verify => {
            let ports = verify_segment::Ports { bucket, ledger, items, registry: REGISTRY, clock: clock::now };
            verify_segment::run(&ports, input, deadline).await.map_err(named)
        }
        Phase::RollBack => {
            let ports = roll_back_segment::Ports { bucket, ledger, items, registry: REGISTRY, clock: clock::now };
            roll_back_segment::run(&ports, input, deadline).await.map_err(named)
        }
        Phase::DryRun => unreachable!("a rehearsal writes nothing that could be lost"),
    }
}

fn named(error: impl Named) -> (ErrorName, String) {
    (error.name(), chain(&error))
}

/// What a simulation found.
#[derive(Debug, Default)]
pub struct Found {
    /// The seed.
    pub seed: u64,
    /// The promises that were not kept.
    pub violations: Vec<String>,
    /// What was counted.
    pub counted: BTreeMap<String, u64>,
}

/// Runs one seed. The same seed finds the same.
pub fn simulate(seed: u64, sabotage: Option<Sabotage>, verbose: bool) -> Found {
    in_simulated_time(async move {
        let mut chance = Chance::new(seed, 0);
        let world = World::new(Weather::of(&mut chance), sabotage, Chance::new(seed, 1), verbose);
        let subject = Subject::of(&mut chance);
        let manners = *chance.weighted(&[(15, Manners::Silent), (20, Manners::Polite), (65, Manners::Rude)]);
        let keys: Vec<String> = (0..chance.within(1, 36)).map(|number| format!("person-{number}")).collect();
        let items = keys.iter().map(|key| match chance.below(10) {
            0 => subject.migrated(key, &mut chance),
            _ => subject.unmigrated(key, &mut chance),
        });
        let items: Vec<Item> = items.collect();
        let plan = Simulation::plan(subject, chance.within(1, 3) as u32);
        let simulation = Simulation::start(world, subject, &items, plan, &seed.to_string()).await;
        // Boxed: without optimisation a thread's stack does not hold the whole run's future several times over.
        Box::pin(simulation.run(manners, &keys, &mut chance)).await.found(seed)
    })
}

/// Kills the worker of a phase when it would go on for the `nth` time, lets the next execution take over, and goes
/// through the rest of the run. Nothing if the worker ended before.
pub fn simulate_kill(phase: Phase, nth: u64) -> Option<Found> {
    in_simulated_time(async move {
        let (subject, mut chance) = (Subject::Address, Chance::new(7, 0));
        let world = World::new(Weather::fair(3), None, Chance::new(7, 1), false);
        let keys: Vec<String> = (0..5).map(|number| format!("person-{number}")).collect();
        let items: Vec<Item> = keys.iter().map(|key| subject.unmigrated(key, &mut chance)).collect();
        let simulation = Simulation::start(world, subject, &items, Simulation::plan(subject, 1), "kill").await;
        let killed = simulation.run_with_kill(phase, nth).await;
        killed.then_some(simulation.found(nth))
    })
}

/// Runs a simulation on a runtime of its own, whose time only passes while everybody waits.
pub(in crate::campaign) fn in_simulated_time<T>(simulation: impl Future<Output = T>) -> T {
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
