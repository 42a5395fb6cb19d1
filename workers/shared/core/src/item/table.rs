//! What a run knows of its table: keys, indexes, size and capacity, as DescribeTable told it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The facts of a table that plans and checks rest on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The table's name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its status; only an `ACTIVE` table is worked on.
    pub status: String,
    /// The names of its key attributes, partition key first.
    pub keys: Vec<String>,
    /// Index key attributes with the type that their index demands (`S`, `N` or `B`).
    pub index_keys: BTreeMap<String, String>,
    /// How many items it held at its last count, which AWS refreshes about every six hours.
    pub items: u64,
    /// Its size in bytes at that count.
    pub bytes: u64,
    /// The attribute that its time to live reads, if that is on.
    pub time_to_live: Option<String>,
    /// Whether point-in-time recovery is on.
    pub point_in_time_recovery: bool,
    /// How many replicas a global table has in other Regions.
    pub replicas: usize,
    /// How many global secondary indexes it has.
    pub indexes: usize,
    /// What it can take in write units a second, as far as it tells: provisioned, on-demand maximum, or warm.
    #[serde(default)]
    pub write_limit: Option<u64>,
    /// The same for read units.
    #[serde(default)]
    pub read_limit: Option<u64>,
    /// Whether its stream is on: every changed item then reaches its consumers.
    pub stream: bool,
}

impl Table {
    /// The key attributes of an item.
    pub fn key_of(&self, item: &crate::item::value::Item) -> crate::item::value::Item {
        self.keys.iter().filter_map(|name| item.get_key_value(name)).map(|(k, v)| (k.clone(), v.clone())).collect()
    }
}
