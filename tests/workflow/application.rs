//! An application that keeps writing during a run, and remembers what every item must contain afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use tableshift_aws::dynamodb::items::to_sdk;
use tableshift_core::item::value::{Item, Value};

use crate::table::Table;

/// Code from before the migration that still runs: it inserts items in the old shape until `stop` is set.
pub async fn old_code(table: &Table<'_>, stop: &AtomicBool) -> Vec<Item> {
    let mut inserted = Vec::new();
    let template = tableshift_tests::old_items(1).remove(0);
    while !stop.load(Ordering::Relaxed) {
        let mut item = template.clone();
        item.insert("pk".into(), Value::s(format!("late-{:06}", inserted.len())));
        let put = table.stack.dynamodb.put_item().table_name(&table.name).set_item(Some(to_sdk(&item)));
        put.send().await.expect("the item is put");
        inserted.push(item);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    inserted
}

/// Code that knows both shapes. It counts hits in an attribute that the migration ignores, changes an attribute that the
/// migration reads, deletes items and inserts new ones, as fast as the table responds.
#[derive(Debug, Default)]
pub struct Application {
    /// How often each item was hit.
    pub hits: BTreeMap<String, u64>,
    /// The last address of each item.
    pub moved: BTreeMap<String, String>,
    /// The items that were deleted.
    pub deleted: BTreeSet<String>,
    /// The items that were inserted.
    pub inserted: BTreeSet<String>,
}

impl Application {
    /// Works on this many items, one after the other, until `stop` is set.
    pub async fn work(&mut self, table: &Table<'_>, items: usize, stop: &AtomicBool) {
        let mut round = 0;
        while !stop.load(Ordering::Relaxed) {
            let pk = format!("person-{:06}", (round * 7) % items);
            match round % 5 {
                0 if round % 15 == 0 => self.delete(table, pk).await,
                1 => self.relocate(table, pk, round).await,
                2 => self.insert(table, format!("new-{round:06}")).await,
                _ => self.hit(table, pk).await,
            }
            round += 1;
        }
    }

    /// Fails unless the table has everything that the application wrote, and nothing that it deleted.
    pub fn finds_its_writes_in(&self, items: &[Item]) {
        let items: BTreeMap<&Value, &Item> = items.iter().map(|item| (&item["pk"], item)).collect();
        let found = |pk: &String| items.get(&Value::s(pk)).copied();
        for (pk, hits) in self.hits.iter().filter(|(pk, _)| !self.deleted.contains(*pk)) {
            assert_eq!(found(pk).and_then(|item| item.get("hits")), Some(&Value::n(hits.to_string())), "hits of {pk}");
        }
        for (pk, address) in self.moved.iter().filter(|(pk, _)| !self.deleted.contains(*pk)) {
            assert_eq!(found(pk).and_then(|item| item.get("address")), Some(&Value::s(address)), "address of {pk}");
        }
        for pk in &self.inserted {
            assert!(found(pk).is_some(), "{pk}, which was inserted, is gone");
        }
        for pk in &self.deleted {
            assert!(found(pk).is_none(), "{pk}, which was deleted, is back");
        }
    }

    async fn hit(&mut self, table: &Table<'_>, pk: String) {
        let hit = table.update(&pk).update_expression("ADD hits :one");
        if hit.expression_attribute_values(":one", AttributeValue::N("1".into())).send().await.is_ok() {
            *self.hits.entry(pk).or_default() += 1;
        }
    }

    async fn relocate(&mut self, table: &Table<'_>, pk: String, round: usize) {
        let address = format!("{round} Side St, Austin, TX");
        let moved = table.update(&pk).update_expression("SET address = :a");
        if moved.expression_attribute_values(":a", AttributeValue::S(address.clone())).send().await.is_ok() {
            self.moved.insert(pk, address);
        }
    }

    async fn delete(&mut self, table: &Table<'_>, pk: String) {
        table.delete(&pk).await;
        self.deleted.insert(pk);
    }

    async fn insert(&mut self, table: &Table<'_>, pk: String) {
        let item = Item::from([
            ("pk".into(), Value::s(&*pk)),
            ("sk".into(), Value::s("profile")),
            ("version".into(), Value::n("2")),
        ]);
        let put = table.stack.dynamodb.put_item().table_name(&table.name).set_item(Some(to_sdk(&item)));
        put.send().await.expect("the item is put");
        self.inserted.insert(pk);
    }
}
