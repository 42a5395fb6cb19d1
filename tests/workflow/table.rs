//! A table for one test, and its stream.

use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, PointInTimeRecoverySpecification, PutRequest,
    ScalarAttributeType, StreamSpecification, StreamViewType, WriteRequest,
};
use serde_json::Value as Json;
use tableshift_aws::dynamodb::items::{from_sdk, to_sdk};
use tableshift_core::item::value::{Item, Value};

use crate::stack::{Stack, unique};

/// A table that no other test touches, with the string keys `pk` and `sk`.
pub struct Table<'s> {
    /// Its stack.
    pub stack: &'s Stack,
    /// Its name.
    pub name: String,
}

/// A write to a table, as its stream reports it.
#[derive(Debug)]
pub struct StreamRecord {
    /// The partition key of the item.
    pub pk: String,
    /// When it was made, in epoch seconds.
    pub at: i64,
}

impl<'s> Table<'s> {
    /// A new table with these items.
    pub async fn with(stack: &'s Stack, word: &str, items: &[Item]) -> Self {
        let table = Self { stack, name: unique(&format!("{}-{word}", stack.stage)) };
        table.create().await;
        for batch in items.chunks(25) {
            let puts = batch.iter().map(|item| {
                let put = PutRequest::builder().set_item(Some(to_sdk(item))).build().expect("a complete put");
                WriteRequest::builder().put_request(put).build()
            });
            let request = stack.dynamodb.batch_write_item().request_items(&table.name, puts.collect());
            request.send().await.expect("the items are loaded");
        }
        table
    }

    async fn create(&self) {
        let mut request =
            self.stack.dynamodb.create_table().table_name(&self.name).billing_mode(BillingMode::PayPerRequest);
        for (name, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
            let definition =
                AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
            let element = KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
            request = request
                .attribute_definitions(definition.expect("a complete definition"))
                .key_schema(element.expect("a complete key"));
        }
        request.send().await.expect("the table is created");
    }

    /// Turns continuous backups on, as the stages test and prod require.
    pub async fn recoverable(self) -> Self {
        let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build();
        let request = self.stack.dynamodb.update_continuous_backups().table_name(&self.name);
        let request = request.point_in_time_recovery_specification(on.expect("a complete specification"));
        request.send().await.expect("continuous backups are turned on");
        self
    }

    /// Turns the stream on, which reports every write from now on.
    pub async fn watched(self) -> Self {
        let on = StreamSpecification::builder().stream_enabled(true).stream_view_type(StreamViewType::KeysOnly).build();
        let request = self.stack.dynamodb.update_table().table_name(&self.name);
        let request = request.stream_specification(on.expect("a complete specification"));
        request.send().await.expect("the stream is turned on");
        self
    }

    /// Every item, in the order of its partition key.
    pub async fn items(&self) -> Vec<Item> {
        let scan = self.stack.dynamodb.scan().table_name(&self.name).consistent_read(true).into_paginator();
        let items = scan.items().send().collect::<Result<Vec<_>, _>>().await.expect("the table can be read");
        sorted(items.into_iter().map(from_sdk).collect())
    }

    /// How many items have the attribute that every migration here adds.
    pub async fn migrated(&self) -> usize {
        self.items().await.iter().filter(|item| item.contains_key("addressDetails")).count()
    }

    /// Starts an update of an existing item, for the caller to complete.
    pub fn update(&self, pk: &str) -> aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder {
        let update = self.stack.dynamodb.update_item().table_name(&self.name).set_key(Some(to_sdk(&key(pk))));
        update.condition_expression("attribute_exists(pk)")
    }

    /// Deletes an item, if it exists.
    pub async fn delete(&self, pk: &str) {
        let delete = self.stack.dynamodb.delete_item().table_name(&self.name).set_key(Some(to_sdk(&key(pk))));
        delete.send().await.expect("the item is deleted");
    }

    /// Every change of an item since the stream was turned on, without inserts and deletes.
    pub fn changes(&self) -> Vec<StreamRecord> {
        let stream = self.stack.aws(&format!("dynamodb describe-table --table-name {}", self.name));
        let stream = stream["Table"]["LatestStreamArn"].as_str().expect("the table has a stream").to_owned();
        let described = self.stack.aws(&format!("dynamodbstreams describe-stream --stream-arn {stream}"));
        let shards = described["StreamDescription"]["Shards"].as_array().expect("a stream has shards").clone();
        shards.iter().flat_map(|shard| self.changes_in(&stream, &shard["ShardId"])).collect()
    }

    fn changes_in(&self, stream: &str, shard: &Json) -> Vec<StreamRecord> {
        let from = format!("--stream-arn {stream} --shard-id {shard} --shard-iterator-type TRIM_HORIZON");
        let mut iterator =
            self.stack.aws(&format!("dynamodbstreams get-shard-iterator {from}"))["ShardIterator"].clone();
        let mut changes = Vec::new();
        while !iterator.is_null() {
            let page = self.stack.aws(&format!("dynamodbstreams get-records --shard-iterator {iterator}"));
            let records = page["Records"].as_array().expect("a page has records").clone();
            if records.is_empty() {
                break;
            }
            changes.extend(records.iter().filter(|record| record["eventName"] == "MODIFY").map(|record| {
                StreamRecord {
                    pk: record["dynamodb"]["Keys"]["pk"]["S"].as_str().expect("a string key").to_owned(),
                    at: record["dynamodb"]["ApproximateCreationDateTime"].as_f64().expect("a time") as i64,
                }
            }));
            iterator = page["NextShardIterator"].clone();
        }
        changes
    }
}

/// Items in the order of their partition keys, so that tables can be compared.
pub fn sorted(mut items: Vec<Item>) -> Vec<Item> {
    items.sort_unstable_by(|a, b| a.get("pk").cmp(&b.get("pk")));
    items
}

/// `count` items in the old shape, in the order of [`Table::items`].
pub fn old_items(count: usize) -> Vec<Item> {
    sorted(tableshift_tests::old_items(count))
}

fn key(pk: &str) -> Item {
    Item::from([("pk".into(), Value::s(pk)), ("sk".into(), Value::s("profile"))])
}

/// The value of a string attribute.
pub fn string<'i>(item: &'i Item, attribute: &str) -> &'i str {
    match item.get(attribute) {
        Some(Value::S(string)) => string,
        other => panic!("{attribute} is {other:?}, not a string"),
    }
}
