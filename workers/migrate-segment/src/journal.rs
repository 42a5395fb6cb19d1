//! Writing the journal of a segment: nothing can be sent before its before-image is stored.
//!
//! [`Journal::append`] alone makes a [`Journaled`] of a [`Pending`], and the sender takes only the former.

use std::mem;

use tableshift_aws::run_files::store_journal;
use tableshift_aws::s3::Bucket;
use tableshift_core::item::value::Item;
use tableshift_core::plan::keys;
use tableshift_core::write::journal::{Entry, Record, Void, encode, encode_changes};
use tableshift_core::write::journal_index::JournalIndex;
use tableshift_core::write::journal_object::ObjectName;
use tableshift_core::write::judge::Work;
use tableshift_core::write::statement::{Statement, is_documented};
use tableshift_core::write::update::Update;
use tableshift_segment::part::Part;
use tableshift_segment::sender::ItemWrite;

use crate::Error;

/// A change to write. Its before-image is not in the journal yet.
pub(crate) struct Pending {
    /// The number of the page that its item was in.
    pub(crate) page: u64,
    pub(crate) work: Work,
    /// How often the item was written before and conflicted.
    pub(crate) round: u32,
}

/// A change whose before-image is in the journal.
pub(crate) struct Journaled {
    pending: Pending,
    object: ObjectName,
}

impl Journaled {
    /// The number of the page that its item was in.
    pub(crate) fn page(&self) -> u64 {
        self.pending.page
    }

    pub(crate) fn work(&self) -> &Work {
        &self.pending.work
    }

    /// The change to write instead. Its before-image is not in the journal yet.
    pub(crate) fn again(self, work: Work) -> Pending {
        Pending { page: self.pending.page, work, round: self.pending.round + 1 }
    }

    pub(crate) fn round(&self) -> u32 {
        self.pending.round
    }

    pub(crate) fn entry(&self) -> Entry {
        Entry::of(self.work().key.clone(), &self.work().change, 0)
    }
}

impl ItemWrite for Journaled {
    fn key(&self) -> &Item {
        &self.work().key
    }

    fn has_statement(&self) -> bool {
        is_documented(&self.work().key, &self.work().change)
    }

    fn statement(&self, table: &str) -> Statement<'_> {
        Statement::of_change(table, &self.work().key, &self.work().change)
    }

    fn update(&self, keys: &[String]) -> Update {
        Update::of_change(&self.work().change, keys)
    }

    fn units(&self) -> f64 {
        self.work().change.write_units() as f64
    }

    fn bytes(&self) -> usize {
        self.work().change.bytes.0.max(self.work().change.bytes.1)
    }

    fn is_fresh(&self) -> bool {
        self.round() > 0
    }
}

/// The journal of one segment, to which this attempt appends objects.
pub(crate) struct Journal {
    prefix: String,
    attempt: u64,
    /// The sequence of the next object.
    next: u64,
    /// Voids that are not stored yet.
    voids: Vec<Void>,
}

impl Journal {
    /// Continues the sequence at the part's checkpoint.
    pub(crate) fn of(part: &Part<'_>) -> Self {
        Self {
            prefix: keys::journal(&part.id.run, &part.id.part),
            attempt: part.checkpoint.attempt,
            next: part.checkpoint.journal.next,
            voids: Vec::new(),
        }
    }

    /// The sequence of the next object.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    /// Stores the before-images of changes to items that were read at `read_at`, in epoch milliseconds. Items that may
    /// have an earlier entry (those in `uncounted`, and those that are written again) go into an object of their own.
    pub(crate) async fn append(
        &mut self,
        bucket: &Bucket,
        pending: Vec<Pending>,
        read_at: i64,
        uncounted: &JournalIndex,
    ) -> Result<Vec<Journaled>, Error> {
        let is_again = |pending: &Pending| pending.round > 0 || uncounted.contains(&pending.work.key);
        let (again, first): (Vec<Pending>, Vec<Pending>) = pending.into_iter().partition(is_again);
        let mut journaled = self.store(bucket, first, read_at, false).await?;
        journaled.extend(self.store(bucket, again, read_at, true).await?);
        Ok(journaled)
    }

    /// Notes that a change certainly did not take effect. It is stored with the next object for items that are written
    /// again, or by [`flush`](Self::flush).
    pub(crate) fn void(&mut self, journaled: &Journaled) {
        self.voids.push(Void { void: journaled.object.to_string(), key: journaled.work().key.clone() });
    }

    /// Stores the voids that are not stored yet.
    pub(crate) async fn flush(&mut self, bucket: &Bucket) -> Result<(), Error> {
        match self.voids.is_empty() {
            true => Ok(()),
            false => self.store(bucket, Vec::new(), 0, true).await.map(drop),
        }
    }

    async fn store(
        &mut self,
        bucket: &Bucket,
        pending: Vec<Pending>,
        read_at: i64,
        again: bool,
    ) -> Result<Vec<Journaled>, Error> {
        let object = ObjectName { sequence: self.next, attempt: self.attempt, again };
        let voids: Vec<Record> = match again {
            true => mem::take(&mut self.voids).into_iter().map(Record::Void).collect(),
            false => Vec::new(),
        };
        if voids.is_empty() && pending.is_empty() {
            return Ok(Vec::new());
        }
        let changes = pending.iter().map(|pending| (&pending.work.key, &pending.work.change));
        let content = [encode(&voids), encode_changes(changes, read_at)].concat();
        store_journal(bucket, &format!("{}{object}", self.prefix), content).await.map_err(Error::Journal)?;
        self.next += 1;
        Ok(pending.into_iter().map(|pending| Journaled { pending, object }).collect())
    }
}
