//! A run as the state machine's Map executes it: several workers at a time, all segments, no faults except the table's
//! limits and outages. It measures what the workers consume, and when.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use futures::StreamExt as _;
use serde_json::{Value as Json, json};
use tableshift_core::ErrorName;
use tableshift_core::item::value::{Item, Value};
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::run_plan::RunPlan;
use tableshift_core::plan::segments;
use tableshift_core::write::counts::Tally;
use tokio::time::sleep;

use crate::campaign::actors::migrations::MigrationUnderTest;
use crate::campaign::engines::clock;
use crate::campaign::engines::dynamodb::Engine;
use crate::campaign::engines::history::{Actor, Effect};
use crate::campaign::engines::random::Random;
use crate::campaign::faults::limits::Limit;
use crate::campaign::faults::outage::Outage;
use crate::campaign::faults::requests::RequestFaults;
use crate::campaign::faults::workers::{Outcome, WorkerFaults};
use crate::campaign::runs::simulation::{Simulation, in_simulated_time};
use crate::campaign::world::meter::Meter;
use crate::campaign::world::requests::REFUSED_BY_OUTAGE;
use crate::campaign::world::state::{World, lock};
use crate::engines::LEDGER;
use crate::run::PEOPLE;

/// A run to measure, and its table.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// The table's items, in the old shape.
    pub items: Vec<Item>,
    /// The number of the run's segments.
    pub segments: u32,
    /// How many workers run at a time.
    pub workers: u32,
    /// The run's budget of write units a second.
    pub write_units: Option<u32>,
    /// The write units a second of the roll-back. `None` if the run is not rolled back.
    pub roll_back_write_units: Option<u32>,
    /// Whether another roll-back follows the first one.
    pub roll_back_again: bool,
    /// The run's budget of read units a second.
    pub read_units: Option<u32>,
    /// The number of items on each full page.
    pub page_items: u64,
    /// The table's capacity limits.
    pub limits: Vec<Limit>,
    /// How many percent of the workers' writes meet a transaction of the application.
    pub contended_percent: u64,
    /// What becomes unavailable during the run.
    pub outage: Option<Outage>,
    /// The operator's commands with their times, in simulated milliseconds.
    pub commands: Vec<(i64, OperatorCommand)>,
}

/// A command of an operator, written to the control item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperatorCommand {
    /// Pause the run.
    Pause,
    /// Resume the run.
    Resume,
    /// Abort the run.
    Abort,
    /// Set the budget of write units a second.
    WriteUnits(u32),
}

/// What a run consumed and did.
#[derive(Debug)]
pub struct Measurements {
    /// What the workers consumed.
    pub meter: Meter,
    /// The segment of each invocation.
    pub segments: BTreeMap<u32, u32>,
    /// When the last segment was started, in simulated milliseconds: until then, all workers are busy.
    pub last_started: i64,
    /// When each segment's child ended, in simulated milliseconds, and the error that it ended with.
    pub ended: Vec<(i64, Option<ErrorName>)>,
    /// How many requests of workers an outage refused.
    pub refused: u64,
    /// The waits that workers returned to their children, in seconds.
    pub waits: Vec<u64>,
    /// How often each item was changed, by its key.
    pub changed: BTreeMap<(Value, Value), u32>,
    /// The counts of the roll-back, of the last one if there were two.
    pub rolled_back: Tally,
    /// The counts of the migration.
    pub migrated: Tally,
}

/// What the children of the Map record.
#[derive(Debug, Default)]
struct MapRecord {
    last_started: Cell<i64>,
    ended: RefCell<Vec<(i64, Option<ErrorName>)>>,
    waits: RefCell<Vec<u64>>,
}

impl Default for Scenario {
    /// Four workers on eight segments of an empty table, without budgets.
    fn default() -> Self {
        Self {
            items: Vec::new(),
            segments: 8,
            workers: 4,
            write_units: None,
            roll_back_write_units: None,
            roll_back_again: false,
            read_units: None,
            page_items: 200,
            limits: Vec::new(),
            contended_percent: 0,
            outage: None,
            commands: Vec::new(),
        }
    }
}

/// The partition keys of the items in one segment.
pub fn keys_of_segment(items: &[Item], segment: u32, segments: u32) -> Vec<String> {
    let engine = Engine::new();
    engine.create_table(PEOPLE);
    items.iter().for_each(|item| engine.put(PEOPLE, item));
    let request =
        json!({"TableName": PEOPLE, "Segment": segment, "TotalSegments": segments, "ProjectionExpression": "pk"});
    let answer = engine.call("Scan", &request.to_string()).expect("the engine answers");
    let answer: Json = serde_json::from_str(&answer).expect("an answer in JSON");
    let items = answer["Items"].as_array().expect("items");
    items.iter().map(|item| item["pk"]["S"].as_str().expect("a string").to_owned()).collect()
}

/// Runs the migrate phase of a scenario to its end, and the roll-back if it has one.
pub fn measure(scenario: Scenario) -> Measurements {
    in_simulated_time(async move {
        let mut world =
            World::new(RequestFaults::none(scenario.page_items).with_full_pages(), None, Random::new(1, 1), false);
        world.limits.clone_from(&scenario.limits);
        world.outage = scenario.outage;
        world.contended_percent = scenario.contended_percent;
        scenario.items.iter().for_each(|item| world.load(item));
        let plan = RunPlan {
            max_concurrency: scenario.workers,
            write_units_per_second: scenario.write_units,
            read_units_per_second: scenario.read_units,
            ..Simulation::plan(MigrationUnderTest::Address, scenario.segments)
        };
        let simulation = Simulation::start(world, MigrationUnderTest::Address, &[], plan, "measured").await;
        simulation.measure(&scenario).await
    })
}

impl Simulation {
    async fn measure(self, scenario: &Scenario) -> Measurements {
        let record = MapRecord::default();
        let commands = async {
            for (at, command) in &scenario.commands {
                sleep(Duration::from_millis((at - clock::elapsed()).max(0) as u64)).await;
                self.send_command(*command).await;
            }
        };
        let work = async {
            self.run_map(Phase::Migrate, scenario.workers, &record).await;
            if let Some(units) = scenario.roll_back_write_units {
                self.send_command(OperatorCommand::WriteUnits(units)).await;
                self.run_map(Phase::RollBack, scenario.workers, &record).await;
                if scenario.roll_back_again {
                    self.take_over(&self.plan.run).await;
                    self.run_map(Phase::RollBack, scenario.workers, &record).await;
                }
            }
        };
        futures::join!(work, commands);
        let (migrated, rolled_back) = (self.tally(Phase::Migrate), self.tally(Phase::RollBack));
        let mut world = lock(&self.world);
        let mut changed = BTreeMap::new();
        for event in &world.history {
            if let (Actor::Worker(_), Effect::Item { after: Some(item), .. }) = (&event.actor, &event.effect) {
                *changed.entry((item["pk"].clone(), item["sk"].clone())).or_default() += 1;
            }
        }
        Measurements {
            meter: std::mem::take(&mut world.meter),
            segments: std::mem::take(&mut world.segments),
            last_started: record.last_started.get(),
            ended: record.ended.take(),
            refused: world.counted.get(REFUSED_BY_OUTAGE).copied().unwrap_or_default(),
            waits: record.waits.take(),
            changed,
            rolled_back,
            migrated,
        }
    }

    /// The Map: one child for each segment, `workers` of them at a time.
    async fn run_map(&self, phase: Phase, workers: u32, record: &MapRecord) {
        let order = segments::order(self.plan.segments, &self.plan.run);
        let children = futures::stream::iter(order).map(|segment| self.run_child(phase, segment, record));
        children.buffer_unordered(workers as usize).for_each(|()| async {}).await;
    }

    /// A child: calls its worker until the segment is done, waits as the worker says, and retries temporary errors.
    async fn run_child(&self, phase: Phase, segment: u32, record: &MapRecord) {
        record.last_started.set(clock::elapsed());
        let mut random = Random::new(u64::from(segment), 2);
        let error = loop {
            // The time that Step Functions and a warm Lambda need between two calls.
            sleep(Duration::from_millis(random.within(40, 160))).await;
            let outcome = self.invoke(phase, &self.plan.run, segment, true, WorkerFaults::NONE).await;
            match outcome {
                Outcome::Returned(Ok(progress)) if progress.done => break None,
                Outcome::Returned(Ok(progress)) => {
                    record.waits.borrow_mut().push(progress.wait_seconds);
                    sleep(Duration::from_secs(progress.wait_seconds)).await;
                }
                Outcome::Returned(Err((name, _))) if name.is_retried() => sleep(Duration::from_secs(2)).await,
                Outcome::Returned(Err((name, _))) => break Some(name),
                Outcome::Killed | Outcome::TimedOut => panic!("the worker of segment {segment} did not return in time"),
            }
        };
        record.ended.borrow_mut().push((clock::elapsed(), error));
    }

    /// Writes a command to the control item, as an operator does.
    async fn send_command(&self, command: OperatorCommand) {
        let (name, value) = match command {
            OperatorCommand::Pause => ("state", AttributeValue::S("paused".into())),
            OperatorCommand::Resume => ("state", AttributeValue::S("running".into())),
            OperatorCommand::Abort => ("state", AttributeValue::S("stopped".into())),
            OperatorCommand::WriteUnits(units) => ("write_units_per_second", AttributeValue::N(units.to_string())),
        };
        let string = |value: &str| AttributeValue::S(value.to_owned());
        let update = self.clients(Actor::Harness, false).dynamodb().update_item().table_name(LEDGER);
        let update = update.key("pk", string(&format!("RUN#{}", self.plan.run))).key("sk", string("CONTROL"));
        let update = update.update_expression("SET #name = :value, #since = :now");
        let update = update.expression_attribute_names("#name", name).expression_attribute_names("#since", "since");
        let update = update.expression_attribute_values(":value", value);
        let update = update.expression_attribute_values(":now", AttributeValue::N(clock::now().to_string()));
        update.send().await.expect("the ledger answers");
    }
}
