//! How far a verification got, with the journaled items that it has read.
//!
//! The checkpoint in the ledger says how far the scan got, but not which journaled items it saw: that is a bit for each of
//! them. Without these bits, a later attempt could not tell an item that was never seen from one that an earlier attempt
//! counted, and would count the latter twice. So the bits are stored in the bucket, together with the counts, the cursor and
//! the page that belong to them: every few pages, after the scan, and at the end of each invocation.
//!
//! An attempt continues from what is stored, whatever the checkpoint says. After an orderly end both say the same. An attempt
//! that was killed leaves a checkpoint that is ahead, and the pages in between are read again; what is stored has no counts
//! of them. A late attempt can at worst store something older that is complete in itself.

use serde::{Deserialize, Serialize};
use tableshift_aws::run_files::{RunFileError, load, store};
use tableshift_core::item::value::Item;
use tableshift_core::plan::keys;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::counts::Tally;
use tableshift_core::write::journal_index::JournalIndex;
use tableshift_segment::part::Part;

/// The progress of a verification as it is stored.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Stored {
    epoch: u64,
    wave: Wave,
    page: u64,
    /// Where the scan continues; `None` if it is complete, or before the first page.
    cursor: Option<Item>,
    tally: Tally,
    /// The number of journaled items. The marks are of no use for a journal with another number.
    journaled: u64,
    /// The marks of the items that were read.
    read: String,
}

/// Continues from the stored progress, or from the beginning if nothing is stored. Without journaled items there are no
/// marks, so that the checkpoint is enough.
pub(crate) async fn resume(part: &mut Part<'_>, index: &mut JournalIndex) -> Result<(), RunFileError> {
    if part.checkpoint.page == 0 || part.checkpoint.done || index.is_empty() {
        return Ok(());
    }
    let stored: Option<Stored> = load(part.bucket, &keys::verification(&part.id.run, &part.id.part)).await?;
    let fits =
        |stored: &Stored| (stored.epoch, stored.wave, stored.journaled) == (part.id.epoch, part.id.wave, index.len());
    let Stored { page, cursor, tally, read, .. } = stored.filter(fits).unwrap_or_default();
    index.mark_read_again(&read);
    (part.checkpoint.page, part.checkpoint.cursor, part.checkpoint.tally) = (page, cursor, tally);
    Ok(())
}

/// Stores the progress.
pub(crate) async fn keep(part: &Part<'_>, index: &JournalIndex) -> Result<(), RunFileError> {
    if index.is_empty() {
        return Ok(());
    }
    let checkpoint = &part.checkpoint;
    let stored = Stored {
        epoch: part.id.epoch,
        wave: part.id.wave,
        page: checkpoint.page,
        cursor: checkpoint.cursor.clone(),
        tally: checkpoint.tally.clone(),
        journaled: index.len(),
        read: index.read_marks(),
    };
    store(part.bucket, &keys::verification(&part.id.run, &part.id.part), &stored).await
}
