//! The trait that every migration implements, and what applying it to one item results in.
//!
//! Documents compile to an implementation ([`Compiled`](crate::language::compile::compiled::Compiled)); a migration written
//! in Rust implements the trait itself. Workers run both in the same way.

use crate::change::footprint::Footprint;
use crate::change::invalid::Invalid;
use crate::change::item_change::Change;
use crate::item::value::Item;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A migration: decides for one item at a time whether and how to change it.
///
/// The result must depend on the item alone: not on the clock, on randomness, or on another item. A dry run, a retry and
/// a verification would otherwise see different results.
pub trait Migration: Send + Sync {
    /// The id by which runs, the ledger and messages name the migration.
    fn id(&self) -> &str;

    /// Applies the migration to an item as it was read from the table.
    fn apply(&self, item: &Item) -> Outcome;

    /// The same as [`apply`](Self::apply), for an item that the caller no longer needs: its values may move into the change
    /// instead of being cloned.
    fn consume(&self, item: Item) -> Outcome {
        self.apply(&item)
    }

    /// The top-level attributes that the migration reads, sets or removes.
    fn footprint(&self) -> &Arc<Footprint>;

    /// Whether the migration's check holds for an item that the run has changed.
    fn check(&self, item: &Item) -> bool;

    /// The top-level attributes that [`check`](Self::check) reads: no more than the migration reads at all. If it reads only
    /// attributes that the migration touches, an item that is as the run left it and fails the check is the run's fault.
    fn check_reads(&self) -> &BTreeSet<String> {
        self.footprint().guarded()
    }
}

/// The result of applying a migration to one item.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// The migration does not apply to the item.
    NotMatched,
    /// The item already has the shape that the migration produces.
    AlreadyDone,
    /// The item needs this change.
    Changed(Change),
    /// The migration applies to the item but cannot change it.
    Invalid(Invalid),
}
