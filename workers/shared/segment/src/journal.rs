//! Reading the journal of a segment: its objects in order, without the entries that were voided.
//!
//! Writing it does not belong here: only Migrate does.

use std::collections::HashSet;

use futures::{Stream, StreamExt as _, TryStreamExt as _};
use tableshift_aws::run_files::{RunFileError, load_journal};
use tableshift_aws::s3::{Bucket, ListObjects as _};
use tableshift_core::plan::keys;
use tableshift_core::write::journal::{Entry, Record};
use tableshift_core::write::journal_index::{Fingerprint, entry_fingerprint};
use tableshift_core::write::journal_object::ObjectName;

/// How many objects are read at a time.
const READS_IN_FLIGHT: usize = 8;

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
        let journal = Self { bucket, prefix, objects, voided: HashSet::new() };
        let again = journal.objects.iter().copied().filter(|object| object.again);
        let again =
            futures::stream::iter(again).map(|object| journal.records(object)).buffer_unordered(READS_IN_FLIGHT);
        let voids = again.try_fold(HashSet::new(), |mut voids, records| async move {
            voids.extend(records.iter().filter_map(|record| match record {
                Record::Void(void) => Some(entry_fingerprint(&void.void, &void.key)),
                Record::Entry(_) => None,
            }));
            Ok(voids)
        });
        let voided = voids.await?;
        Ok(Self { voided, ..journal })
    }

    /// All objects, in the order of their sequence.
    pub fn objects(&self) -> &[ObjectName] {
        &self.objects
    }

    /// The objects with entries of items that may have another entry: those that were stored for items that are written
    /// again, and those of an attempt that was replaced before it counted them. The attempt that replaced it continued at
    /// the same sequence or before, and may have listed the journal before they arrived.
    pub fn objects_with_repeats(&self) -> impl Iterator<Item = ObjectName> + '_ {
        // The objects are in the order of their sequence; of one sequence, the latest attempt comes last.
        let mut latest = 0;
        let mut of_sequence = self.objects.chunk_by(|one, other| one.sequence == other.sequence);
        let with_repeats = std::iter::from_fn(move || {
            let objects = of_sequence.next()?;
            latest = objects.iter().map(|object| object.attempt).fold(latest, u64::max);
            Some(objects.iter().copied().filter(move |object| object.again || object.attempt < latest))
        });
        with_repeats.flatten()
    }

    /// The entries of an object whose writes may have taken effect.
    pub async fn entries(&self, object: ObjectName) -> Result<Vec<Entry>, RunFileError> {
        Ok(self.lines(object).await?.into_iter().flatten().collect())
    }

    /// The entries of these objects whose writes may have taken effect, object by object in their order. Several objects are
    /// read at a time.
    pub fn entries_of<'j>(
        &'j self,
        objects: impl IntoIterator<Item = ObjectName, IntoIter: 'j>,
    ) -> impl Stream<Item = Result<(ObjectName, Vec<Entry>), RunFileError>> + 'j {
        let reads = futures::stream::iter(objects);
        reads.map(async |object| Ok((object, self.entries(object).await?))).buffered(READS_IN_FLIGHT)
    }

    /// The lines of an object, each with its entry if its write may have taken effect. The number of lines never changes,
    /// but a void that is stored late takes an entry away.
    pub async fn lines(&self, object: ObjectName) -> Result<Vec<Option<Entry>>, RunFileError> {
        let name = object.to_string();
        let is_void =
            |entry: &Entry| !self.voided.is_empty() && self.voided.contains(&entry_fingerprint(&name, &entry.key));
        let lines = self.records(object).await?.into_iter().map(|record| match record {
            Record::Entry(entry) => Some(entry).filter(|entry| !is_void(entry)),
            Record::Void(_) => None,
        });
        Ok(lines.collect())
    }

    async fn records(&self, object: ObjectName) -> Result<Vec<Record>, RunFileError> {
        load_journal(self.bucket, &format!("{}{object}", self.prefix)).await
    }
}
