//! The journal entries whose writes may have taken effect without being counted.
//!
//! An attempt that is replaced in the middle of a page has perhaps written some of its items. The next attempt reads
//! the page again and finds them in the journal, so that it can count them as changed instead of already done. The same
//! holds for a write of this attempt whose answer was lost.

use tableshift_aws::dynamodb::scan::Page;
use tableshift_aws::run_files::RunFileError;
use tableshift_core::item::value::Item;
use tableshift_core::write::journal::Entry;
use tableshift_core::write::journal_index::JournalIndex;
use tableshift_segment::journal::Journal;
use tableshift_segment::part::Part;

use crate::Error;

/// The entries whose items are not counted yet.
pub(crate) struct Uncounted {
    index: JournalIndex,
    /// Where they are: for each earlier attempt, its number and the sequence of its first object.
    from: Vec<(u64, u64)>,
}

impl Uncounted {
    /// Reads what earlier attempts journaled and did not count.
    pub(crate) async fn of(part: &Part<'_>) -> Result<Self, Error> {
        let mut uncounted = Self { index: JournalIndex::default(), from: Vec::new() };
        if part.checkpoint.attempt > 1 {
            uncounted.read(part).await.map_err(Error::Journal)?;
        }
        Ok(uncounted)
    }

    async fn read(&mut self, part: &Part<'_>) -> Result<(), RunFileError> {
        let journal = Journal::of(part.bucket, &part.id.run, &part.id.part).await?;
        for object in journal.objects().iter().filter(|object| part.checkpoint.journal.may_be_uncounted(**object)) {
            journal.entries(*object).await?.iter().for_each(|entry| self.index.add(entry));
            if !self.from.iter().any(|(attempt, _)| *attempt == object.attempt) {
                self.from.push((object.attempt, object.sequence));
            }
        }
        self.from.sort_unstable();
        Ok(())
    }

    pub(crate) fn index(&self) -> &JournalIndex {
        &self.index
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Where the entries of earlier attempts are, for the checkpoint.
    pub(crate) fn from(&self) -> Vec<(u64, u64)> {
        if self.is_empty() { Vec::new() } else { self.from.clone() }
    }

    /// The keys of a page's items, if they may be in it.
    pub(crate) fn keys_of(&self, page: &Page, part: &Part<'_>) -> Vec<Item> {
        match self.is_empty() {
            true => Vec::new(),
            false => page.items.iter().map(|item| part.plan.table.key_of(item)).collect(),
        }
    }

    /// Adds a write of this attempt whose answer was lost.
    pub(crate) fn add(&mut self, entry: &Entry) {
        self.index.add(entry);
    }

    /// Removes items that are now counted.
    pub(crate) fn forget(&mut self, keys: &[Item]) {
        keys.iter().for_each(|key| self.index.remove(key));
    }
}
