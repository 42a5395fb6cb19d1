//! The table: created, loaded and checked through the SDK by processes that are not measured.

use std::error::Error;

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use tableshift_aws::dynamodb::items::{from_sdk, to_sdk};
use tableshift_core::item::value::Item;
use tableshift_tests::{LEDGER, dynamodb};

use crate::{Outcome, TABLE, items};

/// The maximum bytes of items in one request; DynamoDB accepts 16 MB of JSON.
const BATCH_BYTES: usize = 4_000_000;
/// The maximum number of items in one request. Source: DynamoDB API reference, BatchWriteItem.
const BATCH_ITEMS: usize = 25;

/// A DynamoDB client with default settings.
pub async fn client() -> Client {
    Client::new(&aws_config::load_defaults(BehaviorVersion::latest()).await)
}

/// Creates the table with this many items, before or after the migration, and the ledger.
pub async fn create(count: usize, bytes: usize, migrated: bool) -> Outcome {
    let client = client().await;
    dynamodb::create_table(&client, TABLE, "pk", None).await;
    dynamodb::create_table(&client, LEDGER, "pk", Some("sk")).await;
    let numbers: Vec<usize> = (0..count).collect();
    for batch in numbers.chunks((BATCH_BYTES / bytes.max(1)).clamp(1, BATCH_ITEMS)) {
        let batch =
            batch.iter().map(|number| if migrated { items::new(*number, bytes) } else { items::old(*number, bytes) });
        load(&client, batch).await?;
    }
    Ok(())
}

async fn load(client: &Client, items: impl Iterator<Item = Item>) -> Outcome {
    let puts: Result<Vec<WriteRequest>, _> = items
        .map(|item| PutRequest::builder().set_item(Some(to_sdk(&item))).build())
        .map(|put| put.map(|put| WriteRequest::builder().put_request(put).build()))
        .collect();
    let loaded = client.batch_write_item().request_items(TABLE, puts?).send().await?;
    if loaded.unprocessed_items.is_some_and(|left| !left.is_empty()) {
        return Err("the engine did not load every item".into());
    }
    Ok(())
}

/// Fails unless the table has exactly the migrated items.
pub async fn check(count: usize, bytes: usize) -> Outcome {
    let mut found = all().await?;
    found.sort_unstable_by(|left, right| left["pk"].partial_cmp(&right["pk"]).expect("keys are strings"));
    if found.len() != count {
        return Err(format!("{} items instead of {count}", found.len()).into());
    }
    match found.iter().enumerate().find(|(number, item)| **item != items::new(*number, bytes)) {
        None => Ok(()),
        Some((number, item)) => Err(format!("item {number} was not migrated as it should be: {item:?}").into()),
    }
}

async fn all() -> Result<Vec<Item>, Box<dyn Error>> {
    let mut pages = client().await.scan().table_name(TABLE).consistent_read(true).into_paginator().items().send();
    let mut found = Vec::new();
    while let Some(item) = pages.next().await {
        found.push(from_sdk(item?));
    }
    Ok(found)
}
