//! What a command that a person runs may do: look at a table, and at some of its items. Nothing here writes.

use aws_config::{BehaviorVersion, SdkConfig};
use tableshift_core::item::value::Item;

use crate::clients::{retries, timeouts};
use crate::dynamodb::scan::{PageRequest, ScanSegment, TableItems};
use crate::dynamodb::tables::Tables;
use crate::error::CallError;

/// The edges of a person's shell. Credentials and Region come from where the AWS CLI looks for them: environment, then
/// the profile's files.
#[derive(Debug, Clone)]
pub struct Shell {
    config: SdkConfig,
}

impl Shell {
    /// The edges for this shell's environment.
    pub async fn from_env() -> Self {
        let defaults = aws_config::defaults(BehaviorVersion::latest());
        Self { config: defaults.retry_config(retries()).timeout_config(timeouts()).load().await }
    }

    /// Descriptions of tables.
    pub fn tables(&self) -> Tables {
        Tables::new(aws_sdk_dynamodb::Client::new(&self.config))
    }

    /// The items of a table.
    pub fn items(&self, table: &str) -> TableItems {
        TableItems::new(aws_sdk_dynamodb::Client::new(&self.config), table)
    }
}

/// Into how many parts a table is cut, so that a sample is not all from one place.
const PARTS: u32 = 16;

/// At most this many items, from all over a table: one page of each part, no longer than is wanted of it. The later parts
/// make up for what the earlier ones do not have.
pub async fn sample(table: &impl ScanSegment, items: u32) -> Result<Vec<Item>, CallError> {
    let mut found = Vec::new();
    for segment in 0..PARTS {
        let left = items.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let limit = Some(left.div_ceil(PARTS - segment));
        let request = PageRequest { segment, segments: PARTS, cursor: None, consistent: false, filter: None, limit };
        found.extend(table.page(&request).await?.items);
    }
    Ok(found)
}
