//! What an attempt has read, journaled and counted, and what of it is saved.

use tableshift_core::write::journal_object::Stored;
use tableshift_segment::part::Part;

use crate::Error;
use crate::journal::{Journal, Journaled};
use crate::open_pages::OpenPages;
use crate::uncounted::Uncounted;

/// The account of one attempt at a segment.
pub(crate) struct Account {
    pub(crate) open: OpenPages,
    pub(crate) journal: Journal,
    pub(crate) uncounted: Uncounted,
}

impl Account {
    /// Continues at the part's checkpoint.
    pub(crate) async fn of(part: &Part<'_>) -> Result<Self, Error> {
        let uncounted = Uncounted::of(part).await?;
        Ok(Self { open: OpenPages::from(part.checkpoint.page), journal: Journal::of(part), uncounted })
    }

    /// Takes back the entry of a change that certainly did not take effect.
    pub(crate) fn void(&mut self, journaled: &Journaled) {
        self.journal.void(journaled);
        self.open.page(journaled.page()).tally.journal.not_written += 1;
    }

    /// Notes that a change may have taken effect although its condition failed: the item shows whether it did.
    pub(crate) fn note_unknown(&mut self, journaled: &Journaled) {
        self.uncounted.add(&journaled.entry());
        self.open.page(journaled.page()).keys.push(journaled.work().key.clone());
    }

    /// Saves the pages that are settled, in their order.
    pub(crate) async fn save(&mut self, part: &mut Part<'_>) -> Result<(), Error> {
        self.journal.flush(part.bucket).await?;
        let before = part.checkpoint.page;
        while let Some(page) = self.open.take_settled() {
            self.uncounted.forget(&page.keys);
            part.checkpoint.journal = self.stored(part.checkpoint.attempt);
            let invalid = page.tally.counts.invalid;
            part.finish_page(page.tally, page.cursor).await?;
            if let Some(invalid) = part.count_invalid(invalid).await? {
                return Err(Error::TooManyInvalid { invalid, tolerated: part.plan.invalid_items });
            }
        }
        if part.checkpoint.page == before {
            // This saves nothing new, but an attempt that was replaced finds out here.
            part.checkpoint.journal = self.stored(part.checkpoint.attempt);
            part.save().await?;
        }
        Ok(())
    }

    fn stored(&self, attempt: u64) -> Stored {
        let mut uncounted = self.uncounted.from();
        let next = self.journal.next();
        uncounted.push((attempt, self.open.first_object().unwrap_or(next)));
        Stored { next, uncounted }
    }
}
