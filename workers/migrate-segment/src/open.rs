//! Pages that are begun and not yet counted in.
//!
//! Writes of a hot partition key take their time, and the pages after theirs do not wait for them. A checkpoint tells of
//! whole pages and in their order, though: a page is counted in once all its items, and all those of the pages before it,
//! have an outcome. An attempt that takes over reads again what is not counted in, and finds in the journal what of it is
//! written.

use std::collections::VecDeque;

use tableshift_core::item::value::Item;
use tableshift_core::write::counts::Tally;

/// So many pages, or so many items, are begun and not counted in: so much is read again when a worker ends before its time.
const MOST: (usize, u64) = (64, 65_536);

/// A page that is begun.
#[derive(Debug, Default)]
pub(crate) struct OpenPage {
    /// What its items came to so far.
    pub(crate) tally: Tally,
    /// Where the page after it begins; `None`: it is the last.
    pub(crate) cursor: Option<Item>,
    /// The keys of its items, if an earlier attempt may have written some.
    pub(crate) keys: Vec<Item>,
    /// How many of its writes have no outcome yet.
    unsettled: usize,
}

impl OpenPage {
    pub(crate) fn new(tally: Tally, cursor: Option<Item>, keys: Vec<Item>) -> Self {
        Self { tally, cursor, keys, unsettled: 0 }
    }

    /// So many writes of the page are to come to something.
    pub(crate) fn expect(&mut self, writes: usize) {
        self.unsettled += writes;
    }

    /// A write of the page has come to something, and is counted.
    pub(crate) fn settle(&mut self) {
        self.unsettled -= 1;
    }
}

/// The pages that are begun, in their order.
#[derive(Debug)]
pub(crate) struct OpenPages {
    /// The number of the first of them, within the segment.
    first: u64,
    pages: VecDeque<OpenPage>,
    /// How many journal objects the latest page has.
    journaled: u32,
}

impl OpenPages {
    /// None yet; the next one has this number.
    pub(crate) fn from(first: u64) -> Self {
        Self { first, pages: VecDeque::new(), journaled: 0 }
    }

    /// Begins a page.
    pub(crate) fn begin(&mut self, page: OpenPage) {
        self.pages.push_back(page);
        self.journaled = 0;
    }

    /// The number of the page that was begun last.
    pub(crate) fn latest(&self) -> u64 {
        self.first + self.pages.len() as u64 - 1
    }

    /// The page with this number, which is open.
    pub(crate) fn page(&mut self, number: u64) -> &mut OpenPage {
        &mut self.pages[(number - self.first) as usize]
    }

    /// The number within the latest page of the next journal object.
    pub(crate) fn next_journal_object(&mut self) -> u32 {
        self.journaled += 1;
        self.journaled - 1
    }

    /// Whether no page may be begun before one is counted in.
    pub(crate) fn are_most(&self) -> bool {
        let items = || self.pages.iter().map(|page| page.tally.counts.scanned).sum::<u64>();
        self.pages.len() >= MOST.0 || items() >= MOST.1
    }

    /// The keys of their items, if an earlier attempt may have written some.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Item> {
        self.pages.iter().flat_map(|page| &page.keys)
    }

    /// Takes out the first page, if all its writes have come to something.
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
    fn pages_are_counted_in_in_their_order() {
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
    fn so_many_pages_or_so_many_items_are_open_at_most() {
        let page = |scanned| {
            let mut page = OpenPage::default();
            page.tally.counts.scanned = scanned;
            page
        };
        let mut open = OpenPages::from(0);
        (0..63).for_each(|_| open.begin(page(10)));
        assert!(!open.are_most());
        open.begin(page(10));
        assert!(open.are_most());
        let mut open = OpenPages::from(0);
        (0..2).for_each(|_| open.begin(page(32_768)));
        assert!(open.are_most());
    }

    #[test]
    fn journal_objects_are_numbered_within_the_page_that_is_at_work() {
        let mut open = OpenPages::from(0);
        open.begin(OpenPage::default());
        assert_eq!((open.next_journal_object(), open.next_journal_object()), (0, 1));
        open.begin(OpenPage::default());
        assert_eq!((open.latest(), open.next_journal_object()), (1, 0));
    }
}
