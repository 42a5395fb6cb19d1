//! What earlier attempts at the segment journaled and may not have counted.
//!
//! An attempt that is replaced in the middle of a page has perhaps written some of its items. The next attempt reads
//! the page again and finds them in the journal, so that it can count them as changed instead of already done.

use tableshift_aws::dynamodb::scan::Page;
use tableshift_aws::run_files::{RunFileError, load_journal};
use tableshift_aws::s3::ListObjects as _;
use tableshift_core::item::value::Item;
use tableshift_core::plan::keys;
use tableshift_core::write::journal_index::JournalIndex;
use tableshift_segment::part::Part;

use crate::Error;

/// The journal of earlier attempts, without the items of pages that are saved since.
pub(crate) struct Prior {
    index: JournalIndex,
    /// The page from which on they may have journaled items that are not counted.
    from: u64,
}

impl Prior {
    /// Reads what earlier attempts journaled.
    pub(crate) async fn of(part: &Part<'_>) -> Result<Self, Error> {
        let from = part.checkpoint.behind.unwrap_or(part.checkpoint.page);
        let index = read_index(part, from).await.map_err(Error::Journal)?;
        Ok(Self { index, from })
    }

    pub(crate) fn index(&self) -> &JournalIndex {
        &self.index
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Whether only these items are left in it.
    pub(crate) fn is_within<'k>(&self, keys: impl Iterator<Item = &'k Item>) -> bool {
        self.index.holds_only(keys)
    }

    /// The page from which on the next attempt has to read the journal, for the checkpoint. `None`: from its own page.
    pub(crate) fn behind(&self) -> Option<u64> {
        (!self.index.is_empty()).then_some(self.from)
    }

    /// The keys of a page's items, if they may be in it.
    pub(crate) fn keys_of(&self, page: &Page, part: &Part<'_>) -> Vec<Item> {
        match self.index.is_empty() {
            true => Vec::new(),
            false => page.items.iter().map(|item| part.plan.table.key_of(item)).collect(),
        }
    }

    /// Removes items that are now counted.
    pub(crate) fn forget(&mut self, keys: &[Item]) {
        keys.iter().for_each(|key| self.index.remove(key));
    }
}

/// Everything journaled for this page and later ones. Pages of earlier attempts may end at other items than those of
/// this attempt, so an item's page number does not matter.
async fn read_index(part: &Part<'_>, from: u64) -> Result<JournalIndex, RunFileError> {
    let mut index = JournalIndex::default();
    if part.checkpoint.attempt < 2 {
        return Ok(index);
    }
    let prefix = keys::journal(&part.id.run, &part.id.part);
    let first = format!("{prefix}{from:08}-");
    let keys = part.bucket.list(&prefix).await.map_err(RunFileError::Object)?;
    for key in keys.into_iter().filter(|key| *key >= first) {
        load_journal(part.bucket, &key).await?.iter().for_each(|entry| index.add(entry));
    }
    Ok(index)
}
