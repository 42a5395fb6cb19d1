//! The items of a segment's journal in the order in which a roll-back goes through them, piece by piece.
//!
//! Items with one entry come first, object by object. Items that may have several entries come last, because all entries
//! of an item are tried together. Which items these are is known from the names of the objects.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tableshift_aws::run_files::RunFileError;
use tableshift_core::write::journal::Entry;
use tableshift_core::write::journal_index::{Fingerprint, key_fingerprint};
use tableshift_core::write::journal_object::ObjectName;
use tableshift_core::write::restore::Restoration;
use tableshift_core::write::roll_back_place::Place;
use tableshift_segment::journal::Journal;

/// The most items of a piece. After each, the checkpoint is saved.
const MOST_ITEMS: usize = 512;

/// The next items to restore, and where the roll-back continues after them.
pub(crate) struct Piece {
    pub(crate) items: Vec<Restoration>,
    pub(crate) next: Option<Place>,
}

/// The journal of a segment, read in pieces.
pub(crate) struct Entries<'b> {
    journal: Journal<'b>,
    /// The fingerprints of the keys that may have several entries.
    repeated: HashSet<Fingerprint>,
    /// The objects with entries of such keys; `None` until they are needed.
    places: Option<BTreeMap<Fingerprint, BTreeSet<ObjectName>>>,
    /// The object that was read last, with the entries of items that have only one.
    read: Option<(ObjectName, Vec<Entry>)>,
}

impl<'b> Entries<'b> {
    pub(crate) async fn of(journal: Journal<'b>) -> Result<Self, RunFileError> {
        let mut repeated = HashSet::new();
        for object in journal.objects_with_repeated_items() {
            repeated.extend(journal.entries(object).await?.iter().map(|entry| key_fingerprint(&entry.key)));
        }
        Ok(Self { journal, repeated, places: None, read: None })
    }

    /// The sequences of the stored objects that are no longer there.
    pub(crate) fn objects(&self) -> &[ObjectName] {
        self.journal.objects()
    }

    /// The items at this place.
    pub(crate) async fn piece(&mut self, place: &Place) -> Result<Piece, RunFileError> {
        match place {
            Place::Single { object, entries } => self.single(object, *entries).await,
            Place::Repeated { key } => self.repeated(u128::from_str_radix(key, 16).ok()).await,
        }
    }

    async fn single(&mut self, object: &str, done: usize) -> Result<Piece, RunFileError> {
        let object = match ObjectName::parse(object) {
            Some(object) => Some(object),
            None => self.journal.objects().first().copied(),
        };
        let Some(object) = object else { return Ok(Piece { items: Vec::new(), next: self.after_single() }) };
        let entries = self.read(object).await?;
        let items: Vec<Restoration> =
            entries.iter().skip(done).take(MOST_ITEMS).map(|entry| Restoration::of(vec![entry.clone()])).collect();
        let (done, all) = (done + items.len(), entries.len());
        let following = self.journal.objects().iter().find(|next| **next > object);
        let next = match following {
            _ if done < all => Some(Place::Single { object: object.to_string(), entries: done }),
            Some(next) => Some(Place::Single { object: next.to_string(), entries: 0 }),
            None => self.after_single(),
        };
        Ok(Piece { items, next })
    }

    fn after_single(&self) -> Option<Place> {
        (!self.repeated.is_empty()).then(Place::before_repeated)
    }

    /// The entries of an object whose items have no other entry.
    async fn read(&mut self, object: ObjectName) -> Result<&[Entry], RunFileError> {
        if self.read.as_ref().is_none_or(|(read, _)| *read != object) {
            let mut entries = self.journal.entries(object).await?;
            if !self.repeated.is_empty() {
                entries.retain(|entry| !self.repeated.contains(&key_fingerprint(&entry.key)));
            }
            self.read = Some((object, entries));
        }
        Ok(self.read.as_ref().map_or(&[], |(_, entries)| entries))
    }

    async fn repeated(&mut self, after: Option<Fingerprint>) -> Result<Piece, RunFileError> {
        let places = match self.places.take() {
            Some(places) => places,
            None => self.find_repeated().await?,
        };
        let begun = places.iter().filter(|(key, _)| after.is_none_or(|after| **key > after));
        let keys: BTreeMap<&Fingerprint, &BTreeSet<ObjectName>> = begun.take(MOST_ITEMS).collect();
        let mut entries: BTreeMap<Fingerprint, Vec<Entry>> = BTreeMap::new();
        for object in keys.values().flat_map(|objects| objects.iter()).collect::<BTreeSet<_>>() {
            for entry in self.journal.entries(*object).await? {
                let key = key_fingerprint(&entry.key);
                if keys.contains_key(&key) {
                    entries.entry(key).or_default().push(entry);
                }
            }
        }
        let last = keys.keys().next_back().map(|key| **key);
        let more = last.is_some_and(|last| places.keys().next_back().is_some_and(|key| *key > last));
        let next = last.filter(|_| more).map(|last| Place::Repeated { key: format!("{last:032x}") });
        self.places = Some(places);
        Ok(Piece { items: entries.into_values().map(Restoration::of).collect(), next })
    }

    async fn find_repeated(&self) -> Result<BTreeMap<Fingerprint, BTreeSet<ObjectName>>, RunFileError> {
        let mut places: BTreeMap<Fingerprint, BTreeSet<ObjectName>> = BTreeMap::new();
        for object in self.journal.objects() {
            for entry in self.journal.entries(*object).await? {
                let key = key_fingerprint(&entry.key);
                if self.repeated.contains(&key) {
                    places.entry(key).or_default().insert(*object);
                }
            }
        }
        Ok(places)
    }
}
