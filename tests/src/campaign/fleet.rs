//! A whole run as the state machine's Map drives it: so many workers at a time, all segments, nothing going wrong but
//! what the table cannot take.

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
use tokio::time::sleep;

use crate::campaign::actors::migrations::Subject;
use crate::campaign::engines::clock;
use crate::campaign::engines::history::{By, What};
use crate::campaign::engines::random::Chance;
use crate::campaign::faults::limits::Limit;
use crate::campaign::faults::outage::Outage;
use crate::campaign::faults::requests::Weather;
use crate::campaign::faults::workers::{End, Fate};
use crate::campaign::simulation::{Simulation, in_simulated_time};
use crate::campaign::world::effects::{LOST, World, lock};
use crate::campaign::world::meter::Meter;
use crate::{LEDGER, PEOPLE};

/// A run to be watched.
#[derive(Debug, Clone)]
pub struct Scene {
    /// The table's items, in the old shape.
    pub items: Vec<Item>,
    /// Into how many segments the table is cut.
    pub segments: u32,
    /// How many workers are at work at a time.
    pub workers: u32,
    /// The run's write units a second.
    pub write_units: Option<u32>,
    /// The write units a second of the way back, if the run is rolled back at last.
    pub back: Option<u32>,
    /// The run's read units a second.
    pub read_units: Option<u32>,
    /// The most items that a page holds, were its megabyte larger.
    pub page: u64,
    /// What the table can take.
    pub limits: Vec<Limit>,
    /// What is lost for good.
    pub outage: Option<Outage>,
    /// What an operator says, and when, in simulated milliseconds.
    pub orders: Vec<(i64, Order)>,
}

/// What an operator says through the control item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Leave Lambda.
    Pause,
    /// Work again.
    Resume,
    /// Stop for good.
    Stop,
    /// Another budget, in write units a second.
    WriteUnits(u32),
}

/// What was seen.
#[derive(Debug)]
pub struct Watched {
    /// What the workers consumed.
    pub meter: Meter,
    /// The segment of each invocation.
    pub segments: BTreeMap<u32, u32>,
    /// When the last segment was begun, in simulated milliseconds: until then, all workers are at work.
    pub last_begun: i64,
    /// When each segment's child ended, in simulated milliseconds, and the error that it ended with.
    pub ended: Vec<(i64, Option<ErrorName>)>,
    /// How many requests of workers were refused because what they asked for is lost.
    pub refused: u64,
    /// The seconds that children were told to wait before they ask again.
    pub waits: Vec<u64>,
    /// How often each item was changed, by its key.
    pub changed: BTreeMap<(Value, Value), u32>,
}

/// What children of the Map note.
#[derive(Debug, Default)]
struct Notes {
    last_begun: Cell<i64>,
    ended: RefCell<Vec<(i64, Option<ErrorName>)>>,
    waits: RefCell<Vec<u64>>,
}

impl Default for Scene {
    /// Four workers at eight segments of nothing, without budgets.
    fn default() -> Self {
        Self {
            items: Vec::new(),
            segments: 8,
            workers: 4,
            write_units: None,
            back: None,
            read_units: None,
            page: 200,
            limits: Vec::new(),
            outage: None,
            orders: Vec::new(),
        }
    }
}

/// An item in the old shape with this key and about so many bytes.
pub fn old_item(partition: &str, sort: &str, bytes: usize) -> Item {
    let address = Value::s("1 Main St, Boston, MA");
    let pad = Value::s("x".repeat(bytes));
    [("pk", Value::s(partition)), ("sk", Value::s(sort)), ("address", address), ("pad", pad)]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
}

/// So many items in the old shape, each with a partition key of its own.
pub fn old_items(count: usize, bytes: usize) -> Vec<Item> {
    (0..count).map(|number| old_item(&format!("person-{number:06}"), "profile", bytes)).collect()
}

/// The partition keys of the items in one segment.
pub fn keys_of_segment(items: &[Item], segment: u32, segments: u32) -> Vec<String> {
    let engine = crate::campaign::engines::dynamodb::Engine::new();
    engine.create_table(PEOPLE);
    items.iter().for_each(|item| engine.put(PEOPLE, item));
    let request =
        json!({"TableName": PEOPLE, "Segment": segment, "TotalSegments": segments, "ProjectionExpression": "pk"});
    let answer = engine.call("Scan", &request.to_string()).expect("the engine answers");
    let answer: Json = serde_json::from_str(&answer).expect("an answer in JSON");
    let items = answer["Items"].as_array().expect("items");
    items.iter().map(|item| item["pk"]["S"].as_str().expect("a text").to_owned()).collect()
}

/// Runs the writing of a scene to its end, and the way back if it has one.
pub fn watch(scene: Scene) -> Watched {
    in_simulated_time(async move {
        let mut world = World::new(Weather::fair(scene.page).with_full_pages(), None, Chance::new(1, 1), false);
        world.limits.clone_from(&scene.limits);
        world.outage = scene.outage;
        scene.items.iter().for_each(|item| world.load(item));
        let plan = RunPlan {
            max_concurrency: scene.workers,
            write_units_per_second: scene.write_units,
            read_units_per_second: scene.read_units,
            ..Simulation::plan(Subject::Address, scene.segments)
        };
        let simulation = Simulation::start(world, Subject::Address, &[], plan, "watched").await;
        simulation.watch(&scene).await
    })
}

impl Simulation {
    async fn watch(self, scene: &Scene) -> Watched {
        let notes = Notes::default();
        let orders = async {
            for (at, order) in &scene.orders {
                sleep(Duration::from_millis((at - clock::elapsed()).max(0) as u64)).await;
                self.order(*order).await;
            }
        };
        let work = async {
            self.map(Phase::Migrate, scene.workers, &notes).await;
            if let Some(units) = scene.back {
                self.order(Order::WriteUnits(units)).await;
                self.map(Phase::RollBack, scene.workers, &notes).await;
            }
        };
        futures::join!(work, orders);
        let mut world = lock(&self.world);
        let mut changed = BTreeMap::new();
        for event in &world.history {
            if let (By::Worker(_), What::Item { after: Some(item), .. }) = (&event.by, &event.what) {
                *changed.entry((item["pk"].clone(), item["sk"].clone())).or_default() += 1;
            }
        }
        Watched {
            meter: std::mem::take(&mut world.meter),
            segments: std::mem::take(&mut world.segments),
            last_begun: notes.last_begun.get(),
            ended: notes.ended.take(),
            refused: world.counted.get(LOST).copied().unwrap_or_default(),
            waits: notes.waits.take(),
            changed,
        }
    }

    /// The Map: a child for each segment, so many at a time.
    async fn map(&self, phase: Phase, workers: u32, notes: &Notes) {
        let order = segments::order(self.plan.segments, &self.plan.run);
        let children = futures::stream::iter(order).map(|segment| self.child(phase, segment, notes));
        children.buffer_unordered(workers as usize).for_each(|()| async {}).await;
    }

    /// A child: calls its worker until the segment is done, waits as it is told, and tries again what may pass later.
    async fn child(&self, phase: Phase, segment: u32, notes: &Notes) {
        notes.last_begun.set(clock::elapsed());
        let mut chance = Chance::new(u64::from(segment), 2);
        let error = loop {
            // What Step Functions and a warm Lambda take between two calls.
            sleep(Duration::from_millis(chance.within(40, 160))).await;
            let came = self.invoke(phase, &self.plan.run, segment, true, Fate::KIND).await;
            match came {
                End::Returned(Ok(progress)) if progress.done => break None,
                End::Returned(Ok(progress)) => {
                    notes.waits.borrow_mut().push(progress.wait_seconds);
                    sleep(Duration::from_secs(progress.wait_seconds)).await;
                }
                End::Returned(Err((name, _))) if name.is_retried() => sleep(Duration::from_secs(2)).await,
                End::Returned(Err((name, _))) => break Some(name),
                End::Killed | End::Overran => panic!("the worker of segment {segment} did not return in time"),
            }
        };
        notes.ended.borrow_mut().push((clock::elapsed(), error));
    }

    /// Writes into the control item as an operator does.
    async fn order(&self, order: Order) {
        let (name, value) = match order {
            Order::Pause => ("state", AttributeValue::S("paused".into())),
            Order::Resume => ("state", AttributeValue::S("running".into())),
            Order::Stop => ("state", AttributeValue::S("stopped".into())),
            Order::WriteUnits(units) => ("write_units_per_second", AttributeValue::N(units.to_string())),
        };
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let update = self.clients(By::Harness, false).dynamodb().update_item().table_name(LEDGER);
        let update = update.key("pk", text(&format!("RUN#{}", self.plan.run))).key("sk", text("CONTROL"));
        let update = update.update_expression("SET #name = :value, #since = :now");
        let update = update.expression_attribute_names("#name", name).expression_attribute_names("#since", "since");
        let update = update.expression_attribute_values(":value", value);
        let update = update.expression_attribute_values(":now", AttributeValue::N(clock::now().to_string()));
        update.send().await.expect("the ledger answers");
    }
}
