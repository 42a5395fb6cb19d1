//! Migrations written in Rust, for changes that the migration language cannot express.
//!
//! To add one: a module that implements [`Migration`](tableshift_core::change::migration::Migration), as [`phone_numbers`] does,
//! and an entry in [`REGISTRY`]. A run names it by its id, like any other migration, and the same workers dry-run, journal,
//! verify and roll it back. Like a document, it must not depend on the clock, on randomness or on another item, and its
//! reasons must not contain attribute values.

pub mod phone_numbers;

use tableshift_core::language::registry::{Registered, Registry};

/// The migrations in Rust that are part of this build.
pub const REGISTRY: Registry = Registry::of(&[Registered {
    id: phone_numbers::ID,
    description: "phone numbers as people write them become E.164, such as +16175550123",
    revision: 1,
    make: phone_numbers::make,
}]);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use tableshift_core::language::registry::Runnable;

    #[test]
    fn every_registered_migration_runs_under_its_own_id() {
        let ids: BTreeSet<&str> = REGISTRY.entries().iter().map(|entry| entry.id).collect();
        assert_eq!(ids.len(), REGISTRY.entries().len(), "two migrations share an id");
        for entry in REGISTRY.entries() {
            let document = REGISTRY.document(entry.id).expect("it is registered");
            assert!(Runnable::of(&document, &REGISTRY).is_ok() && (entry.make)().id() == entry.id, "{}", entry.id);
        }
    }
}
