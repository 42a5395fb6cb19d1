//! The engines of one simulation, and everything that takes effect on them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value as Json, json};
use tableshift_core::item::value::{Item, Value};

use crate::campaign::actors::migrations::SORT_KEY;
use crate::campaign::engines::clock;
use crate::campaign::engines::dynamodb::{Engine, Said};
use crate::campaign::engines::history::{By, Event, Invocation, What};
use crate::campaign::engines::random::Chance;
use crate::campaign::engines::s3::{Ask, Store};
use crate::campaign::faults::limits::{Cause, Limit};
use crate::campaign::faults::outage::Outage;
use crate::campaign::faults::requests::{Kind, Trip, Weather};
use crate::campaign::faults::sabotage::{self, Sabotage};
use crate::campaign::world::meter::{Meter, Spent, Use};
use crate::{LEDGER, PEOPLE};

/// A world, shared by everybody in it.
pub type Shared = Arc<Mutex<World>>;

/// What requests for something lost are counted as.
pub const LOST: &str = "refused: it is lost";

/// The engines of one simulation.
#[derive(Debug)]
pub struct World {
    /// DynamoDB.
    pub engine: Engine,
    /// S3.
    pub store: Store,
    /// What took effect.
    pub history: Vec<Event>,
    /// How often what happened: faults, writes, conflicts.
    pub counted: BTreeMap<String, u64>,
    /// How requests fare.
    pub weather: Weather,
    /// What is broken on purpose.
    pub sabotage: Option<Sabotage>,
    /// Whether to print what happens.
    pub verbose: bool,
    /// What the table can take; nothing is refused without limits.
    pub limits: Vec<Limit>,
    /// What is lost for good.
    pub outage: Option<Outage>,
    /// What the workers consumed.
    pub meter: Meter,
    /// The segment that each invocation was called for.
    pub segments: BTreeMap<u32, u32>,
    /// Every item of both tables, as it became by what took effect.
    items: HashMap<(String, String, String), Item>,
    chance: Chance,
    on_their_way: u64,
    killed: HashSet<u32>,
}

/// Locks a world. Nobody panics while holding it, except to end the simulation.
pub fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl World {
    /// A world with an empty table and an empty ledger.
    pub fn new(weather: Weather, sabotage: Option<Sabotage>, chance: Chance, verbose: bool) -> Self {
        let engine = Engine::new();
        engine.create_table(PEOPLE);
        engine.create_table(LEDGER);
        Self {
            engine,
            store: Store::default(),
            history: Vec::new(),
            counted: BTreeMap::new(),
            weather,
            sabotage,
            verbose,
            limits: Vec::new(),
            outage: None,
            meter: Meter::default(),
            segments: BTreeMap::new(),
            items: HashMap::new(),
            chance,
            on_their_way: 0,
            killed: HashSet::new(),
        }
    }

    /// An item of the table.
    pub fn item(&self, partition: &str) -> Option<&Item> {
        self.items.get(&(PEOPLE.into(), partition.into(), SORT_KEY.into()))
    }

    /// Puts an item into the table before the simulation begins.
    pub fn load(&mut self, item: &Item) {
        let key = |name: &str| match item.get(name) {
            Some(Value::S(key)) => key.clone(),
            _ => panic!("every key is a text"),
        };
        self.engine.put(PEOPLE, item);
        self.items.insert((PEOPLE.into(), key("pk"), key("sk")), item.clone());
    }

    /// Makes an item of the table what it is to be, or nothing.
    pub fn set(&mut self, by: &By, partition: &str, item: Option<&Item>) {
        match item {
            Some(item) => self.engine.put(PEOPLE, item),
            None => self.engine.delete(PEOPLE, (partition, SORT_KEY)),
        }
        self.took_effect(by, PEOPLE, (partition, SORT_KEY));
    }

    /// Counts something.
    pub fn count(&mut self, what: impl Into<String>, times: u64) {
        *self.counted.entry(what.into()).or_default() += times;
    }

    /// Draws how a request travels.
    pub fn trip(&mut self, kind: Kind, by: &By, what: &str) -> Trip {
        let (trip, fault) = self.weather.trip(kind, clock::elapsed(), &mut self.chance);
        if let Some(fault) = fault {
            self.say(|| format!("{by} {what}: {fault}"));
            self.count(format!("fault: {fault}"), 1);
        }
        trip
    }

    /// A request that arrives without its client was sent.
    pub fn depart(&mut self) {
        self.on_their_way += 1;
    }

    /// It arrived.
    pub fn arrive(&mut self) {
        self.on_their_way -= 1;
    }

    /// Whether nothing is on its way.
    pub fn is_quiet(&self) -> bool {
        self.on_their_way == 0
    }

    /// Notes that an invocation was killed.
    pub fn kill(&mut self, number: u32) {
        self.killed.insert(number);
    }

    /// Whether an invocation was killed.
    pub fn is_killed(&self, by: &By) -> bool {
        matches!(by, By::Worker(worker) if self.killed.contains(&worker.number))
    }

    /// Whether a promise is broken for whoever asks.
    pub fn broken(&self, sabotage: Sabotage, by: &By) -> Option<Invocation> {
        match by {
            By::Worker(worker) if self.sabotage == Some(sabotage) => Some(worker.clone()),
            _ => None,
        }
    }

    /// Prints something if anybody wants to read it.
    pub fn say(&self, text: impl FnOnce() -> String) {
        if self.verbose {
            println!("{:>9.3}s {}", clock::elapsed() as f64 / 1000.0, text());
        }
    }

    /// Notes that something took effect.
    pub fn note(&mut self, by: &By, what: What) {
        let event = Event { at: clock::elapsed(), by: by.clone(), what };
        if self.verbose {
            println!("{event}");
        }
        self.history.push(event);
    }

    /// The answer to a worker's request for what is lost.
    fn lost(&mut self, by: &By, answer: impl FnOnce(Outage) -> Option<(u16, Vec<u8>)>) -> Option<(u16, Vec<u8>)> {
        let worker = matches!(by, By::Worker(_));
        let answer = self.outage.filter(|_| worker).and_then(answer)?;
        self.count(LOST, 1);
        Some(answer)
    }

    /// Carries out an S3 request.
    pub fn s3(&mut self, by: &By, ask: &Ask) -> (u16, Vec<u8>) {
        if let Some(answer) = self.lost(by, |outage| outage.of_s3(clock::elapsed(), ask)) {
            return answer;
        }
        if let Ask::Put(key, bytes) = ask {
            self.note(by, What::Object { key: key.clone(), bytes: bytes.clone() });
        }
        self.spent(by, None, 0.0, None);
        let keys_a_page = self.weather.keys_a_page;
        self.store.answer(ask, keys_a_page)
    }

    /// Carries out a DynamoDB request.
    pub fn dynamodb(&mut self, by: &By, operation: &str, mut body: Json, statement_faults: bool) -> Said {
        let table = body["TableName"].as_str().unwrap_or(PEOPLE).to_owned();
        let lost = self.lost(by, |outage| outage.of_dynamodb(clock::elapsed(), table == PEOPLE));
        if let Some((status, answer)) = lost {
            return Err((status, String::from_utf8_lossy(&answer).into_owned()));
        }
        if table == LEDGER {
            self.spent(by, None, 0.0, None);
        }
        match operation {
            "BatchExecuteStatement" => match self.refusal_of_request() {
                Some(cause) => self.refuse(by, cause, None),
                None => Ok(self.batch(by, body, statement_faults)),
            },
            "Scan" if table == PEOPLE && matches!(by, By::Worker(_)) => self.page(by, body),
            "PutItem" | "UpdateItem" | "DeleteItem" => {
                if self.broken(Sabotage::Condition, by).is_some() && table == PEOPLE
                    || self.broken(Sabotage::Epoch, by).is_some() && table == LEDGER
                {
                    sabotage::without_condition(&mut body);
                }
                self.write(by, operation, &table, &body)
            }
            "GetItem" => self.get(by, &table, body),
            _ => self.engine.call(operation, &body.to_string()),
        }
    }

    fn get(&mut self, by: &By, table: &str, mut body: Json) -> Said {
        body["ReturnConsumedCapacity"] = "TOTAL".into();
        let said = self.engine.call("GetItem", &body.to_string());
        let key = text(&body["Key"]["pk"]);
        if table == PEOPLE {
            self.spent(by, Some(Use::Read), capacity(&said), Some(key));
        }
        let about_lock = table == LEDGER && body["Key"]["sk"]["S"] == "LOCK";
        match self.broken(Sabotage::Epoch, by).filter(|_| about_lock) {
            Some(worker) => said.map(|answer| sabotage::always_ours(&answer, &worker)),
            None => said,
        }
    }

    /// A page of the table, shorter than DynamoDB's megabyte.
    fn page(&mut self, by: &By, mut body: Json) -> Said {
        let most = body["Limit"].as_u64().unwrap_or(u64::MAX);
        body["Limit"] = self.weather.page_size(&mut self.chance).min(most).into();
        let said = self.engine.call("Scan", &body.to_string());
        self.spent(by, Some(Use::Read), capacity(&said), None);
        if let Ok(answer) = &said {
            let answer: Json = serde_json::from_str(answer).expect("an answer in JSON");
            let items = serde_json::from_value(answer["Items"].clone()).expect("items");
            self.note(by, What::Page { items });
        }
        said
    }

    fn write(&mut self, by: &By, operation: &str, table: &str, body: &Json) -> Said {
        let named = if operation == "PutItem" { &body["Item"] } else { &body["Key"] };
        let key = text(&named["pk"]);
        if table == PEOPLE
            && let Some(cause) = self.refusal_of_request().or_else(|| self.refusal_of(key))
        {
            return self.refuse(by, cause, Some(key));
        }
        let said = self.engine.call(operation, &body.to_string());
        if table == PEOPLE {
            self.wrote(by, key, capacity(&said));
        }
        if said.is_ok() {
            self.took_effect(by, table, (key, text(&named["sk"])));
        }
        if table == PEOPLE {
            self.count_answer(by, said.as_ref().err().map(|(_, error)| error.as_str()));
        }
        said
    }

    /// Statements that fail by themselves are taken out; the others are carried out as they came.
    fn batch(&mut self, by: &By, mut body: Json, faulty: bool) -> String {
        let Some(Json::Array(mut statements)) = body.get_mut("Statements").map(Json::take) else {
            panic!("no statements")
        };
        if self.broken(Sabotage::Condition, by).is_some() {
            statements.iter_mut().for_each(sabotage::without_guards);
        }
        let responses = statements.iter().map(|statement| self.statement(by, statement, faulty));
        let (responses, units): (Vec<Json>, Vec<f64>) = responses.unzip();
        let capacity = json!([{"TableName": PEOPLE, "CapacityUnits": units.iter().sum::<f64>()}]);
        json!({"Responses": responses, "ConsumedCapacity": capacity}).to_string()
    }

    fn statement(&mut self, by: &By, statement: &Json, faulty: bool) -> (Json, f64) {
        let codes = ["ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded", "InternalServerError"];
        let code = *self.chance.pick(&codes);
        let failed = faulty && self.chance.percent(30);
        let after_effect = failed && code == "InternalServerError" && self.chance.percent(60);
        let error = json!({"Error": {"Code": code, "Message": "injected"}});
        if failed {
            let when = if after_effect { "after" } else { "before" };
            self.count(format!("fault: statement, {code} {when} the effect"), 1);
        }
        if failed && !after_effect {
            return (error, 0.0);
        }
        let (response, units) = self.carry_out(by, statement);
        if after_effect { (error, units) } else { (response, units) }
    }

    fn carry_out(&mut self, by: &By, statement: &Json) -> (Json, f64) {
        let parts = sabotage::parts(statement);
        let value = |name: &str| {
            let condition = parts.conditions.iter().find(|(text, _)| sabotage::is_about(text, name));
            condition.and_then(|(_, value)| value.clone()).expect("a statement names its item")
        };
        let (pk, sk) = (value("pk"), value("sk"));
        if let Some(cause) = self.refusal_of(text(&pk)) {
            self.spent_and(by, Some(Use::Write), 0.0, Some(text(&pk)), true);
            return (json!({"Error": {"Code": cause.code(), "Message": "throttled"}}), 0.0);
        }
        let request = json!({"Statements": [statement], "ReturnConsumedCapacity": "TOTAL"});
        let answer = self.engine.call("BatchExecuteStatement", &request.to_string());
        self.took_effect(by, PEOPLE, (text(&pk), text(&sk)));
        let answer: Json = serde_json::from_str(&answer.expect("a batch that the engine reads")).expect("JSON");
        let response = answer["Responses"][0].clone();
        self.count_answer(by, response["Error"]["Code"].as_str());
        let units = answer["ConsumedCapacity"][0]["CapacityUnits"].as_f64().unwrap_or_default();
        self.wrote(by, text(&pk), units);
        (response, units)
    }

    /// Why a request is throttled as a whole, if it is.
    fn refusal_of_request(&mut self) -> Option<Cause> {
        let now = clock::elapsed();
        let mut limits = self.limits.iter_mut().filter(|limit| limit.cause.is_of_the_request());
        limits.find_map(|limit| limit.refuses("", now).then_some(limit.cause))
    }

    /// Why a write of an item with this partition key is throttled by itself, if it is.
    fn refusal_of(&mut self, key: &str) -> Option<Cause> {
        let now = clock::elapsed();
        let mut limits = self.limits.iter_mut().filter(|limit| !limit.cause.is_of_the_request());
        limits.find_map(|limit| limit.refuses(key, now).then_some(limit.cause))
    }

    fn refuse(&mut self, by: &By, cause: Cause, key: Option<&str>) -> Said {
        self.spent_and(by, Some(Use::Write), 0.0, key, true);
        Err((400, cause.answer()))
    }

    /// Meters a write.
    fn wrote(&mut self, by: &By, key: &str, units: f64) {
        self.limits.iter_mut().for_each(|limit| limit.charge(key, units));
        self.spent(by, Some(Use::Write), units, Some(key));
    }

    fn spent(&mut self, by: &By, what: Option<Use>, units: f64, key: Option<&str>) {
        self.spent_and(by, what, units, key, false);
    }

    fn spent_and(&mut self, by: &By, what: Option<Use>, units: f64, key: Option<&str>, refused: bool) {
        let By::Worker(Invocation { number: invocation, .. }) = *by else { return };
        let key = key.map(str::to_owned);
        self.meter.note(Spent { at: clock::elapsed(), invocation, what, units, key, refused });
    }

    /// Notes what became of an item, if anything did.
    fn took_effect(&mut self, by: &By, table: &str, (pk, sk): (&str, &str)) {
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
            self.note(by, What::Item { key: pk.to_owned(), before, after });
        } else if sk.starts_with("CHECKPOINT") {
            let (part, held_by) = (format!("{pk} {sk}"), (epoch, number(&after, "attempt")));
            self.note(by, What::Checkpoint { part, held_by });
        } else if sk == "LOCK" && number(&before, "epoch") != epoch {
            self.note(by, What::Lock { epoch });
        }
    }

    /// Counts what became of a write to the table.
    fn count_answer(&mut self, by: &By, error: Option<&str>) {
        let By::Worker(worker) = by else { return };
        let (run, phase) = (worker.run.clone(), worker.phase.as_str());
        self.count(format!("asked: {phase} {run}"), 1);
        match error {
            None => self.count("worker writes", 1),
            Some(error) if error.contains("ConditionalCheckFailed") => self.count("conflicts", 1),
            Some(_) => self.count("refusals", 1),
        }
    }
}

/// The units that an answer says were consumed.
fn capacity(said: &Said) -> f64 {
    let answer = said.as_ref().ok().and_then(|answer| serde_json::from_str::<Json>(answer).ok());
    answer.and_then(|answer| answer["ConsumedCapacity"]["CapacityUnits"].as_f64()).unwrap_or_default()
}

/// The text of a string attribute.
fn text(attribute: &Json) -> &str {
    attribute["S"].as_str().expect("every key is a text")
}
