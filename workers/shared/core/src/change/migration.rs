//! A migration as workers see it: apply it to an item, get an outcome.
//!
//! Documents compile to it ([`Compiled`](crate::language::compile::compiled::Compiled)); a migration written in Rust implements
//! the same trait, and workers run both alike.

use crate::item::table::Table;
use crate::item::value::{Item, MAX_LEVELS, Value, item_bytes, levels, value_bytes};
use crate::language::expression::pushdown::Filter;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use thiserror::Error;

/// What a migration makes of one item. Nothing here may depend on the clock, on chance or on another item.
pub trait Migration: Send + Sync {
    /// The migration's id.
    fn id(&self) -> &str;

    /// What applying it to this item, as read, comes to.
    fn apply(&self, item: &Item) -> Outcome;

    /// The same for an item that nobody needs afterwards: its values may move into the change.
    fn consume(&self, item: Item) -> Outcome {
        self.apply(&item)
    }

    /// The top-level attributes that it concerns.
    fn footprint(&self) -> &Arc<Footprint>;

    /// What DynamoDB may leave out when it reads the table: items that are surely not to be changed and not invalid.
    fn filter(&self) -> Option<Filter>;

    /// Whether what must hold after the change holds for this item.
    fn check(&self, item: &Item) -> bool;
}

/// What applying a migration to an item comes to.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The item is not the migration's business.
    NotMatched,
    /// The item already is as the migration would leave it.
    AlreadyDone,
    /// The item is to be changed.
    Changed(Change),
    /// The item should be changed and cannot be.
    Invalid(Invalid),
}

/// Why an item that matches cannot be changed. No reason holds an attribute's value.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Invalid {
    /// `where` has no boolean result.
    #[error("where: {0}")]
    Where(String),
    /// A step cannot be carried out.
    #[error("step {step}: {reason}")]
    Step {
        /// The step's number, from 1; `2.1` is the first step within the second.
        step: String,
        /// What went wrong.
        reason: String,
    },
    /// One of several rules cannot be applied.
    #[error("rule {rule}: {reason}")]
    Rule {
        /// The rule's name, or its number from 1.
        rule: String,
        /// What went wrong.
        reason: Box<Invalid>,
    },
    /// `check` does not hold after the change.
    #[error("check does not hold after the change")]
    Check,
    /// `check` has no boolean result after the change.
    #[error("check: {0}")]
    CheckFails(String),
    /// The changed item would be larger than DynamoDB takes.
    #[error("the changed item would have {bytes} bytes, over DynamoDB's limit of 409600")]
    TooLarge {
        /// Its size in bytes.
        bytes: usize,
    },
    /// The changed attribute would hold lists and maps within each other deeper than DynamoDB takes.
    #[error("`{attribute}` would hold lists and maps in {levels} levels, over DynamoDB's limit of 32")]
    TooDeep {
        /// The attribute.
        attribute: String,
        /// How many levels it would have.
        levels: usize,
    },
    /// An index demands another type of its key attribute.
    #[error("`{attribute}` would be of type {found}, but it is an index key of type {wanted}")]
    IndexKeyType {
        /// The attribute.
        attribute: String,
        /// The type it would have.
        found: String,
        /// The type the index demands.
        wanted: String,
    },
    /// An index key may not be empty.
    #[error("`{attribute}` would be empty, but it is an index key")]
    IndexKeyEmpty {
        /// The attribute.
        attribute: String,
    },
    /// The changed item would be deleted by DynamoDB's time to live.
    #[error("`{attribute}` is the table's time to live and would be in the past: DynamoDB would delete the item")]
    ExpiresAtOnce {
        /// The attribute.
        attribute: String,
    },
    /// Applying the migration again would change the item again.
    #[error("the migration would change the item again: `where` must be false once an item is changed")]
    NotIdempotent,
    /// What a migration in Rust says of an item that it cannot change.
    #[error("{0}")]
    Unfit(&'static str),
    /// DynamoDB refused the write; the text is its validation message.
    #[error("DynamoDB refused the write: {0}")]
    Refused(String),
}

/// The top-level attributes that a migration concerns. All its changes share it, so none of them holds a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footprint {
    guarded: BTreeSet<String>,
    touched: BTreeSet<String>,
    /// Where each touched attribute stands among the guarded ones.
    places: Vec<usize>,
}

impl Footprint {
    /// The footprint of a migration that may set or remove `touched` and decides it by reading `read` as well.
    pub fn new(touched: BTreeSet<String>, read: impl IntoIterator<Item = String>) -> Arc<Self> {
        let mut guarded = touched.clone();
        guarded.extend(read);
        let places = guarded.iter().enumerate().filter(|(_, name)| touched.contains(*name)).map(|(at, _)| at).collect();
        Arc::new(Self { guarded, touched, places })
    }

    /// What it may read or touch: what a write's condition guards.
    pub fn guarded(&self) -> &BTreeSet<String> {
        &self.guarded
    }

    /// The touched attributes of an item, in order.
    pub fn before(&self, item: &Item) -> Vec<Option<Value>> {
        self.touched.iter().map(|name| item.get(name).cloned()).collect()
    }

    /// What it may set or remove.
    pub fn touched(&self) -> &BTreeSet<String> {
        &self.touched
    }
}

/// A change of one item: the touched top-level attributes before and after, and what else was read to decide it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    footprint: Arc<Footprint>,
    /// The guarded attributes as they were read, in order.
    read: Vec<Option<Value>>,
    /// The touched attributes after, in order; none where one stays as it was read.
    after: Vec<Option<After>>,
    /// The item's size before and after, in bytes.
    pub bytes: (usize, usize),
}

/// What becomes of a touched attribute.
#[derive(Debug, Clone, PartialEq)]
enum After {
    Removed,
    Set(Value),
}

impl After {
    fn value(&self) -> Option<&Value> {
        match self {
            Self::Removed => None,
            Self::Set(value) => Some(value),
        }
    }
}

impl Change {
    /// The change from an item as read to the same item with other touched attributes, or `None` if nothing differs.
    /// `changed` need hold the touched attributes only.
    pub fn between(read: &Item, mut changed: Item, footprint: &Arc<Footprint>) -> Option<Self> {
        let read_only = footprint.guarded.difference(&footprint.touched);
        changed.extend(read_only.filter_map(|name| read.get_key_value(name)).map(|(n, v)| (n.clone(), v.clone())));
        Self::of(footprint.before(read), changed, item_bytes(read), footprint)
    }

    /// The change from an item that had these touched attributes [before](Footprint::before) and so many bytes to what it
    /// is now, or `None` if nothing differs. `changed` need hold the guarded attributes only.
    pub fn of(before: Vec<Option<Value>>, mut changed: Item, bytes: usize, footprint: &Arc<Footprint>) -> Option<Self> {
        let now = footprint.touched.iter().map(|name| changed.get(name));
        if before.iter().map(Option::as_ref).eq(now) {
            return None;
        }
        let (mut less, mut more) = (0, 0);
        let mut after = Vec::with_capacity(before.len());
        for (name, was) in footprint.touched.iter().zip(&before) {
            let is = changed.remove(name);
            let size = |value: &Option<Value>| value.as_ref().map_or(0, |value| name.len() + value_bytes(value));
            (less, more) = (less + size(was), more + size(&is));
            after.push(match is {
                is if is == *was => None,
                Some(value) => Some(After::Set(value)),
                None => Some(After::Removed),
            });
        }
        let mut touched = footprint.places.iter().zip(before).peekable();
        let read = footprint.guarded.iter().enumerate().map(|(at, name)| {
            let before = touched.next_if(|(place, _)| **place == at);
            before.map_or_else(|| changed.remove(name), |(_, before)| before)
        });
        Some(Self {
            read: read.collect(),
            footprint: Arc::clone(footprint),
            after,
            bytes: (bytes, bytes - less + more),
        })
    }

    /// Every attribute that was read or may be touched, as it was read: what must still hold when the write lands.
    pub fn guard(&self) -> impl Iterator<Item = (&String, Option<&Value>)> + Clone {
        self.footprint.guarded.iter().zip(self.read.iter().map(Option::as_ref))
    }

    /// Every attribute that the migration may touch, before.
    pub fn before(&self) -> impl ExactSizeIterator<Item = (&String, Option<&Value>)> {
        let before = self.footprint.places.iter().map(|place| self.read[*place].as_ref());
        self.footprint.touched.iter().zip(before)
    }

    /// Every attribute that the migration may touch, after.
    pub fn after(&self) -> impl ExactSizeIterator<Item = (&String, Option<&Value>)> {
        let after = self.after.iter().zip(&self.footprint.places).map(|(after, place)| match after {
            Some(after) => after.value(),
            None => self.read[*place].as_ref(),
        });
        self.footprint.touched.iter().zip(after)
    }

    /// The touched attributes after, by name.
    pub fn image_after(&self) -> Image {
        self.after().map(|(name, value)| (name.clone(), value.cloned())).collect()
    }

    /// The attributes that differ, with their value after: what the update sets or removes.
    pub fn delta(&self) -> impl Iterator<Item = (&String, Option<&Value>)> + Clone {
        let differing = self.footprint.touched.iter().zip(&self.after);
        differing.filter_map(|(name, after)| Some((name, after.as_ref()?.value())))
    }

    /// The item as the write of this change leaves it: only what differs is sent.
    pub fn applied_to(&self, item: &Item) -> Item {
        let mut item = item.clone();
        for (name, value) in self.delta() {
            match value {
                Some(value) => drop(item.insert(name.clone(), value.clone())),
                None => drop(item.remove(name)),
            }
        }
        item
    }

    /// Whether an item's touched attributes are as this change leaves them.
    pub fn is_made(&self, item: &Item) -> bool {
        self.after().all(|(name, value)| item.get(name) == value)
    }

    /// The write units of this change.
    pub fn write_units(&self) -> u64 {
        crate::item::value::write_units(self.bytes.0, self.bytes.1)
    }
}

/// Some attributes of an item, by name: `None` where one is missing.
pub type Image = BTreeMap<String, Option<Value>>;

/// The image of these attributes of an item.
pub fn image(item: &Item, names: &BTreeSet<String>) -> Image {
    names.iter().map(|name| (name.clone(), item.get(name).cloned())).collect()
}

/// What the target table demands of a change beyond the migration's own meaning.
#[derive(Debug, Clone)]
pub struct TableRules {
    index_keys: BTreeMap<String, String>,
    time_to_live: Option<String>,
    /// The time that the run counts as now, in epoch seconds: the same for every worker of a run.
    now: i64,
}

impl TableRules {
    /// The rules of a table for a run that was planned at `now`, in epoch seconds.
    pub fn of(table: &Table, now: i64) -> Self {
        Self { index_keys: table.index_keys.clone(), time_to_live: table.time_to_live.clone(), now }
    }

    /// Why a change breaks a rule, if it does.
    pub fn broken_by(&self, change: &Change) -> Option<Invalid> {
        if change.bytes.1 > crate::item::value::MAX_ITEM_BYTES {
            return Some(Invalid::TooLarge { bytes: change.bytes.1 });
        }
        let set = change.after().filter_map(|(name, value)| Some((name, value?)));
        let mut broken = set.filter_map(|(name, value)| {
            self.index_key(name, value).or_else(|| self.expiry(name, value)).or_else(|| too_deep(name, value))
        });
        broken.next()
    }

    fn index_key(&self, attribute: &str, value: &Value) -> Option<Invalid> {
        let wanted = self.index_keys.get(attribute)?;
        if value.type_name() != wanted {
            return Some(Invalid::IndexKeyType {
                attribute: attribute.into(),
                found: value.type_name().into(),
                wanted: wanted.clone(),
            });
        }
        let empty = match value {
            Value::S(text) => text.is_empty(),
            Value::B(bytes) => bytes.0.is_empty(),
            _ => false,
        };
        empty.then(|| Invalid::IndexKeyEmpty { attribute: attribute.into() })
    }

    /// DynamoDB deletes items whose time to live, in epoch seconds, is past, but ignores times over five years ago.
    /// Source: DynamoDB developer guide, "Using time to live (TTL)".
    fn expiry(&self, attribute: &str, value: &Value) -> Option<Invalid> {
        const FIVE_YEARS: f64 = 5.0 * 365.25 * 86_400.0;
        if self.time_to_live.as_deref() != Some(attribute) {
            return None;
        }
        let Value::N(text) = value else { return None };
        let at: f64 = text.parse().ok()?;
        let now = self.now as f64;
        (at < now && at > now - FIVE_YEARS).then(|| Invalid::ExpiresAtOnce { attribute: attribute.into() })
    }
}

fn too_deep(attribute: &str, value: &Value) -> Option<Invalid> {
    let levels = levels(value);
    (levels > MAX_LEVELS).then(|| Invalid::TooDeep { attribute: attribute.into(), levels })
}
