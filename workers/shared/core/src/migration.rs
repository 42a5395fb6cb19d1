//! A migration as workers see it: apply it to an item, get an outcome.
//!
//! Documents compile to it ([`Compiled`](crate::language::compiled::Compiled)); a migration written in Rust implements
//! the same trait, and workers run both alike.

use crate::filter::Filter;
use crate::table::Table;
use crate::value::{Item, Value, item_bytes, value_bytes};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use thiserror::Error;

/// What a migration makes of one item. Nothing here may depend on the clock, on chance or on another item.
pub trait Migration: Send + Sync {
    /// The migration's id.
    fn id(&self) -> &str;

    /// What applying it to this item, as read, comes to.
    fn apply(&self, item: &Item) -> Outcome;

    /// The top-level attributes that it concerns.
    fn scope(&self) -> &Arc<Scope>;

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
        /// The step's number, from 1.
        step: usize,
        /// What went wrong.
        reason: String,
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
    /// DynamoDB refused the write; the text is its validation message.
    #[error("DynamoDB refused the write: {0}")]
    Refused(String),
}

/// The top-level attributes that a migration concerns. All its changes share it, so none of them holds a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    guarded: BTreeSet<String>,
    touched: BTreeSet<String>,
    /// Where each touched attribute stands among the guarded ones.
    places: Vec<usize>,
}

impl Scope {
    /// The scope of a migration that may set or remove `touched` and decides it by reading `read` as well.
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

    /// What it may set or remove.
    pub fn touched(&self) -> &BTreeSet<String> {
        &self.touched
    }
}

/// A change of one item: the touched top-level attributes before and after, and what else was read to decide it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    scope: Arc<Scope>,
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
    pub fn between(read: &Item, mut changed: Item, scope: &Arc<Scope>) -> Option<Self> {
        if scope.touched.iter().all(|name| read.get(name) == changed.get(name)) {
            return None;
        }
        let before = item_bytes(read);
        let bytes_of = |item: &Item| attributes_bytes(item, &scope.touched);
        let bytes = (before, before - bytes_of(read) + bytes_of(&changed));
        let after = scope.touched.iter().map(|name| match (read.get(name), changed.remove(name)) {
            (None, None) => None,
            (Some(_), None) => Some(After::Removed),
            (before, Some(value)) => (before != Some(&value)).then_some(After::Set(value)),
        });
        let after = after.collect();
        let read = scope.guarded.iter().map(|name| read.get(name).cloned()).collect();
        Some(Self { scope: Arc::clone(scope), read, after, bytes })
    }

    /// Every attribute that was read or may be touched, as it was read: what must still hold when the write lands.
    pub fn guard(&self) -> impl Iterator<Item = (&String, Option<&Value>)> + Clone {
        self.scope.guarded.iter().zip(self.read.iter().map(Option::as_ref))
    }

    /// Every attribute that the migration may touch, before.
    pub fn before(&self) -> impl ExactSizeIterator<Item = (&String, Option<&Value>)> {
        let before = self.scope.places.iter().map(|place| self.read[*place].as_ref());
        self.scope.touched.iter().zip(before)
    }

    /// Every attribute that the migration may touch, after.
    pub fn after(&self) -> impl ExactSizeIterator<Item = (&String, Option<&Value>)> {
        let after = self.after.iter().zip(&self.scope.places).map(|(after, place)| match after {
            Some(after) => after.value(),
            None => self.read[*place].as_ref(),
        });
        self.scope.touched.iter().zip(after)
    }

    /// The touched attributes after, by name.
    pub fn image_after(&self) -> Image {
        self.after().map(|(name, value)| (name.clone(), value.cloned())).collect()
    }

    /// The attributes that differ, with their value after: what the update sets or removes.
    pub fn delta(&self) -> impl Iterator<Item = (&String, Option<&Value>)> + Clone {
        let differing = self.scope.touched.iter().zip(&self.after);
        differing.filter_map(|(name, after)| Some((name, after.as_ref()?.value())))
    }

    /// Whether an item's touched attributes are as this change leaves them.
    pub fn is_made(&self, item: &Item) -> bool {
        self.after().all(|(name, value)| item.get(name) == value)
    }

    /// The write units of this change.
    pub fn write_units(&self) -> u64 {
        crate::value::write_units(self.bytes.0, self.bytes.1)
    }
}

fn attributes_bytes(item: &Item, names: &BTreeSet<String>) -> usize {
    names.iter().filter_map(|name| Some(name.len() + value_bytes(item.get(name)?))).sum()
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
        if change.bytes.1 > crate::value::MAX_ITEM_BYTES {
            return Some(Invalid::TooLarge { bytes: change.bytes.1 });
        }
        let set = change.after().filter_map(|(name, value)| Some((name, value?)));
        let mut broken =
            set.filter_map(|(name, value)| self.index_key(name, value).or_else(|| self.expiry(name, value)));
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
