//! Reading a table segment by segment, page by page.

use aws_sdk_dynamodb::operation::scan::ScanOutput;
use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use tableshift_core::item::value::Item;
use tableshift_core::write::wire::ScanAnswer;

use crate::dynamodb::items::{from_sdk, to_sdk, value_to_sdk};
use crate::dynamodb::scan_answer::TakeAnswer;
use crate::error::CallError;

/// Which page to read.
#[derive(Debug, Clone, PartialEq)]
pub struct PageRequest<'a> {
    /// The segment, from 0.
    pub segment: u32,
    /// Into how many segments the table is cut; a cursor is only good for the same number.
    pub segments: u32,
    /// Where the page before ended; `None` for the first.
    pub cursor: Option<&'a Item>,
    /// Whether to see every write that was acknowledged before; twice the read units.
    pub consistent: bool,
    /// Which items DynamoDB may leave out.
    pub filter: Option<&'a Filter>,
    /// The most items to read, those that are left out included; without it a page holds 1 MB.
    pub limit: Option<u32>,
}

pub use tableshift_core::change::filter::Filter;

/// A page of a segment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    /// Its items.
    pub items: Vec<Item>,
    /// How many items were read, those that the filter left out included.
    pub scanned: u64,
    /// Read units consumed.
    pub units: f64,
    /// Where it ended; `None` at the end of the segment, and only there.
    pub cursor: Option<Item>,
    /// When it was asked for, in epoch milliseconds; what asks without a clock leaves it 0.
    pub read_at: i64,
}

/// Reading a segment.
pub trait ScanSegment {
    /// One page: at most 1 MB of items.
    async fn page(&self, request: &PageRequest<'_>) -> Result<Page, CallError>;
}

/// The items of one table.
#[derive(Debug, Clone)]
pub struct TableItems {
    pub(crate) client: aws_sdk_dynamodb::Client,
    pub(crate) table: String,
}

impl TableItems {
    /// The items of the table with this name.
    pub fn new(client: aws_sdk_dynamodb::Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

impl ScanSegment for TableItems {
    async fn page(&self, request: &PageRequest<'_>) -> Result<Page, CallError> {
        let scan = self.client.scan().table_name(&self.table);
        let scan = scan.segment(whole(request.segment)).total_segments(whole(request.segments));
        let scan = scan.set_exclusive_start_key(request.cursor.map(to_sdk)).consistent_read(request.consistent);
        let scan = scan.set_limit(request.limit.map(whole));
        let scan = match request.filter {
            None => scan,
            Some(filter) => {
                let values = filter.values.iter().map(|(name, value)| (name.clone(), value_to_sdk(value)));
                scan.filter_expression(&filter.expression)
                    .set_expression_attribute_names(Some(filter.names.clone().into_iter().collect()))
                    // DynamoDB refuses an empty map of values.
                    .set_expression_attribute_values((!filter.values.is_empty()).then(|| values.collect()))
            }
        };
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
        Self {
            scanned: answer.scanned_count,
            units,
            cursor: answer.last_evaluated_key,
            items: answer.items,
            read_at: 0,
        }
    }
}

fn decoded_by_sdk(page: ScanOutput) -> Page {
    Page {
        scanned: u64::try_from(page.scanned_count).unwrap_or_default(),
        units: page.consumed_capacity.and_then(|capacity| capacity.capacity_units).unwrap_or_default(),
        cursor: page.last_evaluated_key.map(from_sdk),
        items: page.items.unwrap_or_default().into_iter().map(from_sdk).collect(),
        read_at: 0,
    }
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
