//! Invalid input is refused before anything is changed, with a named error that says what to fix.

use serde_json::{Value, json};
use tableshift_aws::ledger::lock::LockTable as _;
use tableshift_aws::s3::WriteObject as _;

use crate::run::{input, migration};
use crate::stack::{Stack, unique};
use crate::table::{Table, old_items};

/// An invalid input, the name of its error, and a part of the cause.
struct Bad<'a> {
    input: Value,
    error: &'a str,
    says: &'a [&'a str],
}

/// Fails unless each input is refused with its error and leaves nothing behind.
async fn are_refused(table: &Table<'_>, inputs: &[Bad<'_>]) {
    let (stack, items) = (table.stack, table.items().await);
    for bad in inputs {
        let run = table.start(bad.input.clone()).await;
        let cause = run.ended().await.fails_with(bad.error);
        for words in bad.says {
            assert!(cause.contains(words), "{words} is not in: {cause}");
        }
        let left = stack.left(&run.name, "").await;
        assert!(left.is_empty(), "{cause}: {left:?} is left");
        assert_eq!(
            stack.ledger().lock(&table.name).await.expect("the ledger answers"),
            None,
            "{cause}: a lock is left"
        );
    }
    assert_eq!(table.items().await, items);
}

/// The tests' migration with one field replaced.
fn migration_with(field: &str, value: Value) -> Value {
    let mut migration = migration();
    migration[field] = value;
    migration
}

#[tokio::test]
async fn an_invalid_input_is_refused_before_anything_is_changed() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "input", &old_items(3)).await;
    let of = |options| input(&table.name, "migrate", options);
    let bad = [
        Bad { input: of(json!({"segmets": 4})), error: "InvalidInput", says: &["segmets", "segments"] },
        Bad { input: of(json!({"segments": "four"})), error: "InvalidInput", says: &["segments", "four"] },
        Bad { input: of(json!({"action": "migrat"})), error: "InvalidInput", says: &["migrat", "roll-back"] },
        Bad { input: json!("migrate"), error: "InvalidInput", says: &["object"] },
        Bad {
            input: input("dev-no-such-table", "migrate", json!({})),
            error: "TableNotFound",
            says: &["dev-no-such-table"],
        },
        Bad { input: json!({"action": "resume", "run": "never-was"}), error: "RunNotFound", says: &["never-was"] },
        Bad {
            input: of(json!({"max_concurrency": 11})),
            error: "PolicyViolation",
            says: &["max_concurrency", "11", "10"],
        },
        Bad { input: of(json!({"segments": 1001})), error: "PolicyViolation", says: &["segments", "1001", "1000"] },
    ];
    are_refused(&table, &bad).await;
}

#[tokio::test]
async fn an_invalid_migration_is_refused_before_anything_is_changed() {
    let stack = Stack::of("dev").await;
    let table = Table::with(&stack, "migration", &old_items(3)).await;
    let with = |migration: Value| input(&table.name, "migrate", json!({"migration": migration}));
    let torn = unique("torn");
    let key = format!("migrations/{torn}.yaml");
    let yaml = format!("id: {torn}\nchange:\n  - set: [version\n");
    stack.bucket().put(&key, yaml.into_bytes(), "application/yaml").await.expect("the bucket takes a migration");
    let bad = [
        Bad {
            input: with(json!("no-such-migration")),
            error: "InvalidMigration",
            says: &["migrations/no-such-migration.yaml"],
        },
        Bad { input: with(json!(torn)), error: "InvalidMigration", says: &[&key, "line"] },
        Bad {
            input: with(migration_with("where", json!("has(item.address"))),
            error: "InvalidMigration",
            says: &["where"],
        },
        Bad { input: with(migration_with("chekc", json!("true"))), error: "InvalidMigration", says: &["chekc"] },
        Bad {
            input: with(migration_with("change", json!([{"rename": {"from": "sk", "to": "kind"}}]))),
            error: "InvalidMigration",
            says: &["sk", "key"],
        },
    ];
    are_refused(&table, &bad).await;
}

#[tokio::test]
async fn a_table_without_point_in_time_recovery_is_refused_on_stage_prod() {
    let stack = Stack::of("prod").await;
    let table = Table::with(&stack, "unprotected", &old_items(3)).await;
    let says: &[&str] = &["point-in-time recovery", "aws dynamodb update-continuous-backups", &table.name];
    let input = input(&table.name, "migrate", json!({}));
    are_refused(&table, &[Bad { input, error: "PolicyViolation", says }]).await;
}
