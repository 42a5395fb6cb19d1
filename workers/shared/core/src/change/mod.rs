//! What a migration does to one item: the [`Migration`](migration::Migration) trait, its outcomes, the change, and the
//! table's rules for it. How a document compiles to a migration belongs in [`language`](crate::language), how a change is
//! sent to DynamoDB in [`write`](crate::write).

pub mod filter;
pub mod footprint;
pub mod invalid;
pub mod item_change;
pub mod migration;
pub mod table_rules;
