//! Reading the journal of a segment: its objects in order, without the entries that were voided.
//!
//! Writing it does not belong here: only Migrate does.

use std::collections::HashSet;

use tableshift_aws::run_files::{RunFileError, load_journal};
use tableshift_aws::s3::{Bucket, ListObjects as _};
use tableshift_core::plan::keys;
use tableshift_core::write::journal::{Entry, Record};
use tableshift_core::write::journal_index::{Fingerprint, entry_fingerprint};
use tableshift_core::write::journal_object::ObjectName;

/// The journal of one segment, as it was when it was listed.
#[derive(Debug)]
pub struct Journal<'b> {
    bucket: &'b Bucket,
    prefix: String,
    objects: Vec<ObjectName>,
    /// The entries that were voided.
    voided: HashSet<Fingerprint>,
}

impl<'b> Journal<'b> {
    /// Lists the objects of a segment and reads the voids.
    pub async fn of(bucket: &'b Bucket, run: &str, segment: &str) -> Result<Self, RunFileError> {
        let prefix = keys::journal(run, segment);
        let listed = bucket.list(&prefix).await.map_err(RunFileError::Object)?;
        let named = listed.iter().filter_map(|key| ObjectName::parse(key.strip_prefix(&prefix)?));
        let mut objects: Vec<ObjectName> = named.collect();
        objects.sort_unstable();
        let mut journal = Self { bucket, prefix, objects, voided: HashSet::new() };
        for object in journal.objects_again() {
            let records = journal.records(object).await?;
            let voids = records.iter().filter_map(|record| match record {
                Record::Void(void) => Some(entry_fingerprint(&void.void, &void.key)),
                Record::Entry(_) => None,
            });
            journal.voided.extend(voids);
        }
        Ok(journal)
    }

    /// All objects, in the order of their sequence.
    pub fn objects(&self) -> &[ObjectName] {
        &self.objects
    }

    /// The objects that Migrate marked, because they have records for items that may have an earlier entry.
    fn objects_again(&self) -> Vec<ObjectName> {
        self.objects.iter().copied().filter(|object| object.again).collect()
    }

    /// The objects with entries for items that may have another entry: those that are marked so, and those of an attempt
    /// that was overtaken. A later attempt that began before such an object arrived has read its items again.
    pub fn objects_with_repeated_items(&self) -> Vec<ObjectName> {
        let is_overtaken = |object: &ObjectName| {
            let earlier = self.objects.iter().take_while(|other| other.sequence <= object.sequence);
            earlier.into_iter().any(|other| other.attempt > object.attempt)
        };
        self.objects.iter().copied().filter(|object| object.again || is_overtaken(object)).collect()
    }

    /// The entries of an object whose writes may have taken effect.
    pub async fn entries(&self, object: ObjectName) -> Result<Vec<Entry>, RunFileError> {
        let name = object.to_string();
        let entries = self.records(object).await?.into_iter().filter_map(|record| match record {
            Record::Entry(entry) => Some(entry),
            Record::Void(_) => None,
        });
        let is_void =
            |entry: &Entry| !self.voided.is_empty() && self.voided.contains(&entry_fingerprint(&name, &entry.key));
        Ok(entries.filter(|entry| !is_void(entry)).collect())
    }

    async fn records(&self, object: ObjectName) -> Result<Vec<Record>, RunFileError> {
        load_journal(self.bucket, &format!("{}{object}", self.prefix)).await
    }
}
