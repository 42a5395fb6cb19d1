//! How the simulated services answer a request: DynamoDB's operations, S3's, and what an outage or a limit refuses.

use serde_json::Value as Json;

use crate::campaign::engines::clock;
use crate::campaign::engines::dynamodb::EngineResult;
use crate::campaign::engines::history::{Actor, Effect, Invocation};
use crate::campaign::engines::s3::S3Request;
use crate::campaign::faults::limits::ThrottleCause;
use crate::campaign::faults::outage::Outage;
use crate::campaign::faults::sabotage::{self, Sabotage};
use crate::campaign::world::meter::{MeteredRequest, UnitKind};
use crate::campaign::world::state::World;
use crate::engines::LEDGER;
use crate::run::PEOPLE;

/// The answer to a write that meets a transaction.
const CONTENDED: &str =
    r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"busy"}"#;
/// The count of the requests that an outage refused.
pub const REFUSED_BY_OUTAGE: &str = "refused: it is lost";

impl World {
    /// The answer to a worker's request that an outage refuses.
    fn refused_by_outage(
        &mut self,
        actor: &Actor,
        answer: impl FnOnce(Outage) -> Option<(u16, Vec<u8>)>,
    ) -> Option<(u16, Vec<u8>)> {
        let worker = matches!(actor, Actor::Worker(_));
        let answer = self.outage.filter(|_| worker).and_then(answer)?;
        self.count(REFUSED_BY_OUTAGE, 1);
        Some(answer)
    }

    /// Performs an S3 request. Returns a status and a body.
    pub fn s3(&mut self, actor: &Actor, request: &S3Request) -> (u16, Vec<u8>) {
        let request = &self.sabotaged_request(actor, request);
        if let Some(answer) = self.refused_by_outage(actor, |outage| outage.s3_error(clock::elapsed(), request)) {
            return answer;
        }
        if let S3Request::Put(key, bytes) = request {
            self.record(actor, Effect::Object { key: key.clone(), bytes: bytes.clone() });
        }
        self.meter_request(actor, None, 0.0, None);
        let keys_a_page = self.request_faults.keys_a_page;
        let (status, content) = self.store.answer(request, keys_a_page);
        let content = if status == 200 { self.sabotaged_object(actor, request, content) } else { content };
        (status, content)
    }

    /// Performs a DynamoDB request. With `statement_faults`, single statements of a batch may fail.
    pub fn dynamodb(&mut self, actor: &Actor, operation: &str, mut body: Json, statement_faults: bool) -> EngineResult {
        let table = body["TableName"].as_str().unwrap_or(PEOPLE).to_owned();
        let refused = self.refused_by_outage(actor, |outage| outage.dynamodb_error(clock::elapsed(), table == PEOPLE));
        if let Some((status, answer)) = refused {
            return Err((status, String::from_utf8_lossy(&answer).into_owned()));
        }
        if table == LEDGER {
            self.meter_request(actor, None, 0.0, None);
        }
        match operation {
            "BatchExecuteStatement" => match self.request_throttle() {
                Some(cause) => self.throttle(actor, cause, None),
                None => Ok(self.batch(actor, body, statement_faults)),
            },
            "Scan" if table == PEOPLE && matches!(actor, Actor::Worker(_)) => self.page(actor, body),
            "PutItem" | "UpdateItem" | "DeleteItem" => {
                if self.sabotaged(Sabotage::Condition, actor).is_some() && table == PEOPLE
                    || self.sabotaged(Sabotage::Epoch, actor).is_some() && table == LEDGER
                {
                    sabotage::without_condition(&mut body);
                }
                self.write(actor, operation, &table, &body)
            }
            "GetItem" => self.get(actor, &table, body),
            _ => self.engine.call(operation, &body.to_string()),
        }
    }

    fn get(&mut self, actor: &Actor, table: &str, mut body: Json) -> EngineResult {
        body["ReturnConsumedCapacity"] = "TOTAL".into();
        let result = self.engine.call("GetItem", &body.to_string());
        let key = key_string(&body["Key"]["pk"]);
        if table == PEOPLE {
            self.meter_request(actor, Some(UnitKind::Read), capacity(&result), Some(key));
        }
        let reads_lock = table == LEDGER && body["Key"]["sk"]["S"] == "LOCK";
        if let Some(worker) = self.sabotaged(Sabotage::Epoch, actor).filter(|_| reads_lock) {
            return result.map(|answer| sabotage::claim_lock(&answer, &worker));
        }
        match self.sabotaged(Sabotage::Attempt, actor).filter(|_| table == LEDGER) {
            Some(worker) => result
                .map(|answer| self.own_attempt(&worker, body["Key"]["sk"]["S"].as_str().unwrap_or_default(), answer)),
            None => result,
        }
    }

    /// Scans a page of the table. The request faults make pages shorter than DynamoDB's megabyte.
    fn page(&mut self, actor: &Actor, mut body: Json) -> EngineResult {
        let limit = body["Limit"].as_u64().unwrap_or(u64::MAX);
        body["Limit"] = self.request_faults.page_size(&mut self.random).min(limit).into();
        let result = self.engine.call("Scan", &body.to_string());
        self.meter_request(actor, Some(UnitKind::Read), capacity(&result), None);
        if let Ok(answer) = &result {
            let answer: Json = serde_json::from_str(answer).expect("an answer in JSON");
            let items = serde_json::from_value(answer["Items"].clone()).expect("items");
            self.record(actor, Effect::Page { items });
        }
        result
    }

    fn write(&mut self, actor: &Actor, operation: &str, table: &str, body: &Json) -> EngineResult {
        let named = if operation == "PutItem" { &body["Item"] } else { &body["Key"] };
        let key = key_string(&named["pk"]);
        if table == PEOPLE
            && let Some(cause) = self.request_throttle().or_else(|| self.item_throttle(key))
        {
            return self.throttle(actor, cause, Some(key));
        }
        if table == PEOPLE && self.is_contended(actor) {
            return Err((400, CONTENDED.into()));
        }
        let result = self.engine.call(operation, &body.to_string());
        if table == PEOPLE {
            self.meter_write(actor, key, capacity(&result));
        }
        if result.is_ok() {
            self.record_change(actor, table, (key, key_string(&named["sk"])));
        }
        if table == PEOPLE {
            self.count_write_result(actor, result.as_ref().err().map(|(_, error)| error.as_str()));
        }
        let sk = key_string(&named["sk"]);
        if operation == "UpdateItem" && sk.starts_with("CHECKPOINT") {
            let attempt = self.attempt_of(key, sk);
            return result.map(|answer| self.claimed(actor, sk, attempt, answer));
        }
        result
    }

    /// Whether a worker's write meets a transaction of the application.
    pub(super) fn is_contended(&mut self, actor: &Actor) -> bool {
        let contended = matches!(actor, Actor::Worker(_)) && self.random.percent(self.contended_percent);
        if contended {
            self.count("contended writes", 1);
        }
        contended
    }

    /// The cause for which a whole request is throttled now, if any.
    fn request_throttle(&mut self) -> Option<ThrottleCause> {
        let now = clock::elapsed();
        let mut limits = self.limits.iter_mut().filter(|limit| limit.cause.throttles_whole_request());
        limits.find_map(|limit| limit.throttles("", now).then_some(limit.cause))
    }

    /// The cause for which a single write with this partition key is throttled now, if any.
    pub(super) fn item_throttle(&mut self, key: &str) -> Option<ThrottleCause> {
        let now = clock::elapsed();
        let mut limits = self.limits.iter_mut().filter(|limit| !limit.cause.throttles_whole_request());
        limits.find_map(|limit| limit.throttles(key, now).then_some(limit.cause))
    }

    fn throttle(&mut self, actor: &Actor, cause: ThrottleCause, key: Option<&str>) -> EngineResult {
        self.meter_throttled(actor, key);
        Err((400, cause.response_body()))
    }

    /// Meters a write and charges it to the limits.
    pub(super) fn meter_write(&mut self, actor: &Actor, key: &str, units: f64) {
        self.limits.iter_mut().for_each(|limit| limit.charge(key, units));
        self.meter_request(actor, Some(UnitKind::Write), units, Some(key));
    }

    /// Meters a throttled write.
    pub(super) fn meter_throttled(&mut self, actor: &Actor, key: Option<&str>) {
        self.record_metered(actor, Some(UnitKind::Write), 0.0, key, true);
    }

    fn meter_request(&mut self, actor: &Actor, kind: Option<UnitKind>, units: f64, key: Option<&str>) {
        self.record_metered(actor, kind, units, key, false);
    }

    fn record_metered(
        &mut self,
        actor: &Actor,
        kind: Option<UnitKind>,
        units: f64,
        key: Option<&str>,
        throttled: bool,
    ) {
        let Actor::Worker(Invocation { number: invocation, .. }) = *actor else { return };
        let key = key.map(str::to_owned);
        self.meter.record(MeteredRequest { at: clock::elapsed(), invocation, kind, units, key, throttled });
    }

    /// Counts a worker's write to the table by its result.
    pub(super) fn count_write_result(&mut self, actor: &Actor, error: Option<&str>) {
        let Actor::Worker(worker) = actor else { return };
        let (run, phase) = (worker.run.clone(), worker.phase.as_str());
        self.count(format!("asked: {phase} {run}"), 1);
        match error {
            None => self.count("worker writes", 1),
            Some(error) if error.contains("ConditionalCheckFailed") => self.count("conflicts", 1),
            Some(_) => self.count("refusals", 1),
        }
    }
}

/// The consumed capacity units in an answer.
fn capacity(result: &EngineResult) -> f64 {
    let answer = result.as_ref().ok().and_then(|answer| serde_json::from_str::<Json>(answer).ok());
    answer.and_then(|answer| answer["ConsumedCapacity"]["CapacityUnits"].as_f64()).unwrap_or_default()
}

/// The string of a key attribute.
pub(super) fn key_string(attribute: &Json) -> &str {
    attribute["S"].as_str().expect("every key is a string")
}
