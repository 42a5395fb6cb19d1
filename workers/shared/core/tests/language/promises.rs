//! The promises.

use crate::cases;
use crate::items::item;
use crate::migrations::migration;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{TestCaseError, TestRunner};
use std::collections::BTreeSet;
use tableshift_core::change::footprint::Image;
use tableshift_core::change::migration::{Migration as _, Outcome};
use tableshift_core::item::value::{Item, item_bytes};
use tableshift_core::language::compile::compiled::Compiled;
use tableshift_core::language::document::Document;
use tableshift_core::write::journal::{Record, decode, encode_changes};

fn put(item: &mut Item, image: &Image) {
    for (name, value) in image {
        match value {
            Some(value) => drop(item.insert(name.clone(), value.clone())),
            None => drop(item.remove(name)),
        }
    }
}

fn bits(item: &Item) -> String {
    serde_json::to_string(item).expect("plain data serialises")
}

fn compiled(migration: &serde_json::Value) -> Result<Compiled, TestCaseError> {
    let document = Document::from_json(migration).map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
    Compiled::of(&document).map_err(|_| TestCaseError::reject("it has no meaning"))
}

proptest! {
    #![proptest_config(ProptestConfig { max_global_rejects: 1_000_000, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn the_same_item_always_gives_the_same_outcome(document in migration(), item in item()) {
        let (once, again) = (compiled(&document)?, compiled(&document)?);
        prop_assert_eq!(once.apply(&item), again.apply(&item));
        prop_assert_eq!(once.apply(&item), once.consume(item.clone()));
    }

    #[test]
    fn what_is_undone_from_the_journal_is_as_it_was_to_the_bit(document in migration(), item in item()) {
        if let Outcome::Changed(change) = compiled(&document)?.apply(&item) {
            let key = Item::from([("pk".into(), item["pk"].clone())]);
            let journal = encode_changes([(&key, &change)].into_iter(), 1);
            let records = decode(&journal).expect("a journal");
            let [Record::Entry(entry)] = &records[..] else { panic!("one entry") };
            let mut now = change.applied_to(&item);
            prop_assert!(entry.is_as_written(&now) && !entry.is_as_before(&now));
            put(&mut now, &entry.before);
            prop_assert_eq!(bits(&now), bits(&item));
        }
    }

    #[test]
    fn what_is_not_touched_stays_as_it_is_and_what_decides_is_guarded(document in migration(), item in item()) {
        let migration = compiled(&document)?;
        let (touched, guarded) = (migration.footprint().touched(), migration.footprint().guarded());
        prop_assert!(touched.is_subset(guarded));
        if let Outcome::Changed(change) = migration.apply(&item) {
            let now = change.applied_to(&item);
            let names: BTreeSet<&String> = item.keys().chain(now.keys()).collect();
            for name in names.into_iter().filter(|name| !touched.contains(*name)) {
                prop_assert_eq!(item.get(name), now.get(name));
            }
            prop_assert_eq!(change.bytes, (item_bytes(&item), item_bytes(&now)));
            // What is guarded alone decides: an item without all else, but its key, is changed alike.
            let decides = |name: &String| guarded.contains(name) || name == "pk";
            let bare: Item = item.iter().filter(|(name, _)| decides(name)).map(|(n, v)| (n.clone(), v.clone())).collect();
            let Outcome::Changed(same) = migration.apply(&bare) else { panic!("other attributes decide") };
            prop_assert_eq!(same.image_after(), change.image_after());
        }
    }

    #[test]
    fn the_hash_of_a_document_does_not_depend_on_its_layout(document in migration()) {
        let read = Document::from_json(&document).expect("a document");
        let yaml = Document::from_yaml(&serde_json::to_string_pretty(&read).expect("plain data")).expect("JSON is YAML");
        prop_assert_eq!(read.hash(), yaml.hash());
    }
}

/// A property that is never put to the test shows nothing.
#[test]
fn what_is_generated_meets_every_promise_often() {
    let mut runner = TestRunner::deterministic();
    let (mut compiles, mut changed) = (0, 0);
    for _ in 0..1_500 {
        let document = migration().new_tree(&mut runner).expect("a migration").current();
        let item = item().new_tree(&mut runner).expect("an item").current();
        let Ok(migration) = compiled(&document) else { continue };
        compiles += 1;
        if let Outcome::Changed(_) = migration.apply(&item) {
            changed += 1;
        }
    }
    assert!(compiles > 700 && changed > 200, "{compiles} compile, {changed} change");
}
