//! The sample that the command reads: a few items from all over a table.

use std::collections::BTreeSet;
use tableshift_aws::dynamodb::items::to_sdk;
use tableshift_aws::dynamodb::scan::TableItems;
use tableshift_aws::session::table_sample::sample;
use tableshift_core::item::value::{Item, Value};
use tableshift_tests::Engines;

/// A table with this many items.
async fn table(engines: &Engines, name: &str, items: usize) -> TableItems {
    engines.create_table(name, "pk", None).await;
    for number in 0..items {
        let item = Item::from([("pk".into(), Value::s(format!("ITEM#{number}")))]);
        engines.dynamodb.put_item().table_name(name).set_item(Some(to_sdk(&item))).send().await.expect("written");
    }
    TableItems::new(engines.dynamodb.clone(), name)
}

#[tokio::test]
async fn a_sample_has_the_requested_size_and_no_item_twice() {
    let engines = Engines::start().await;
    let found = sample(&table(&engines, "many", 200).await, 20).await.expect("a sample");
    let different: BTreeSet<&Item> = found.iter().collect();
    assert!(found.len() <= 20 && different.len() == found.len());
    assert!(found.len() >= 15, "{} of 20 items, although there are 200", found.len());
}

#[tokio::test]
async fn a_sample_of_a_small_table_has_all_its_items_and_of_an_empty_one_none() {
    let engines = Engines::start().await;
    assert_eq!(sample(&table(&engines, "few", 3).await, 1000).await.expect("a sample").len(), 3);
    assert_eq!(sample(&table(&engines, "none", 0).await, 10).await.expect("a sample"), Vec::<Item>::new());
}
