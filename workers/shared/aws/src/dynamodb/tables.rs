//! Describes tables.

use aws_sdk_dynamodb::types::{
    KeySchemaElement, KeyType, PointInTimeRecoveryStatus, TableDescription, TimeToLiveStatus,
};
use tableshift_core::item::table::Table;

use crate::error::CallError;

/// The tables of this account and Region.
#[derive(Debug, Clone)]
pub struct Tables {
    client: aws_sdk_dynamodb::Client,
}

/// Describes tables; the tests replace it.
pub trait DescribeTable {
    /// Everything that a plan needs to know about a table. Three calls: DescribeTable, DescribeContinuousBackups and
    /// DescribeTimeToLive.
    async fn describe(&self, table: &str) -> Result<Table, CallError>;
}

impl Tables {
    /// Uses this client.
    pub fn new(client: aws_sdk_dynamodb::Client) -> Self {
        Self { client }
    }

    /// What the author of a migration needs to know about a table. Two calls: DescribeTable and DescribeTimeToLive. It does not
    /// ask for point-in-time recovery, so authors do not need that permission.
    pub async fn describe_without_recovery(&self, table: &str) -> Result<Table, CallError> {
        const OPERATION: &str = "DescribeTable";
        let sent = self.client.describe_table().table_name(table).send().await;
        let answer = sent.map_err(|error| CallError::new(OPERATION, table, error))?;
        let described = answer.table.as_ref().and_then(described);
        let described = described.ok_or_else(|| CallError::incomplete(OPERATION, table, "table"))?;
        Ok(Table { time_to_live: self.time_to_live(table).await?, ..described })
    }

    async fn has_point_in_time_recovery(&self, table: &str) -> Result<bool, CallError> {
        let request = self.client.describe_continuous_backups();
        let sent = request.table_name(table).send().await;
        let answer = sent.map_err(|error| CallError::new("DescribeContinuousBackups", table, error))?;
        let status = answer
            .continuous_backups_description
            .and_then(|backups| backups.point_in_time_recovery_description)
            .and_then(|recovery| recovery.point_in_time_recovery_status);
        Ok(status == Some(PointInTimeRecoveryStatus::Enabled))
    }

    async fn time_to_live(&self, table: &str) -> Result<Option<String>, CallError> {
        let request = self.client.describe_time_to_live().table_name(table);
        let sent = request.send().await;
        let answer = sent.map_err(|error| CallError::new("DescribeTimeToLive", table, error))?;
        // A time to live that is being enabled deletes items soon.
        let on = answer.time_to_live_description.filter(|live| {
            matches!(live.time_to_live_status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling))
        });
        Ok(on.and_then(|live| live.attribute_name))
    }
}

impl DescribeTable for Tables {
    async fn describe(&self, table: &str) -> Result<Table, CallError> {
        let described = self.describe_without_recovery(table).await?;
        Ok(Table { point_in_time_recovery: self.has_point_in_time_recovery(table).await?, ..described })
    }
}

fn described(table: &TableDescription) -> Option<Table> {
    let mut keys: Vec<_> = table.key_schema().iter().collect();
    keys.sort_by_key(|part| *part.key_type() != KeyType::Hash);
    let own: Vec<String> = keys.iter().map(|part| part.attribute_name().to_owned()).collect();
    let index_keys = table.global_secondary_indexes().iter().flat_map(|index| index.key_schema());
    let index_keys = index_keys.chain(table.local_secondary_indexes().iter().flat_map(|index| index.key_schema()));
    Some(Table {
        name: table.table_name()?.to_owned(),
        arn: table.table_arn()?.to_owned(),
        status: table.table_status()?.as_str().to_owned(),
        index_keys: index_keys
            .filter_map(|part| Some((part.attribute_name().to_owned(), key_type(table, part)?)))
            .collect(),
        keys: own,
        items: count(table.item_count()),
        bytes: count(table.table_size_bytes()),
        time_to_live: None,
        point_in_time_recovery: false,
        write_limit: limit(
            table.provisioned_throughput().and_then(|units| units.write_capacity_units()),
            table.on_demand_throughput().and_then(|units| units.max_write_request_units()),
            table.warm_throughput().and_then(|units| units.write_units_per_second()),
        ),
        read_limit: limit(
            table.provisioned_throughput().and_then(|units| units.read_capacity_units()),
            table.on_demand_throughput().and_then(|units| units.max_read_request_units()),
            table.warm_throughput().and_then(|units| units.read_units_per_second()),
        ),
        replicas: table.replicas().len(),
        indexes: table.global_secondary_indexes().len() + table.local_secondary_indexes().len(),
        stream: table.stream_specification().is_some_and(|stream| stream.stream_enabled()),
    })
}

/// The units that a table accepts per second. An on-demand table has 0 provisioned units, and one without a maximum has -1 or
/// nothing there; every table has a warm throughput.
fn limit(provisioned: Option<i64>, maximum: Option<i64>, warm: Option<i64>) -> Option<u64> {
    let known = [provisioned, maximum, warm].into_iter().flatten().find(|units| *units > 0);
    known.and_then(|units| u64::try_from(units).ok())
}

/// The type of a key attribute as DynamoDB writes it: `S`, `N` or `B`.
fn key_type(table: &TableDescription, part: &KeySchemaElement) -> Option<String> {
    let mut definitions = table.attribute_definitions().iter();
    let definition = definitions.find(|definition| definition.attribute_name() == part.attribute_name())?;
    Some(definition.attribute_type().as_str().to_owned())
}

fn count(number: Option<i64>) -> u64 {
    number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0)
}
