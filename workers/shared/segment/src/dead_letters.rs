//! The pages of a run that takes only the dead letters of another run. Each object of dead letters is a page, and its
//! items are read one by one, as they are now.
//!
//! Writing dead letters does not belong here: that is part of counting a page.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashSet};

use futures::{StreamExt as _, TryStreamExt as _};
use tableshift_aws::dynamodb::get::ReadItem;
use tableshift_aws::dynamodb::scan::Page;
use tableshift_aws::error::CallError;
use tableshift_aws::run_files::{RunFileError, load_lines};
use tableshift_aws::s3::{Bucket, ListObjects as _};
use tableshift_core::item::value::{Item, Value};
use tableshift_core::plan::keys;
use tableshift_core::plan::phase::Phase;
use tableshift_core::write::counts::Finding;
use tableshift_core::write::journal_index::{Fingerprint, key_fingerprint};
use tableshift_runtime::Clock;

const READS_IN_FLIGHT: usize = 16;
/// The attribute of a cursor that holds the key of the last object that was read.
const OBJECT: &str = "object";

/// Why dead letters cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// The objects could not be listed or read.
    #[error("the dead letters could not be read")]
    File(#[source] RunFileError),
    /// The table did not answer.
    #[error("an item of the dead letters could not be read")]
    Table(#[source] CallError),
}

/// The dead letters of a run, as pages.
#[derive(Debug)]
pub struct DeadLetters {
    bucket: Bucket,
    objects: Vec<String>,
    clock: Clock,
    /// The keys that were read. Several objects may list an item, because a page that is repeated lists its items again.
    read: RefCell<HashSet<Fingerprint>>,
}

impl DeadLetters {
    /// Finds the objects that the Migrate phase of this run left, in order.
    pub async fn of(bucket: &Bucket, run: &str, clock: Clock) -> Result<Self, DeadLetterError> {
        let objects = bucket.list(&keys::dead_letters_of(run, Phase::Migrate)).await;
        let objects = objects.map_err(|error| DeadLetterError::File(RunFileError::Object(error)))?;
        Ok(Self { bucket: bucket.clone(), objects, clock, read: RefCell::default() })
    }

    /// The page after the cursor. Items that no longer exist are not in it, but their reads are.
    pub async fn next(&self, items: &impl ReadItem, cursor: Option<&Item>) -> Result<Page, DeadLetterError> {
        let read = cursor.and_then(|cursor| match cursor.get(OBJECT) {
            Some(Value::S(object)) => Some(object.as_str()),
            _ => None,
        });
        let mut left = self.objects.iter().filter(|object| read.is_none_or(|read| object.as_str() > read));
        let Some(object) = left.next() else {
            return Ok(Page::default());
        };
        let findings: Vec<Finding> = load_lines(&self.bucket, object).await.map_err(DeadLetterError::File)?;
        let is_new = |key: &Item| !self.read.borrow().contains(&key_fingerprint(key));
        let keys: BTreeSet<Item> = findings.into_iter().map(|finding| finding.key).filter(is_new).collect();
        let read_at = (self.clock)();
        let reads = futures::stream::iter(&keys).map(|key| items.read(key)).buffer_unordered(READS_IN_FLIGHT);
        let found: Vec<Option<Item>> = reads.try_collect().await.map_err(DeadLetterError::Table)?;
        self.read.borrow_mut().extend(keys.iter().map(key_fingerprint));
        let items: Vec<Item> = found.into_iter().flatten().collect();
        let cursor = left.next().map(|_| Item::from([(OBJECT.to_owned(), Value::s(object.as_str()))]));
        Ok(Page { units: keys.len() as f64, items, cursor, read_at })
    }
}
