//! A roll-back restores items, except what the application wrote since.

use aws_sdk_dynamodb::types::AttributeValue;
use serde_json::json;
use tableshift_core::item::value::Value;
use tableshift_core::plan::phase::Phase;

use crate::stack::Stack;
use crate::table::{Table, old_items, string};

const ITEMS: usize = 80;

#[tokio::test]
async fn a_roll_back_restores_every_item_byte_for_byte_and_a_second_one_writes_nothing() {
    let stack = Stack::of("dev").await;
    let items = old_items(ITEMS);
    let table = Table::with(&stack, "undone", &items).await;
    let run = table.migrate(json!({"segments": 2})).await;
    run.ended().await.succeeds();
    assert_eq!(table.migrated().await, ITEMS);

    stack.act("roll-back", &run.name).await.succeeds();
    assert_eq!(table.items().await, items);
    let undone = stack.tally(&run.name, Phase::RollBack).await;
    assert_eq!((undone.counts.scanned, undone.journal.restored), (ITEMS as u64, ITEMS as u64));
    let migration = stack.record(&run.name).await.migration;
    assert_eq!(stack.ledger().applied(&table.name, &migration).await.expect("the ledger answers"), None);

    stack.act("roll-back", &run.name).await.succeeds();
    assert_eq!(table.items().await, items);
    let again = stack.tally(&run.name, Phase::RollBack).await;
    assert_eq!((again.journal.already_restored, again.journal.restored, again.units.write), (ITEMS as u64, 0, 0.0));

    let cause = stack.act("resume", &run.name).await.fails_with("InvalidInput");
    assert!(cause.contains("rolled back"), "{cause}");
}

#[tokio::test]
async fn a_roll_back_keeps_and_lists_what_the_application_changed_and_creates_no_deleted_item() {
    let stack = Stack::of("dev").await;
    let items = old_items(ITEMS);
    let table = Table::with(&stack, "spared", &items).await;
    let run = table.migrate(json!({"segments": 2})).await;
    run.ended().await.succeeds();

    let number = |text: &str| AttributeValue::N(text.into());
    let (changed, touched, deleted) = ("person-000003", "person-000005", "person-000007");
    let update =
        table.update(changed).update_expression("SET version = :v").expression_attribute_values(":v", number("3"));
    update.send().await.expect("an attribute of the migration is changed");
    let update =
        table.update(touched).update_expression("SET hits = :h").expression_attribute_values(":h", number("1"));
    update.send().await.expect("an attribute of the application's own is changed");
    table.delete(deleted).await;
    let before = table.items().await;

    stack.act("roll-back", &run.name).await.succeeds();
    let undone = stack.tally(&run.name, Phase::RollBack).await;
    assert_eq!((undone.journal.restored, undone.journal.spared, undone.journal.gone), (ITEMS as u64 - 2, 1, 1));
    let listed: Vec<&str> = undone.findings.iter().map(|finding| string(&finding.key, "pk")).collect();
    assert_eq!(listed, [changed]);
    let mut expected = items;
    expected.retain(|item| string(item, "pk") != deleted);
    for item in &mut expected {
        match string(item, "pk").to_owned() {
            pk if pk == changed => {
                *item = before.iter().find(|item| string(item, "pk") == changed).expect("it is there").clone()
            }
            pk if pk == touched => drop(item.insert("hits".into(), Value::n("1"))),
            _ => {}
        }
    }
    assert_eq!(table.items().await, expected);
}
