//! A segment's journal in the order in which a roll-back goes through it.

use tableshift_aws::run_files::{RunFileError, load_journal};
use tableshift_aws::s3::{Bucket, ListObjects as _};
use tableshift_core::plan::keys;
use tableshift_core::write::journal::Entry;
use tableshift_core::write::journal_index::RepeatedKeys;
use tableshift_segment::part::PartId;

pub(crate) struct Journal {
    /// The keys of its objects, latest page first.
    pub(crate) objects: Vec<String>,
    /// Which items have several entries.
    pub(crate) repeats: RepeatedKeys,
    /// The entries of those items.
    pub(crate) repeated: Vec<Entry>,
}

impl Journal {
    pub(crate) async fn read(bucket: &Bucket, id: &PartId) -> Result<Self, RunFileError> {
        let mut objects = bucket.list(&keys::journal(&id.run, &id.part)).await.map_err(RunFileError::Object)?;
        objects.sort_unstable_by(|a, b| b.cmp(a));
        let mut repeats = RepeatedKeys::default();
        for key in &objects {
            load_journal(bucket, key).await?.iter().for_each(|entry| repeats.add(&entry.key));
        }
        let mut repeated = Vec::new();
        if repeats.any() {
            for key in &objects {
                let entries = load_journal(bucket, key).await?;
                repeated.extend(entries.into_iter().filter(|entry| repeats.contains(&entry.key)));
            }
        }
        Ok(Self { objects, repeats, repeated })
    }
}
