//! The estimate of a run, from the table's size in DescribeTable. It assumes that every item changes; the dry run counts how
//! many really do.

use crate::item::table::Table;
use crate::item::value::write_units;
use serde::{Deserialize, Serialize};

/// The price of a million on-demand write units in us-east-1 since November 2024, in US dollars.
/// Source: AWS price list; prices differ by Region.
pub const USD_PER_MILLION_WRITE_UNITS: f64 = 0.625;
/// The price of a million on-demand read units in us-east-1 since November 2024, in US dollars. Source: AWS price list.
pub const USD_PER_MILLION_READ_UNITS: f64 = 0.125;

/// What a run is expected to consume.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The number of items in the table.
    pub items: u64,
    /// Write units for changing every item, including indexes and replicas.
    pub write_units: u64,
    /// Read units for migrating and verifying.
    pub read_units: u64,
    /// The cost of these units in US dollars at on-demand prices.
    pub cost_usd: f64,
}

impl Estimate {
    /// The estimate for migrating and verifying a whole table.
    pub fn of(table: &Table) -> Self {
        let average = table.bytes.checked_div(table.items).unwrap_or(0) as usize;
        // Which attributes an index projects is not known here, so every index counts.
        let copies = 1 + table.indexes as u64;
        let write_units = table.items * write_units(average, average) * copies * (1 + table.replicas as u64);
        // Migrating scans with eventual consistency: half a unit for 4 KB. Verifying scans consistently: one unit for 4 KB.
        let read_units = (table.bytes.div_ceil(4096) * 3).div_ceil(2);
        Self { items: table.items, write_units, read_units, cost_usd: cost_usd(write_units as f64, read_units as f64) }
    }
}

/// The cost of capacity units in US dollars at on-demand prices.
pub fn cost_usd(write_units: f64, read_units: f64) -> f64 {
    (write_units * USD_PER_MILLION_WRITE_UNITS + read_units * USD_PER_MILLION_READ_UNITS) / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_counts_every_index_and_replica_and_reads_the_table_one_and_a_half_times() {
        let table: Table = serde_json::from_value(serde_json::json!({
            "name": "t", "arn": "", "status": "ACTIVE", "keys": ["pk"], "index_keys": {}, "items": 100, "bytes": 102_400,
            "time_to_live": null, "point_in_time_recovery": false, "replicas": 1, "indexes": 2, "stream": false
        }))
        .unwrap();
        let estimate = Estimate::of(&table);
        assert_eq!((estimate.write_units, estimate.read_units), (100 * write_units(1024, 1024) * 3 * 2, 38));
        assert_eq!(estimate.cost_usd, cost_usd(estimate.write_units as f64, 38.0));
    }

    #[test]
    fn prices_are_for_a_million_units() {
        assert_eq!(cost_usd(1e6, 0.0), USD_PER_MILLION_WRITE_UNITS);
        assert_eq!(cost_usd(0.0, 2e6), 2.0 * USD_PER_MILLION_READ_UNITS);
    }
}
