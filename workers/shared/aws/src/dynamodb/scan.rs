//! Reads a table with Scan, segment by segment and page by page.

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::operation::scan::ScanOutput;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use tableshift_core::item::value::Item;
use tableshift_core::write::wire::ScanAnswer;

use crate::dynamodb::items::{from_sdk, to_sdk};
use crate::dynamodb::scan_answer::TakeAnswer;
use crate::error::CallError;

/// The page to read.
#[derive(Debug, Clone, PartialEq)]
pub struct PageRequest<'a> {
    /// The segment, from 0.
    pub segment: u32,
    /// The number of segments of the table. A cursor is valid for the same number only.
    pub segments: u32,
    /// The end of the page before; `None` for the first page.
    pub cursor: Option<&'a Item>,
    /// Whether to read consistently: every write that was acknowledged before is seen, for twice the read units.
    pub consistent: bool,
    /// The most items to read; `None` for a page of 1 MB. Source: DynamoDB API reference, Scan.
    pub limit: Option<u32>,
}

/// A page of a segment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// The items.
    pub items: Vec<Item>,
    /// The read units that it consumed.
    pub units: f64,
    /// The end of the page, where the next one begins; `None` exactly at the end of the segment.
    pub cursor: Option<Item>,
    /// When it was requested, in epoch milliseconds; 0 if the caller has no clock.
    pub read_at: i64,
}

/// Reads pages of a segment; the tests replace it.
pub trait ScanSegment {
    /// Reads one page: at most 1 MB of items.
    async fn page(&self, request: &PageRequest<'_>) -> Result<Page, CallError>;
}

/// The items of one table: reads and writes them.
#[derive(Debug, Clone)]
pub struct TableItems {
    /// The client for reads.
    pub(crate) client: aws_sdk_dynamodb::Client,
    /// The client for writes.
    pub(crate) writes: aws_sdk_dynamodb::Client,
    pub(crate) table: String,
}

impl TableItems {
    /// The items of the table with this name. Reads are retried as the client does it. A write is sent once, because the
    /// caller has to know whether an earlier attempt may have taken effect.
    pub fn new(client: aws_sdk_dynamodb::Client, table: impl Into<String>) -> Self {
        let once = client.config().to_builder().retry_config(RetryConfig::disabled());
        let writes = aws_sdk_dynamodb::Client::from_conf(once.build());
        Self { client, writes, table: table.into() }
    }
}

impl ScanSegment for TableItems {
    async fn page(&self, request: &PageRequest<'_>) -> Result<Page, CallError> {
        let scan = self.client.scan().table_name(&self.table);
        let scan = scan.segment(whole(request.segment)).total_segments(whole(request.segments));
        let scan = scan.set_exclusive_start_key(request.cursor.map(to_sdk)).consistent_read(request.consistent);
        let scan = scan.set_limit(request.limit.map(whole));
        let answer = TakeAnswer::default();
        let scan = scan.return_consumed_capacity(ReturnConsumedCapacity::Total);
        let sent = scan.customize().interceptor(answer.clone()).send().await;
        let left = sent.map_err(|error| CallError::new("Scan", &self.table, error))?;
        Ok(answer.taken().map_or_else(|| decoded_by_sdk(left), Page::from))
    }
}

impl From<ScanAnswer> for Page {
    fn from(answer: ScanAnswer) -> Self {
        let units = answer.units();
        Self { units, cursor: answer.last_evaluated_key, items: answer.items, read_at: 0 }
    }
}

fn decoded_by_sdk(page: ScanOutput) -> Page {
    Page {
        units: page.consumed_capacity.and_then(|capacity| capacity.capacity_units).unwrap_or_default(),
        cursor: page.last_evaluated_key.map(from_sdk),
        items: page.items.unwrap_or_default().into_iter().map(from_sdk).collect(),
        read_at: 0,
    }
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
