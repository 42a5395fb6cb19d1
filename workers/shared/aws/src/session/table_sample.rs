//! Describes a table and reads a sample of its items, for the command. Nothing here writes.

use aws_config::{BehaviorVersion, SdkConfig};
use tableshift_core::item::value::Item;

use crate::clients::{retries, timeouts};
use crate::dynamodb::scan::{PageRequest, ScanSegment, TableItems};
use crate::dynamodb::tables::Tables;
use crate::error::CallError;

/// The clients of the command. Credentials and Region come from the environment or the profile, as in the AWS CLI.
#[derive(Debug, Clone)]
pub struct Shell {
    config: SdkConfig,
}

impl Shell {
    /// Reads the environment and the profile.
    pub async fn from_env() -> Self {
        let defaults = aws_config::defaults(BehaviorVersion::latest());
        Self { config: defaults.retry_config(retries()).timeout_config(timeouts()).load().await }
    }

    /// Describes tables.
    pub fn tables(&self) -> Tables {
        Tables::new(aws_sdk_dynamodb::Client::new(&self.config))
    }

    /// The items of a table.
    pub fn items(&self, table: &str) -> TableItems {
        TableItems::new(aws_sdk_dynamodb::Client::new(&self.config), table)
    }
}

/// The number of segments that a sample is taken from, so that it does not come from one place of the table.
const SEGMENTS: u32 = 16;

/// Reads at most `items` items, spread over the table: one page of each segment. If a segment has too few, the next ones give
/// more.
pub async fn sample(table: &impl ScanSegment, items: u32) -> Result<Vec<Item>, CallError> {
    let mut found = Vec::new();
    for segment in 0..SEGMENTS {
        let left = items.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let limit = Some(left.div_ceil(SEGMENTS - segment));
        let request = PageRequest { segment, segments: SEGMENTS, cursor: None, consistent: false, filter: None, limit };
        found.extend(table.page(&request).await?.items);
    }
    Ok(found)
}
