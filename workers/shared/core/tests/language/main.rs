//! What the migration language promises of every item and every migration, held by generated ones.
//!
//! `PROPTEST_CASES` says how many of each: 2,000 by default; a nightly run takes 100,000 or more.

mod items;
mod migrations;
mod promises;

/// How many cases a property is tried on.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2_000)
}
