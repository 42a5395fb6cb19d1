//! The items of a segment's journal in the order in which a roll-back goes through them, piece by piece.
//!
//! Items with one entry come first, object by object. Items that may have several entries come last, because all entries
//! of an item are tried together. Which items these are is known from the names of the objects.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::pin::pin;

use futures::TryStreamExt as _;

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
    /// The object that was read last, by line: the entries of items that have only one.
    read: Option<(ObjectName, Vec<Option<Entry>>)>,
}

impl<'b> Entries<'b> {
    /// With `all_repeated`, every item may have several entries.
    pub(crate) async fn of(journal: Journal<'b>, all_repeated: bool) -> Result<Self, RunFileError> {
        let objects: Vec<ObjectName> = match all_repeated {
            true => journal.objects().to_vec(),
            false => journal.objects_with_repeats().collect(),
        };
        let repeated = journal.entries_of(objects).try_fold(HashSet::new(), |mut keys, (_, entries)| async move {
            keys.extend(entries.iter().map(|entry| key_fingerprint(&entry.key)));
            Ok(keys)
        });
        let repeated = repeated.await?;
        Ok(Self { journal, repeated, places: None, read: None })
    }

    /// The objects of the journal.
    pub(crate) fn objects(&self) -> &[ObjectName] {
        self.journal.objects()
    }

    /// The items at this place.
    pub(crate) async fn piece(&mut self, place: &Place) -> Result<Piece, RunFileError> {
        match place {
            Place::Single { object, lines } => self.single(ObjectName::parse(object), *lines).await,
            Place::Repeated { key } => self.repeated(u128::from_str_radix(key, 16).ok()).await,
        }
    }

    async fn single(&mut self, begun: Option<ObjectName>, done: usize) -> Result<Piece, RunFileError> {
        // An object that has disappeared is reported as missing; the others are restored all the same.
        let object = self.journal.objects().iter().copied().find(|object| begun.is_none_or(|begun| *object >= begun));
        let Some(object) = object else { return Ok(Piece { items: Vec::new(), next: self.after_single() }) };
        let mut done = if begun == Some(object) { done } else { 0 };
        let (mut items, lines) = (Vec::new(), self.read(object).await?);
        while done < lines.len() && items.len() < MOST_ITEMS {
            items.extend(lines[done].clone().map(|entry| Restoration::of(vec![entry])));
            done += 1;
        }
        let all = lines.len();
        let following = self.journal.objects().iter().find(|next| **next > object);
        let next = match following {
            _ if done < all => Some(Place::Single { object: object.to_string(), lines: done }),
            Some(next) => Some(Place::Single { object: next.to_string(), lines: 0 }),
            None => self.after_single(),
        };
        Ok(Piece { items, next })
    }

    fn after_single(&self) -> Option<Place> {
        (!self.repeated.is_empty()).then(Place::before_repeated)
    }

    /// The lines of an object, with the entries of items that have no other entry.
    async fn read(&mut self, object: ObjectName) -> Result<&[Option<Entry>], RunFileError> {
        if self.read.as_ref().is_none_or(|(read, _)| *read != object) {
            let mut lines = self.journal.lines(object).await?;
            if !self.repeated.is_empty() {
                for line in &mut lines {
                    line.take_if(|entry| self.repeated.contains(&key_fingerprint(&entry.key)));
                }
            }
            self.read = Some((object, lines));
        }
        Ok(self.read.as_ref().map_or(&[], |(_, lines)| lines))
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
        let mut read = pin!(self.journal.entries_of(self.journal.objects().iter().copied()));
        while let Some((object, entries)) = read.try_next().await? {
            for entry in entries {
                let key = key_fingerprint(&entry.key);
                if self.repeated.contains(&key) {
                    places.entry(key).or_default().insert(object);
                }
            }
        }
        Ok(places)
    }
}
