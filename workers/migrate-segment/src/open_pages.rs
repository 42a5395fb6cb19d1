//! Pages that were begun and are not saved yet.
//!
//! Writes to a hot partition key take long, and later pages do not wait for them. The checkpoint, however, counts whole
//! pages in order: a page is saved once all its items, and all items of the pages before it, have an outcome. An
//! attempt that takes over reads the pages that are not saved again, and finds in the journal which of their items are
//! written.

use std::collections::VecDeque;

use tableshift_core::item::value::Item;
use tableshift_core::write::counts::Tally;

/// The most open pages, and items in them: this much is read again if a worker is killed.
const MOST: (usize, u64) = (64, 65_536);

/// A page that was begun.
#[derive(Debug, Default)]
pub(crate) struct OpenPage {
    /// The counts of its items so far.
    pub(crate) tally: Tally,
    /// Where the next page begins; `None`: it is the last page.
    pub(crate) cursor: Option<Item>,
    /// The keys of its items, if an earlier attempt may have written some.
    pub(crate) keys: Vec<Item>,
    /// The sequence of the first journal object that may have entries of it.
    first_object: u64,
    /// How many of its writes have no outcome yet.
    unsettled: usize,
}

impl OpenPage {
    pub(crate) fn new(tally: Tally, cursor: Option<Item>, keys: Vec<Item>, first_object: u64) -> Self {
        Self { tally, cursor, keys, first_object, unsettled: 0 }
    }

    /// Adds writes whose outcomes the page waits for.
    pub(crate) fn expect(&mut self, writes: usize) {
        self.unsettled += writes;
    }

    /// A write of the page has an outcome, and is counted.
    pub(crate) fn settle(&mut self) {
        self.unsettled -= 1;
    }
}

/// The open pages of a segment, in order.
#[derive(Debug)]
pub(crate) struct OpenPages {
    /// The number of the first one within the segment, from 0.
    first: u64,
    pages: VecDeque<OpenPage>,
}

impl OpenPages {
    /// No page yet; the first one will have this number.
    pub(crate) fn from(first: u64) -> Self {
        Self { first, pages: VecDeque::new() }
    }

    /// Begins a page.
    pub(crate) fn begin(&mut self, page: OpenPage) {
        self.pages.push_back(page);
    }

    /// The number of the page that was begun last.
    pub(crate) fn latest(&self) -> u64 {
        self.first + self.pages.len() as u64 - 1
    }

    /// The latest page.
    pub(crate) fn latest_page(&mut self) -> &mut OpenPage {
        self.page(self.latest())
    }

    /// The page with this number, which must be open.
    pub(crate) fn page(&mut self, number: u64) -> &mut OpenPage {
        &mut self.pages[(number - self.first) as usize]
    }

    /// The sequence of the first journal object that may have entries of an open page; `None`: no page is open.
    pub(crate) fn first_object(&self) -> Option<u64> {
        self.pages.front().map(|page| page.first_object)
    }

    /// Whether a page has to be saved before the next one is begun.
    pub(crate) fn are_full(&self) -> bool {
        let items = || self.pages.iter().map(|page| page.tally.counts.scanned).sum::<u64>();
        self.pages.len() >= MOST.0 || items() >= MOST.1
    }

    /// Removes the first page, if all its writes have an outcome.
    pub(crate) fn take_settled(&mut self) -> Option<OpenPage> {
        let settled = self.pages.pop_front_if(|page| page.unsettled == 0);
        self.first += u64::from(settled.is_some());
        settled
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_saved_in_order() {
        let mut open = OpenPages::from(7);
        for writes in [2, 0, 1] {
            open.begin(OpenPage::default());
            let latest = open.latest();
            open.page(latest).expect(writes);
        }
        assert!(open.take_settled().is_none(), "page 7 has writes without an outcome");
        open.page(9).settle();
        open.page(7).settle();
        assert!(open.take_settled().is_none());
        open.page(7).settle();
        assert_eq!(std::iter::from_fn(|| open.take_settled()).count(), 3);
        assert_eq!(open.first, 10);
    }

    #[test]
    fn the_number_of_open_pages_and_of_their_items_is_limited() {
        let page = |scanned| {
            let mut page = OpenPage::default();
            page.tally.counts.scanned = scanned;
            page
        };
        let mut open = OpenPages::from(0);
        (0..63).for_each(|_| open.begin(page(10)));
        assert!(!open.are_full());
        open.begin(page(10));
        assert!(open.are_full());
        let mut open = OpenPages::from(0);
        (0..2).for_each(|_| open.begin(page(32_768)));
        assert!(open.are_full());
    }

    #[test]
    fn the_oldest_open_page_says_where_uncounted_entries_begin() {
        let mut open = OpenPages::from(0);
        assert_eq!(open.first_object(), None);
        for first_object in [4, 7] {
            open.begin(OpenPage::new(Tally::default(), None, Vec::new(), first_object));
        }
        assert_eq!(open.first_object(), Some(4));
        open.take_settled();
        assert_eq!(open.first_object(), Some(7));
    }
}
