//! The floors: the minimum that a Rust program with the AWS SDK must do for the same result. The transform is hard-coded
//! and every write has the worker's condition, but there is no journal, checkpoint, lease, rate limit or count.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, BatchStatementRequest, ReturnConsumedCapacity};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use crate::table::client;
use crate::{Outcome, TABLE};

/// Writes of one item each in flight.
const UPDATES_IN_FLIGHT: usize = 32;
/// Batches of writes in flight.
const BATCHES_IN_FLIGHT: usize = 4;
/// The maximum number of statements in one request. Source: DynamoDB API reference, BatchExecuteStatement.
const STATEMENTS: usize = 25;

const EXPRESSION: &str = "SET addressDetails = :details, postalCode = :zip, version = :new REMOVE zip";
const CONDITION: &str = "attribute_exists(pk) AND address = :address AND attribute_not_exists(addressDetails) \
                         AND zip = :zip AND attribute_not_exists(postalCode) AND version = :old";
const STATEMENT: &str = "UPDATE people SET addressDetails=? SET postalCode=? SET version=? REMOVE zip WHERE pk=? \
                         AND address=? AND addressDetails IS MISSING AND zip=? AND postalCode IS MISSING AND version=?";

type Item = HashMap<String, AttributeValue>;

/// Scan, and 32 conditional UpdateItem in flight.
pub async fn update() -> Outcome {
    let client = client().await;
    let mut pages = client.scan().table_name(TABLE).into_paginator().send();
    while let Some(page) = pages.next().await {
        let changes = stream::iter(page?.items.unwrap_or_default().into_iter().filter_map(Change::of));
        let writes = changes.map(|change| update_one(&client, change)).buffer_unordered(UPDATES_IN_FLIGHT);
        writes.try_collect::<()>().await?;
    }
    Ok(())
}

async fn update_one(client: &Client, change: Change) -> Outcome {
    let request = client.update_item().table_name(TABLE).key("pk", change.pk);
    let request = request.update_expression(EXPRESSION).condition_expression(CONDITION);
    let request = request.expression_attribute_values(":details", change.details);
    let request = request.expression_attribute_values(":address", change.address);
    let request = request.expression_attribute_values(":zip", change.zip);
    let request = request.expression_attribute_values(":old", change.version);
    let request = request.expression_attribute_values(":new", AttributeValue::N("2".into()));
    request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?;
    Ok(())
}

/// Scan, and four BatchExecuteStatement of 25 conditional updates in flight.
pub async fn partiql() -> Outcome {
    let client = client().await;
    let mut pages = client.scan().table_name(TABLE).into_paginator().send();
    while let Some(page) = pages.next().await {
        let changes = stream::iter(page?.items.unwrap_or_default().into_iter().filter_map(Change::of));
        let batches = changes.chunks(STATEMENTS).map(|batch| update_batch(&client, batch));
        batches.buffer_unordered(BATCHES_IN_FLIGHT).try_collect::<()>().await?;
    }
    Ok(())
}

async fn update_batch(client: &Client, changes: Vec<Change>) -> Outcome {
    let statements: Result<Vec<_>, _> = changes.into_iter().map(Change::statement).collect();
    let request = client.batch_execute_statement().set_statements(Some(statements?));
    let answer = request.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await?;
    match answer.responses.unwrap_or_default().into_iter().find_map(|response| response.error) {
        None => Ok(()),
        Some(error) => Err(format!("a statement failed: {error:?}").into()),
    }
}

/// Scan alone: reads and decodes every item.
pub async fn scan() -> Outcome {
    let mut pages = client().await.scan().table_name(TABLE).into_paginator().send();
    while let Some(page) = pages.next().await {
        page?;
    }
    Ok(())
}

/// The change to write to an item.
#[derive(Debug)]
struct Change {
    pk: AttributeValue,
    address: AttributeValue,
    details: AttributeValue,
    zip: AttributeValue,
    version: AttributeValue,
}

impl Change {
    /// The change of an item; `None` if the item is already migrated.
    fn of(mut item: Item) -> Option<Self> {
        if item.contains_key("addressDetails") {
            return None;
        }
        let mut take = |name| item.remove(name);
        let (pk, address, zip, version) = (take("pk")?, take("address")?, take("zip")?, take("version")?);
        let mut parts = address.as_s().ok()?.split(',').map(|part| AttributeValue::S(part.trim().to_owned()));
        let mut part = |name: &str| Some((name.to_owned(), parts.next()?));
        let details = AttributeValue::M(HashMap::from([part("street")?, part("city")?, part("state")?]));
        Some(Self { pk, address, details, zip, version })
    }

    fn statement(self) -> Result<BatchStatementRequest, aws_sdk_dynamodb::error::BuildError> {
        let new = AttributeValue::N("2".into());
        let values = [self.details, self.zip.clone(), new, self.pk, self.address, self.zip, self.version];
        BatchStatementRequest::builder().statement(STATEMENT).set_parameters(Some(values.into())).build()
    }
}
