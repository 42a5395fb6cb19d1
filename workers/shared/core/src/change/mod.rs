//! What a migration makes of one item: the [`Migration`](migration::Migration) trait, its outcomes and the change itself.
//!
//! How a document compiles to a migration is in [`language`](crate::language); how a change is sent to DynamoDB is in
//! [`write`](crate::write).

pub mod migration;
