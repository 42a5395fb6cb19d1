//! Reading single items of a table consistently, at a pace and with patience for throttles.
//!
//! Which items are read, and what their state means, does not belong here.

use std::time::Duration;

use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::error::{CallError, Cause};
use tableshift_core::item::value::{Item, item_bytes, read_units};
use tokio::time::Instant;

use crate::pacer::Pacer;
use crate::part::Part;

/// The shortest wait after a throttled read.
const AFTER_THROTTLE: Duration = Duration::from_millis(200);
/// The read units that a read is expected to consume, until the size of its item is known.
const EXPECTED_UNITS: f64 = 1.0;

/// Reads single items. All reads of an invocation share one pace.
#[derive(Debug)]
pub struct ItemReader {
    pacer: Pacer,
    /// How long an item is read again while every attempt is throttled.
    patience: Duration,
}

impl ItemReader {
    /// Reads an item again for this long while every attempt is throttled.
    pub fn new(patience: Duration) -> Self {
        Self { pacer: Pacer::unlimited(), patience }
    }

    /// Reads an item, once its expected units are paid at the part's share of the read units. Returns it, or `None` if it
    /// does not exist, and the read units that this consumed.
    pub async fn read(
        &self,
        items: &impl ReadItem,
        key: &Item,
        part: &Part<'_>,
    ) -> Result<(Option<Item>, f64), CallError> {
        let begun = Instant::now();
        self.pacer.set_rate(part.read_share());
        self.pacer.charge(EXPECTED_UNITS);
        loop {
            tokio::time::sleep(self.pacer.wait()).await;
            match items.read(key).await {
                Ok(found) => {
                    let units = read_units(found.as_ref().map_or(0, item_bytes)) as f64;
                    self.pacer.charge(units - EXPECTED_UNITS);
                    return Ok((found, units));
                }
                Err(error) if error.cause == Cause::Throttled && begun.elapsed() < self.patience => {
                    self.pacer.throttle();
                    part.count_throttle(error.reason);
                    tokio::time::sleep(AFTER_THROTTLE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }
}
