//! What a run is expected to take, from what DescribeTable says of the table. It assumes that every item changes: the
//! dry run gives the true figure.

use crate::item::table::Table;
use serde::{Deserialize, Serialize};

/// US dollars a million on-demand write units, us-east-1, since November 2024.
/// Source: AWS price list; prices differ by Region.
pub const USD_PER_MILLION_WRITE_UNITS: f64 = 0.625;
/// US dollars a million on-demand read units, us-east-1.
pub const USD_PER_MILLION_READ_UNITS: f64 = 0.125;

/// An expectation, not a promise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Items in the table.
    pub items: u64,
    /// Write units, indexes and replicas included.
    pub write_units: u64,
    /// Read units of writing and verifying.
    pub read_units: u64,
    /// Cost in US dollars at on-demand prices.
    pub cost_usd: f64,
}

impl Estimate {
    /// The estimate for migrating and verifying a whole table.
    pub fn of(table: &Table) -> Self {
        let average = table.bytes.checked_div(table.items).unwrap_or(0) as usize;
        // What an index projects is not known here, so every index counts.
        let copies = 1 + table.indexes as u64;
        let write_units =
            table.items * crate::item::value::write_units(average, average) * copies * (1 + table.replicas as u64);
        // An eventually consistent Scan to migrate takes half a unit for 4 KB, a consistent one to verify a whole one.
        let read_units = (table.bytes.div_ceil(4096) * 3).div_ceil(2);
        Self { items: table.items, write_units, read_units, cost_usd: cost_usd(write_units as f64, read_units as f64) }
    }
}

/// The cost of units in US dollars at on-demand prices.
pub fn cost_usd(write_units: f64, read_units: f64) -> f64 {
    (write_units * USD_PER_MILLION_WRITE_UNITS + read_units * USD_PER_MILLION_READ_UNITS) / 1e6
}
