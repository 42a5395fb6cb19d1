//! The DynamoDB engine, called without a socket: simulated time cannot pass while the kernel holds a message.

use std::collections::HashMap;

use dynoxide::actions::delete_item::DeleteItemRequest;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::actions::put_item::PutItemRequest;
use dynoxide::{AttributeValue, Database, DynoxideError};
use serde_json::{Value as Json, json};
use tableshift_core::item::value::{Binary, Item, Value};

/// The engine's response body, or an HTTP status with the error's body.
pub type EngineResult = Result<String, (u16, String)>;

/// The DynamoDB of one simulation.
pub struct Engine(Database);

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

macro_rules! call {
    ($database:expr, $method:ident, $body:expr) => {{
        let request = serde_json::from_str($body).expect("a request that the engine reads");
        $database.$method(request).map(|answer| serde_json::to_string(&answer).expect("plain data serialises"))
    }};
}

impl Engine {
    /// An empty engine.
    pub fn new() -> Self {
        Self(Database::memory().expect("an empty database"))
    }

    /// Creates an on-demand table with the string keys `pk` and `sk`.
    pub fn create_table(&self, table: &str) {
        let attribute = |name: &str| json!({"AttributeName": name, "AttributeType": "S"});
        let key = |name: &str, kind: &str| json!({"AttributeName": name, "KeyType": kind});
        let request = json!({
            "TableName": table, "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [attribute("pk"), attribute("sk")],
            "KeySchema": [key("pk", "HASH"), key("sk", "RANGE")],
        });
        self.call("CreateTable", &request.to_string()).expect("the table is created");
    }

    /// Carries out one operation.
    pub fn call(&self, operation: &str, body: &str) -> EngineResult {
        let database = &self.0;
        let answer = match operation {
            "CreateTable" => call!(database, create_table, body),
            "GetItem" => call!(database, get_item, body),
            "PutItem" => call!(database, put_item, body),
            "UpdateItem" => call!(database, update_item, body),
            "DeleteItem" => call!(database, delete_item, body),
            "Query" => call!(database, query, body),
            "Scan" => call!(database, scan, body),
            "BatchExecuteStatement" => call!(database, batch_execute_statement, body),
            other => panic!("the campaign does not know {other} yet: teach it how to record what it writes"),
        };
        answer.map_err(|error: DynoxideError| (error.status_code(), error.to_json()))
    }

    /// An item, if it exists.
    pub fn item(&self, table: &str, (pk, sk): (&str, &str)) -> Option<Item> {
        let request = GetItemRequest { table_name: table.to_owned(), key: key(pk, sk), ..GetItemRequest::default() };
        self.0.get_item(request).expect("the engine answers").item.map(item)
    }

    /// Puts an item.
    pub fn put(&self, table: &str, item: &Item) {
        let item = item.iter().map(|(name, value)| (name.clone(), attribute(value))).collect();
        let request = PutItemRequest { table_name: table.to_owned(), item, ..PutItemRequest::default() };
        self.0.put_item(request).expect("an item that the engine takes");
    }

    /// Deletes an item.
    pub fn delete(&self, table: &str, (pk, sk): (&str, &str)) {
        let request =
            DeleteItemRequest { table_name: table.to_owned(), key: key(pk, sk), ..DeleteItemRequest::default() };
        self.0.delete_item(request).expect("the engine answers");
    }

    /// Every item of a table.
    pub fn items(&self, table: &str) -> Vec<Item> {
        let answer = self.call("Scan", &json!({"TableName": table}).to_string()).expect("the engine answers");
        let answer: Json = serde_json::from_str(&answer).expect("an answer in JSON");
        assert!(answer.get("LastEvaluatedKey").is_none(), "the simulated table fits into one page");
        serde_json::from_value(answer["Items"].clone()).expect("items")
    }
}

fn key(pk: &str, sk: &str) -> HashMap<String, AttributeValue> {
    [("pk", pk), ("sk", sk)].map(|(name, value)| (name.to_owned(), AttributeValue::S(value.to_owned()))).into()
}

fn item(attributes: HashMap<String, AttributeValue>) -> Item {
    attributes.into_iter().map(|(name, attribute)| (name, value(attribute))).collect()
}

fn value(attribute: AttributeValue) -> Value {
    match attribute {
        AttributeValue::S(string) => Value::S(string),
        AttributeValue::N(number) => Value::N(number),
        AttributeValue::B(bytes) => Value::B(Binary(bytes)),
        AttributeValue::BOOL(flag) => Value::Bool(flag),
        AttributeValue::NULL(null) => Value::Null(null),
        AttributeValue::M(map) => Value::M(item(map)),
        AttributeValue::L(list) => Value::L(list.into_iter().map(value).collect()),
        AttributeValue::SS(strings) => Value::Ss(strings.into_iter().collect()),
        AttributeValue::NS(numbers) => Value::Ns(numbers.into_iter().collect()),
        AttributeValue::BS(bytes) => Value::Bs(bytes.into_iter().map(Binary).collect()),
    }
}

fn attribute(value: &Value) -> AttributeValue {
    match value {
        Value::S(string) => AttributeValue::S(string.clone()),
        Value::N(number) => AttributeValue::N(number.clone()),
        Value::B(bytes) => AttributeValue::B(bytes.0.clone()),
        Value::Bool(flag) => AttributeValue::BOOL(*flag),
        Value::Null(null) => AttributeValue::NULL(*null),
        Value::M(map) => AttributeValue::M(map.iter().map(|(name, value)| (name.clone(), attribute(value))).collect()),
        Value::L(list) => AttributeValue::L(list.iter().map(attribute).collect()),
        Value::Ss(strings) => AttributeValue::SS(strings.iter().cloned().collect()),
        Value::Ns(numbers) => AttributeValue::NS(numbers.iter().cloned().collect()),
        Value::Bs(bytes) => AttributeValue::BS(bytes.iter().map(|bytes| bytes.0.clone()).collect()),
    }
}
