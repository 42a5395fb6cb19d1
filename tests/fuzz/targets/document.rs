//! Any string as a migration document: parsed, compiled, checked and applied.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;
use tableshift_core::language::compile::compiled::Compiled;
use tableshift_core::language::document::Document;
use tableshift_core::change::migration::Migration as _;
use tableshift_core::item::value::Item;

/// Items with an attribute of every type, under the names that the corpus uses.
static ITEMS: LazyLock<Vec<Item>> =
    LazyLock::new(|| serde_json::from_str(include_str!("items.json")).expect("items in DynamoDB JSON"));

fuzz_target!(|text: &str| {
    let Ok(document) = Document::from_yaml(text) else { return };
    let Ok(migration) = Compiled::of(&document) else { return };
    let _ = (migration.footprint(), document.hash());
    for item in ITEMS.iter() {
        assert_eq!(migration.apply(item), migration.consume(item.clone()));
    }
});
