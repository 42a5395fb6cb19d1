//! The state of one simulation: its engines, its faults, and the history of everything that took effect.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use tableshift_core::item::value::{Item, Value};

use crate::campaign::engines::clock;
use crate::campaign::engines::dynamodb::Engine;
use crate::campaign::engines::history::{Actor, Effect, Event, Invocation};
use crate::campaign::engines::random::Random;
use crate::campaign::engines::s3::Store;
use crate::campaign::faults::limits::Limit;
use crate::campaign::faults::outage::Outage;
use crate::campaign::faults::requests::{Delivery, Fault, RequestFaults, RequestKind};
use crate::campaign::faults::sabotage::Sabotage;
use crate::campaign::world::meter::Meter;
use crate::engines::LEDGER;
use crate::items::SORT_KEY;
use crate::run::PEOPLE;

/// A world that the application, the workers and the harness share.
pub type SharedWorld = Arc<Mutex<World>>;

/// One simulated DynamoDB and S3 with everything that happens to them.
#[derive(Debug)]
pub struct World {
    pub engine: Engine,
    pub store: Store,
    /// What took effect, in order.
    pub history: Vec<Event>,
    /// How often each kind of fault, write and conflict happened.
    pub counted: BTreeMap<String, u64>,
    pub request_faults: RequestFaults,
    /// The guarantee that is broken on purpose.
    pub sabotage: Option<Sabotage>,
    /// Whether to print each step.
    pub verbose: bool,
    /// The table's capacity limits. Without any, no write is throttled.
    pub limits: Vec<Limit>,
    /// How many percent of the workers' writes meet a transaction of the application.
    pub contended_percent: u64,
    /// What becomes unavailable during the run.
    pub outage: Option<Outage>,
    /// What the workers consumed.
    pub meter: Meter,
    /// The segment that each invocation was called for.
    pub segments: BTreeMap<u32, u32>,
    /// Every item of both tables, by table, partition key and sort key, after the last recorded change.
    items: HashMap<(String, String, String), Item>,
    pub(super) random: Random,
    /// Requests that arrive even if their client is gone.
    in_flight: u64,
    /// The numbers of the invocations that were killed.
    killed: HashSet<u32>,
    /// The attempt that each invocation claimed.
    pub(super) attempts: HashMap<u32, u64>,
    /// The numbers of the invocations of which a write to the table met a fault.
    pub troubled: HashSet<u32>,
}

/// Locks a world. A poisoned lock is usable: a panic ends the simulation anyway.
pub fn lock(world: &SharedWorld) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl World {
    /// A world with an empty table and an empty ledger.
    pub fn new(request_faults: RequestFaults, sabotage: Option<Sabotage>, random: Random, verbose: bool) -> Self {
        let engine = Engine::new();
        engine.create_table(PEOPLE);
        engine.create_table(LEDGER);
        Self {
            engine,
            store: Store::default(),
            history: Vec::new(),
            counted: BTreeMap::new(),
            request_faults,
            sabotage,
            verbose,
            limits: Vec::new(),
            contended_percent: 0,
            outage: None,
            meter: Meter::default(),
            segments: BTreeMap::new(),
            items: HashMap::new(),
            random,
            in_flight: 0,
            killed: HashSet::new(),
            attempts: HashMap::new(),
            troubled: HashSet::new(),
        }
    }

    /// An item of the table with the common sort key.
    pub fn item(&self, partition: &str) -> Option<&Item> {
        self.items.get(&(PEOPLE.into(), partition.into(), SORT_KEY.into()))
    }

    /// Puts an item into the table before the simulation begins.
    pub fn load(&mut self, item: &Item) {
        let key = |name: &str| match item.get(name) {
            Some(Value::S(key)) => key.clone(),
            _ => panic!("every key is a string"),
        };
        self.engine.put(PEOPLE, item);
        self.items.insert((PEOPLE.into(), key("pk"), key("sk")), item.clone());
    }

    /// Writes an item of the table, or deletes it, and records the change.
    pub fn set(&mut self, actor: &Actor, partition: &str, item: Option<&Item>) {
        match item {
            Some(item) => self.engine.put(PEOPLE, item),
            None => self.engine.delete(PEOPLE, (partition, SORT_KEY)),
        }
        self.record_change(actor, PEOPLE, (partition, SORT_KEY));
    }

    /// Adds to a count.
    pub fn count(&mut self, what: impl Into<String>, times: u64) {
        *self.counted.entry(what.into()).or_default() += times;
    }

    /// Draws how a request is delivered, and counts the fault that it meets.
    pub fn draw_delivery(&mut self, kind: RequestKind, actor: &Actor, what: &str) -> Delivery {
        let (delivery, fault) = self.request_faults.draw_delivery(kind, clock::elapsed(), &mut self.random);
        if let Actor::Worker(worker) = actor
            && matches!(kind, RequestKind::Write | RequestKind::Statements)
            && delivery.fault != Fault::None
        {
            self.troubled.insert(worker.number);
        }
        if let Some(fault) = fault {
            self.trace(|| format!("{actor} {what}: {fault}"));
            self.count(format!("fault: {fault}"), 1);
        }
        delivery
    }

    /// Counts a request that arrives even if its client is gone.
    pub fn add_in_flight(&mut self) {
        self.in_flight += 1;
    }

    /// Counts the arrival of such a request.
    pub fn remove_in_flight(&mut self) {
        self.in_flight -= 1;
    }

    /// Whether no request is in flight.
    pub fn is_idle(&self) -> bool {
        self.in_flight == 0
    }

    /// Records that an invocation was killed.
    pub fn mark_killed(&mut self, number: u32) {
        self.killed.insert(number);
    }

    /// Whether an invocation was killed.
    pub fn is_killed(&self, actor: &Actor) -> bool {
        matches!(actor, Actor::Worker(worker) if self.killed.contains(&worker.number))
    }

    /// The worker for which this guarantee is broken, if the actor is one.
    pub fn sabotaged(&self, sabotage: Sabotage, actor: &Actor) -> Option<Invocation> {
        match actor {
            Actor::Worker(worker) if self.sabotage == Some(sabotage) => Some(worker.clone()),
            _ => None,
        }
    }

    /// Prints a step with the simulated time, if the simulation is verbose.
    pub fn trace(&self, step: impl FnOnce() -> String) {
        if self.verbose {
            println!("{:>9.3}s {}", clock::elapsed() as f64 / 1000.0, step());
        }
    }

    /// Appends an effect to the history.
    pub fn record(&mut self, actor: &Actor, effect: Effect) {
        let event = Event { at: clock::elapsed(), actor: actor.clone(), effect };
        if self.verbose {
            println!("{event}");
        }
        self.history.push(event);
    }

    /// The attempt in a checkpoint, as it is now.
    pub(super) fn attempt_of(&self, pk: &str, sk: &str) -> u64 {
        let checkpoint = self.items.get(&(LEDGER.into(), pk.into(), sk.into()));
        match checkpoint.and_then(|item| item.get("attempt")) {
            Some(Value::N(attempt)) => attempt.parse().unwrap_or_default(),
            _ => 0,
        }
    }

    /// Compares an item with what it was before, and records the change if there is one.
    pub(super) fn record_change(&mut self, actor: &Actor, table: &str, (pk, sk): (&str, &str)) {
        let after = self.engine.item(table, (pk, sk));
        let named = (table.to_owned(), pk.to_owned(), sk.to_owned());
        let before = match &after {
            Some(item) => self.items.insert(named, item.clone()),
            None => self.items.remove(&named),
        };
        if before == after {
            return;
        }
        let number = |item: &Option<Item>, name: &str| match item.as_ref().and_then(|item| item.get(name)) {
            Some(Value::N(number)) => number.parse().unwrap_or_default(),
            _ => 0,
        };
        let epoch = number(&after, "epoch");
        if table == PEOPLE {
            self.record(actor, Effect::Item { key: pk.to_owned(), before, after });
        } else if sk.starts_with("CHECKPOINT") {
            let (part, held_by) = (format!("{pk} {sk}"), (epoch, number(&after, "attempt")));
            self.record(actor, Effect::Checkpoint { part, held_by });
        } else if sk == "LOCK" && number(&before, "epoch") != epoch {
            self.record(actor, Effect::Lock { epoch });
        }
    }
}
