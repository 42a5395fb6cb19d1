//! The pages of a run that takes only another run's dead letters: each object of findings is a page, and its items are
//! read one by one as they now are.

use futures::{StreamExt as _, TryStreamExt as _};
use tableshift_core::item::value::{Item, Value};
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::write::counts::Finding;

use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::Page;
use tableshift_aws::error::CallError;
use tableshift_aws::run_files::{RunFileError, load_lines};
use tableshift_aws::s3::{ListObjects, ReadObject};
use tableshift_runtime::Clock;

/// Items read at a time.
const READS_IN_FLIGHT: usize = 16;
/// The attribute of a cursor that holds the name of the object that was read last.
const OBJECT: &str = "object";

/// Why dead letters cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// Their objects did not come.
    #[error("the dead letters could not be read")]
    File(#[source] RunFileError),
    /// The table did not answer.
    #[error("an item of the dead letters could not be read")]
    Table(#[source] CallError),
}

/// Reads the dead letters of a run as pages.
#[derive(Debug)]
pub struct DeadLetters<'d, B, T> {
    bucket: &'d B,
    items: &'d T,
    objects: Vec<String>,
    clock: Clock,
}

impl<'d, B: ReadObject + ListObjects, T: ReadItem> DeadLetters<'d, B, T> {
    /// Finds the objects of the writing of this run, in order.
    pub async fn of(bucket: &'d B, items: &'d T, run: &str, clock: Clock) -> Result<Self, DeadLetterError> {
        let objects = bucket.list(&keys::dead_letters_of(run, Phase::Migrate)).await;
        let objects = objects.map_err(|error| DeadLetterError::File(RunFileError::Object(error)))?;
        Ok(Self { bucket, items, objects, clock })
    }

    /// The page after the cursor.
    pub async fn next(&self, cursor: Option<&Item>) -> Result<Page, DeadLetterError> {
        let read = cursor.and_then(|cursor| match cursor.get(OBJECT) {
            Some(Value::S(object)) => Some(object.as_str()),
            _ => None,
        });
        let mut left = self.objects.iter().filter(|object| read.is_none_or(|read| object.as_str() > read));
        let Some(object) = left.next() else {
            return Ok(Page::default());
        };
        let findings: Vec<Finding> = load_lines(self.bucket, object).await.map_err(DeadLetterError::File)?;
        let keys: std::collections::BTreeSet<Item> = findings.into_iter().map(|finding| finding.key).collect();
        let read_at = (self.clock)();
        let reads = futures::stream::iter(&keys).map(|key| self.items.read(key)).buffer_unordered(READS_IN_FLIGHT);
        let found: Vec<Option<Item>> = reads.try_collect().await.map_err(DeadLetterError::Table)?;
        let items: Vec<Item> = found.into_iter().flatten().collect();
        let cursor = left.next().map(|_| Item::from([(OBJECT.to_owned(), Value::s(object.as_str()))]));
        Ok(Page { scanned: items.len() as u64, units: keys.len() as f64, items, cursor, read_at })
    }
}
