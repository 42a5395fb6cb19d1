//! The top-level attributes that a migration reads or touches, and their values in one item.

use crate::item::value::{Item, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The top-level attributes that a migration reads, sets or removes. All its changes share one footprint, so that no change
/// stores attribute names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Footprint {
    /// Everything that is read or touched.
    pub(super) guarded: BTreeSet<String>,
    /// What may be set or removed.
    pub(super) touched: BTreeSet<String>,
    /// The index of each touched attribute within `guarded`.
    pub(super) places: Vec<usize>,
}

impl Footprint {
    /// The footprint of a migration that may set or remove `touched` and, to decide that, also reads `read`.
    pub fn new(touched: BTreeSet<String>, read: impl IntoIterator<Item = String>) -> Arc<Self> {
        let mut guarded = touched.clone();
        guarded.extend(read);
        let places = guarded.iter().enumerate().filter(|(_, name)| touched.contains(*name)).map(|(at, _)| at).collect();
        Arc::new(Self { guarded, touched, places })
    }

    /// The attributes that the migration reads, sets or removes. A write's condition guards them.
    pub fn guarded(&self) -> &BTreeSet<String> {
        &self.guarded
    }

    /// The attributes that the migration may set or remove.
    pub fn touched(&self) -> &BTreeSet<String> {
        &self.touched
    }

    /// The touched attributes of an item in the order of their names; `None` where the item has none.
    pub fn before(&self, item: &Item) -> Vec<Option<Value>> {
        self.touched.iter().map(|name| item.get(name).cloned()).collect()
    }
}

/// Some attributes of an item by name; `None` where the item does not have one.
pub type Image = BTreeMap<String, Option<Value>>;

/// The image of the attributes with these names.
pub fn image(item: &Item, names: &BTreeSet<String>) -> Image {
    names.iter().map(|name| (name.clone(), item.get(name).cloned())).collect()
}
