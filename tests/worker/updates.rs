//! After a write, the engine has exactly what the language makes of the item: for items and migrations of every shape, with
//! UpdateItem and, where PartiQL's semantics are documented, with a batched statement.

#[path = "../../workers/shared/core/tests/language/items.rs"]
mod items;
#[path = "../../workers/shared/core/tests/language/migrations.rs"]
mod migrations;

use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use tableshift_aws::dynamodb::batch::{StatementWritten, UpdateBatch as _};
use tableshift_aws::dynamodb::get::ReadItem as _;
use tableshift_aws::dynamodb::items::to_sdk;
use tableshift_aws::dynamodb::scan::TableItems;
use tableshift_aws::dynamodb::update::{UpdateItem as _, Written};
use tableshift_core::change::item_change::Change;
use tableshift_core::change::migration::{Migration as _, Outcome};
use tableshift_core::change::table_rules::TableRules;
use tableshift_core::item::numbers::normal;
use tableshift_core::item::value::{Item, Value};
use tableshift_core::language::compile::compiled::Compiled;
use tableshift_core::language::document::Document;
use tableshift_core::write::statement::{Statement, is_documented};
use tableshift_core::write::update::Update;
use tableshift_tests::Engines;

const TABLE: &str = "updated";
const CHANGES: usize = 150;

/// The same value with its numbers in normal form: an engine may return them in another.
fn normalised(value: &Value) -> Value {
    let number = |text: &String| normal(text).unwrap_or_else(|| text.clone());
    match value {
        Value::N(text) => Value::N(number(text)),
        Value::Ns(set) => Value::Ns(set.iter().map(number).collect()),
        Value::L(list) => Value::L(list.iter().map(normalised).collect()),
        Value::M(map) => Value::M(map.iter().map(|(name, value)| (name.clone(), normalised(value))).collect()),
        value => value.clone(),
    }
}

fn is_legal(item: &Item) -> bool {
    // Two spellings of one number are one element of a set.
    item.values().all(|value| match value {
        Value::Ns(set) => matches!(normalised(value), Value::Ns(normal) if normal.len() == set.len()),
        Value::L(list) => list.iter().all(|value| is_legal(&Item::from([("x".into(), value.clone())]))),
        Value::M(map) => is_legal(map),
        _ => true,
    })
}

async fn written(table: &TableItems, key: &Item, change: &Change, batched: bool) -> Written {
    if !batched {
        return table.update(key, &Update::of_change(change, &["pk".into()])).await.expect("the engine answers");
    }
    let answer = table.update_batch(&[Statement::of_change(TABLE, key, change)]).await.expect("the engine answers");
    match answer.statements.into_iter().next() {
        Some(StatementWritten::Written(written)) => written,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_update_writes_what_the_migration_makes_of_the_item() {
    let engines = Engines::start().await;
    engines.create_table(TABLE, "pk", None).await;
    let table = TableItems::new(engines.dynamodb.clone(), TABLE);
    let rules = TableRules::of(&tableshift_tests::plan().table, 0);
    let mut runner = TestRunner::deterministic();
    let (mut changes, mut batches) = (0, 0);
    while changes < CHANGES {
        let document = migrations::migration().new_tree(&mut runner).expect("a migration").current();
        let mut item = items::item().prop_filter("legal", is_legal).new_tree(&mut runner).expect("an item").current();
        let document = Document::from_json(&document).expect("a document");
        let Ok(migration) = Compiled::of(&document) else { continue };
        item.insert("pk".into(), Value::s(changes.to_string()));
        let Outcome::Changed(change) = migration.apply(&item) else { continue };
        if rules.broken_by(&change).is_some() {
            continue;
        }
        let put = engines.dynamodb.put_item().table_name(TABLE).set_item(Some(to_sdk(&item))).send().await;
        put.unwrap_or_else(|error| panic!("{error:?}\n{item:?}"));
        let key = Item::from([("pk".into(), item["pk"].clone())]);
        let read = table.read(&key).await.expect("the engine answers").expect("it was put");
        let Outcome::Changed(change) = migration.apply(&read) else { continue };
        let batched = is_documented(&key, &change);
        let outcome = written(&table, &key, &change, batched).await;
        assert!(matches!(outcome, Written::Done { .. }), "{outcome:?}\n{document:?}\n{read:?}");
        let now = table.read(&key).await.expect("the engine answers").expect("it is there");
        let wanted = Value::M(change.applied_to(&read));
        assert_eq!(normalised(&Value::M(now)), normalised(&wanted), "{document:?}");
        (changes, batches) = (changes + 1, batches + usize::from(batched));
    }
    assert!((5..CHANGES).contains(&batches), "{batches} went by PartiQL");
}
