//! A migration as workers see it: apply it to an item, get an outcome.
//!
//! Documents compile to it ([`Compiled`](crate::language::compiled::Compiled)); a migration written in Rust implements
//! the same trait, and workers run both alike.

use crate::filter::Filter;
use crate::table::Table;
use crate::value::{Item, Value, item_bytes, value_bytes};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// What a migration makes of one item. Nothing here may depend on the clock, on chance or on another item.
pub trait Migration: Send + Sync {
    /// The migration's id.
    fn id(&self) -> &str;

    /// What applying it to this item, as read, comes to.
    fn apply(&self, item: &Item) -> Outcome;

    /// The top-level attributes that it may read or touch: what a write's condition guards.
    fn guarded(&self) -> &BTreeSet<String>;

    /// The top-level attributes that it may set or remove.
    fn touched(&self) -> &BTreeSet<String>;

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

/// A change of one item: the touched top-level attributes before and after, and what else was read to decide it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Every attribute that the migration may touch, after.
    pub after: Image,
    /// Every attribute that was read or may be touched, as it was read: what must still hold when the write lands.
    pub guard: Image,
    /// The item's size before and after, in bytes.
    pub bytes: (usize, usize),
}

impl Change {
    /// The change from an item as read to the same item with other touched attributes, or `None` if nothing differs.
    /// `changed` need hold the touched attributes only. What is touched is guarded.
    pub fn between(
        read: &Item,
        mut changed: Item,
        touched: &BTreeSet<String>,
        guarded: &BTreeSet<String>,
    ) -> Option<Self> {
        if touched.iter().all(|name| read.get(name) == changed.get(name)) {
            return None;
        }
        let before = item_bytes(read);
        let bytes_of =
            |item: &Item| touched.iter().filter_map(|n| Some(n.len() + value_bytes(item.get(n)?))).sum::<usize>();
        let bytes = (before, before - bytes_of(read) + bytes_of(&changed));
        debug_assert!(touched.is_subset(guarded), "what is touched is guarded");
        let after = touched.iter().map(|name| (name.clone(), changed.remove(name))).collect();
        Some(Self { after, guard: image(read, guarded), bytes })
    }

    /// The attributes that differ, with their value after: what the update sets or removes.
    pub fn delta(&self) -> impl Iterator<Item = (&String, Option<&Value>)> {
        self.after
            .iter()
            .filter(|(name, after)| self.guard.get(*name) != Some(after))
            .map(|(name, v)| (name, v.as_ref()))
    }

    /// The touched attributes before, in the order of [`after`](Self::after).
    pub fn before(&self) -> impl ExactSizeIterator<Item = (&String, Option<&Value>)> {
        self.after.keys().map(|name| (name, self.guard.get(name).and_then(Option::as_ref)))
    }

    /// The write units of this change.
    pub fn write_units(&self) -> u64 {
        crate::value::write_units(self.bytes.0, self.bytes.1)
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
        if change.bytes.1 > crate::value::MAX_ITEM_BYTES {
            return Some(Invalid::TooLarge { bytes: change.bytes.1 });
        }
        let set = change.after.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
        set.filter_map(|(name, value)| self.index_key(name, value).or_else(|| self.expiry(name, value))).next()
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
