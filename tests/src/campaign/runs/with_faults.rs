//! One seed: a run from its first write to the end of its roll-back, with faults injected in each phase.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tableshift_core::item::value::Item;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::campaign::actors::application::{ApplicationMode, Writer};
use crate::campaign::actors::migrations::MigrationUnderTest;
use crate::campaign::engines::random::Random;
use crate::campaign::faults::requests::RequestFaults;
use crate::campaign::faults::sabotage::Sabotage;
use crate::campaign::faults::workers::WorkerFaults;
use crate::campaign::runs::invocation::is_done;
use crate::campaign::runs::order::Order;
use crate::campaign::runs::simulation::{Simulation, in_simulated_time};
use crate::campaign::world::state::{World, lock};
use crate::run::PEOPLE;

/// An invocation that runs concurrently with others: true if it finished the segment.
type Task<'t> = Pin<Box<dyn Future<Output = bool> + 't>>;

/// A worker without faults must finish its segment within this number of calls.
const MAX_CALLS: u32 = 200;

/// What a simulation found.
#[derive(Debug, Default)]
pub struct SeedResult {
    /// The seed, or the number of the kill.
    pub seed: u64,
    /// The promises that were not kept.
    pub violations: Vec<String>,
    /// How often each fault and each event happened.
    pub counted: BTreeMap<String, u64>,
}

/// Runs one seed. The same seed always gives the same result.
pub fn simulate(seed: u64, sabotage: Option<Sabotage>, verbose: bool) -> SeedResult {
    in_simulated_time(async move {
        let mut random = Random::new(seed, 0);
        let order = Order::random(&mut Random::new(seed, 2));
        let faults = order.limit(RequestFaults::random(&mut random));
        let world = World::new(faults, sabotage, Random::new(seed, 1), verbose);
        let migration = MigrationUnderTest::random(&mut random);
        let modes = [
            (15, ApplicationMode::Silent),
            (20, ApplicationMode::UnrelatedAttributes),
            (65, ApplicationMode::Unrestricted),
        ];
        let mode = *random.weighted(&modes);
        let keys: Vec<String> = (0..random.within(1, 36)).map(|number| format!("person-{number}")).collect();
        let items = keys.iter().map(|key| match random.below(10) {
            0 => migration.new_item(key, &mut random),
            _ => migration.old_item(key, &mut random),
        });
        let items: Vec<Item> = items.collect();
        let plan = Simulation::plan(migration, random.within(1, 3) as u32);
        let simulation = Simulation::start(world, migration, &items, plan, &seed.to_string()).await;
        // Boxed: without optimisation a thread's stack cannot hold the whole run's future several times over.
        match order {
            Order::Quiet => Box::pin(simulation.run(mode, &keys, &mut random)).await,
            Order::Fenced => Box::pin(simulation.run_and_roll_back(mode, &keys, &mut random)).await,
        }
        .into_result(seed)
    })
}

/// Kills the worker of a phase at its `nth` poll, takes the run over with a new execution, and completes the remaining
/// phases. `None` if the worker ended before that poll.
pub fn simulate_kill(phase: Phase, nth: u64) -> Option<SeedResult> {
    in_simulated_time(async move {
        let (migration, mut random) = (MigrationUnderTest::Address, Random::new(7, 0));
        let world = World::new(RequestFaults::none(3), None, Random::new(7, 1), false);
        let keys: Vec<String> = (0..5).map(|number| format!("person-{number}")).collect();
        let items: Vec<Item> = keys.iter().map(|key| migration.old_item(key, &mut random)).collect();
        let simulation = Simulation::start(world, migration, &items, Simulation::plan(migration, 1), "kill").await;
        let killed = simulation.run_with_kill(phase, nth).await;
        killed.then_some(simulation.into_result(nth))
    })
}

/// A run and its faults.
impl Simulation {
    /// The whole run, with every kind of fault.
    async fn run(self, mode: ApplicationMode, keys: &[String], random: &mut Random) -> Self {
        let unfinished = self.migrate_with_faults(mode, keys, random).await;
        self.migrate(unfinished, mode).await;
        if random.percent(40) {
            self.run_phase_with_faults(Phase::Verify, random).await;
            self.wait_until_idle().await;
        }
        self.verify().await;
        let again = self.migrate_again().await;
        // Plan refuses to roll back a run while a later one is applied.
        self.take_over(&again).await;
        self.roll_back(&again).await;
        self.take_over(&self.plan.run).await;
        if random.percent(60) {
            self.roll_back_with_faults(mode, keys, random).await;
        }
        self.roll_back(&self.plan.run).await;
        self.roll_back_again().await;
        self
    }

    /// The whole run, with one kill. False if the worker ended before.
    async fn run_with_kill(&self, phase: Phase, nth: u64) -> bool {
        let faults = WorkerFaults { kill_at_poll: Some(nth), ..WorkerFaults::NONE };
        let killed = async |now| phase == now && !is_done(&self.invoke(phase, &self.plan.run, 0, false, faults).await);
        let mut any = killed(Phase::Migrate).await;
        self.migrate(self.segments(), ApplicationMode::Silent).await;
        any |= killed(Phase::Verify).await;
        self.verify().await;
        let again = self.migrate_again().await;
        self.take_over(&again).await;
        self.roll_back(&again).await;
        self.take_over(&self.plan.run).await;
        any |= killed(Phase::RollBack).await;
        self.roll_back(&self.plan.run).await;
        any
    }

    /// Migrates with faults while the application writes. Returns the segments that are not done.
    async fn migrate_with_faults(&self, mode: ApplicationMode, keys: &[String], random: &mut Random) -> Vec<u32> {
        let writers = self.start_application(mode, keys, random);
        let unfinished = self.run_phase_with_faults(Phase::Migrate, random).await;
        for writer in writers {
            writer.await.expect("the application does not panic");
        }
        self.wait_until_idle().await;
        unfinished
    }

    async fn roll_back_with_faults(&self, mode: ApplicationMode, keys: &[String], random: &mut Random) {
        let mode = if random.percent(50) { mode } else { ApplicationMode::Silent };
        let writers = self.start_application(mode, keys, random);
        self.run_phase_with_faults(Phase::RollBack, random).await;
        for writer in writers {
            writer.await.expect("the application does not panic");
        }
        self.wait_until_idle().await;
        self.take_over(&self.plan.run).await;
    }

    /// Starts the application's writers.
    pub(super) fn start_application(
        &self,
        mode: ApplicationMode,
        keys: &[String],
        random: &mut Random,
    ) -> Vec<JoinHandle<()>> {
        let writers = (0..random.within(1, 3)).map(|writer| {
            let own = Random::new(random.next(), writer);
            let times = random.log_uniform(7);
            tokio::spawn(Writer::new(self.world.clone(), self.migration, mode, keys, own).write(times))
        });
        writers.collect()
    }

    /// Runs all segments of a phase concurrently, with every kind of fault. Returns the segments that are not done.
    pub(super) async fn run_phase_with_faults(&self, phase: Phase, seed: &mut Random) -> Vec<u32> {
        let tasks = FuturesUnordered::new();
        for segment in 0..self.plan.segments {
            let random = Random::new(seed.next(), u64::from(segment));
            tasks.push(async move { (segment, self.run_segment_with_faults(phase, segment, random).await) });
        }
        let unfinished = tasks.filter_map(|(segment, done)| async move { (!done).then_some(segment) });
        unfinished.collect().await
    }

    /// Calls a phase's worker for a segment as the state machine, Lambda and operators do when something fails: again
    /// and again, some calls overlapping, some after a take-over of the lock. True if the segment is done.
    async fn run_segment_with_faults(&self, phase: Phase, segment: u32, mut random: Random) -> bool {
        let run = &self.plan.run;
        for _ in 0..random.within(1, 7) {
            let (first, second) = (self.draw_worker_faults(&mut random), self.draw_worker_faults(&mut random));
            let pause = random.log_uniform(14);
            if self.is_over(phase) {
                return false;
            }
            self.count_worker_faults(first);
            let tasks: FuturesUnordered<Task<'_>> = FuturesUnordered::new();
            tasks.push(Box::pin(async move { is_done(&self.invoke(phase, run, segment, true, first).await) }));
            let overlap = random.below(100);
            let take_over_from = if self.settles() { 30 } else { 18 };
            if overlap < 30 {
                lock(&self.world).count(if overlap < take_over_from { "overlaps" } else { "take-overs" }, 1);
                tasks.push(Box::pin(async move {
                    sleep(Duration::from_millis(pause)).await;
                    if overlap >= take_over_from {
                        self.take_over(run).await;
                    }
                    is_done(&self.invoke(phase, run, segment, true, second).await)
                }));
            }
            let done = tasks.fold(false, |any, done| async move { any || done }).await;
            if done {
                return true;
            }
            sleep(Duration::from_millis(random.log_uniform(12))).await;
        }
        false
    }

    /// The faults of an invocation. Stalls are short in seeds that rely on the settling wait.
    fn draw_worker_faults(&self, random: &mut Random) -> WorkerFaults {
        let faults = WorkerFaults::random(random);
        if self.settles() { faults.with_short_stalls() } else { faults }
    }

    fn settles(&self) -> bool {
        self.oracle.borrow().settles
    }

    /// Whether the state machine calls the phase's workers no more, because the roll-back began.
    fn is_over(&self, phase: Phase) -> bool {
        phase == Phase::Migrate && self.fenced.get().is_some()
    }

    fn count_worker_faults(&self, faults: WorkerFaults) {
        let mut world = lock(&self.world);
        world.count("stalls", u64::from(faults.stall.is_some()));
        world.count("short deadlines", u64::from(faults.time_limit < WorkerFaults::NONE.time_limit));
    }
}

/// The phases without faults, each checked by the oracle at its end.
impl Simulation {
    /// Runs these segments of a phase to their end.
    async fn run_without_faults(&self, phase: Phase, run: &str, segments: Vec<u32>) {
        for segment in segments {
            let mut calls = 0;
            while !is_done(&self.invoke(phase, run, segment, false, WorkerFaults::NONE).await) {
                calls += 1;
                if calls == MAX_CALLS {
                    self.report_violation(format!("{} of segment {segment} never ends", phase.as_str()));
                    break;
                }
            }
        }
    }

    /// Migrates the unfinished segments, in a new execution.
    async fn migrate(&self, unfinished: Vec<u32>, mode: ApplicationMode) {
        let seen = lock(&self.world).history.len();
        self.take_over(&self.plan.run).await;
        self.run_without_faults(Phase::Migrate, &self.plan.run, unfinished).await;
        self.wait_until_idle().await;
        let world = lock(&self.world);
        let table = world.engine.items(PEOPLE);
        let overlapped = ["overlaps", "take-overs"].iter().any(|what| world.counted.contains_key(*what));
        let mut oracle = self.oracle.borrow_mut();
        oracle.check_table(&table, &world.history[seen..]);
        drop(world);
        oracle.check_migrate_counts(&self.tally(Phase::Migrate), mode, overlapped);
    }

    async fn verify(&self) {
        self.take_over(&self.plan.run).await;
        self.run_without_faults(Phase::Verify, &self.plan.run, self.segments()).await;
        self.wait_until_idle().await;
        self.oracle.borrow_mut().check_verification(&self.tally(Phase::Verify), &self.tally(Phase::Migrate));
    }

    /// Starts another run of the same migration: it must write the items that are left over, and no others. Returns its name.
    async fn migrate_again(&self) -> String {
        let left = self.oracle.borrow().left_over().len() as u64;
        let again = RunPlan { run: "run-again".into(), ..self.plan.clone() };
        self.begin(&again).await;
        self.run_without_faults(Phase::Migrate, &again.run, self.segments()).await;
        self.wait_until_idle().await;
        let requested = lock(&self.world).counted.get("asked: migrate run-again").copied().unwrap_or_default();
        if requested != left {
            self.report_violation(format!(
                "running again requested {requested} writes, and {left} items were left over"
            ));
        }
        again.run
    }

    pub(super) async fn roll_back(&self, run: &str) {
        self.run_without_faults(Phase::RollBack, run, self.segments()).await;
        self.wait_until_idle().await;
        let (restored, migrated) = (self.tally_of(run, Phase::RollBack), self.tally_of(run, Phase::Migrate));
        self.oracle.borrow_mut().check_roll_back(run, &restored, &migrated);
    }

    fn into_result(self, seed: u64) -> SeedResult {
        let oracle = self.oracle.into_inner();
        let mut world = lock(&self.world);
        world.count("unclear whose", oracle.unclear);
        SeedResult { seed, violations: oracle.violations(), counted: std::mem::take(&mut world.counted) }
    }
}
