//! Counts requests and write units from the events that both engines report through `tracing`. Counting at the engine
//! is the same for every contestant and costs none of them anything.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Mutex, MutexGuard};

use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The number of requests by operation, and the consumed units by table.
#[derive(Debug)]
struct Counts {
    requests: BTreeMap<String, u64>,
    write_units: BTreeMap<String, f64>,
}

static COUNTS: Mutex<Counts> = Mutex::new(Counts { requests: BTreeMap::new(), write_units: BTreeMap::new() });

/// Starts to count. Call it once, before the engine serves.
pub fn install() {
    tracing::subscriber::set_global_default(Counter).expect("nothing else listens to events");
}

/// The counts since the previous call, as JSON.
pub fn take() -> Value {
    let mut counts = counts();
    let (requests, write_units) = (std::mem::take(&mut counts.requests), std::mem::take(&mut counts.write_units));
    json!({ "requests": requests, "write_units": write_units })
}

fn counts() -> MutexGuard<'static, Counts> {
    COUNTS.lock().expect("no thread panics while it counts")
}

#[derive(Debug)]
struct Counter;

impl Subscriber for Counter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && matches!(metadata.target(), "dynoxide::server" | "s3s::ops")
    }

    fn event(&self, event: &Event<'_>) {
        let mut seen = Seen::default();
        event.record(&mut seen);
        match seen.message.as_str() {
            // dynoxide's; s3s's
            "request" | "resolved route" => *counts().requests.entry(seen.operation).or_default() += 1,
            "response body" if seen.writes() => count_units(&seen.body),
            _ => {}
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Adds up the units in a response. A response has them only if the request asked for them.
fn count_units(body: &str) {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let consumed = match &body["ConsumedCapacity"] {
        Value::Array(tables) => tables.iter().collect(),
        Value::Object(_) => vec![&body["ConsumedCapacity"]],
        _ => vec![],
    };
    for consumed in consumed {
        let table = consumed["TableName"].as_str().unwrap_or_default().to_owned();
        *counts().write_units.entry(table).or_default() += consumed["CapacityUnits"].as_f64().unwrap_or_default();
    }
}

/// The fields of an event.
#[derive(Debug, Default)]
struct Seen {
    message: String,
    operation: String,
    body: String,
}

impl Seen {
    fn writes(&self) -> bool {
        matches!(self.operation.as_str(), "UpdateItem" | "BatchExecuteStatement" | "PutItem" | "BatchWriteItem")
    }

    fn set(&mut self, field: &Field, text: impl FnOnce() -> String) {
        match field.name() {
            "message" => self.message = text(),
            "operation" | "op" => self.operation = text(),
            "body" if self.writes() => self.body = text(),
            _ => {}
        }
    }
}

impl Visit for Seen {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, || value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field, || format!("{value:?}"));
    }
}
