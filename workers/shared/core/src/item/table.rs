//! What a run knows about its table: keys, indexes, size and capacity.

use crate::item::value::Item;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A table as plans and checks see it. Source: DynamoDB API reference, DescribeTable, DescribeContinuousBackups and
/// DescribeTimeToLive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The table's name, not its ARN.
    pub name: String,
    /// The table's ARN.
    pub arn: String,
    /// TableStatus; a run only works on an `ACTIVE` table.
    pub status: String,
    /// The names of the key attributes, partition key first.
    pub keys: Vec<String>,
    /// The key attributes of the indexes, each with the type that its index requires (`S`, `N` or `B`).
    pub index_keys: BTreeMap<String, String>,
    /// The number of items. AWS updates it about every six hours.
    pub items: u64,
    /// The size in bytes. AWS updates it about every six hours.
    pub bytes: u64,
    /// The attribute that holds the time to live; `None` if that is off.
    pub time_to_live: Option<String>,
    /// Whether point-in-time recovery is on.
    pub point_in_time_recovery: bool,
    /// The number of replicas in other Regions, if this is a global table.
    pub replicas: usize,
    /// The number of global secondary indexes.
    pub indexes: usize,
    /// The write units a second that the table can take: its provisioned throughput, on-demand maximum or warm throughput.
    /// `None` if DescribeTable returns none of them.
    #[serde(default)]
    pub write_limit: Option<u64>,
    /// The read units a second that the table can take, from the same sources as `write_limit`.
    #[serde(default)]
    pub read_limit: Option<u64>,
    /// Whether the table's stream is on. If so, its consumers receive every item that a run changes.
    pub stream: bool,
}

impl Table {
    /// The key attributes of an item, with their values.
    pub fn key_of(&self, item: &Item) -> Item {
        self.keys.iter().filter_map(|name| item.get_key_value(name)).map(|(k, v)| (k.clone(), v.clone())).collect()
    }
}
