//! What a command that a person runs may do: look at a table, and at some of its items. Nothing here writes.

use aws_config::{BehaviorVersion, SdkConfig};
use tableshift_core::value::Item;

use crate::clients::{retries, timeouts};
use crate::error::CallError;
use crate::items::from_sdk;
use crate::tables::Tables;

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

    /// Samples of one table's items.
    pub fn samples(&self, table: &str) -> Samples {
        Samples { client: aws_sdk_dynamodb::Client::new(&self.config), table: table.to_owned() }
    }
}

/// Samples of one table's items.
#[derive(Debug, Clone)]
pub struct Samples {
    client: aws_sdk_dynamodb::Client,
    table: String,
}

/// Reading a few items.
pub trait SampleItems {
    /// At most this many items, from all over the table: read-only, and never more than a page of each part.
    async fn sample(&self, items: u32) -> Result<Vec<Item>, CallError>;
}

/// Into how many parts a table is cut, so that a sample is not all from one place.
const PARTS: u32 = 16;

impl SampleItems for Samples {
    async fn sample(&self, items: u32) -> Result<Vec<Item>, CallError> {
        let mut found = Vec::new();
        // A part may be empty, so the later ones take what the earlier ones left.
        for part in 0..PARTS {
            let left = items.saturating_sub(u32::try_from(found.len()).unwrap_or(u32::MAX));
            if left == 0 {
                break;
            }
            found.extend(self.page(part, left.div_ceil(PARTS - part)).await?);
        }
        Ok(found)
    }
}

impl Samples {
    async fn page(&self, part: u32, limit: u32) -> Result<Vec<Item>, CallError> {
        let whole = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
        let scan = self.client.scan().table_name(&self.table).segment(whole(part)).total_segments(whole(PARTS));
        let sent = scan.limit(whole(limit)).send().await;
        let page = sent.map_err(|error| CallError::new("Scan", &self.table, error))?;
        Ok(page.items.unwrap_or_default().into_iter().map(from_sdk).collect())
    }
}
