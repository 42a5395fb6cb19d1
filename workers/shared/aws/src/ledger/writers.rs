//! Which runs of a migration wrote to a table, in the order in which they began to. A run is rolled back only after those
//! that wrote later: their items look like those of the earlier run.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::ledger::table::{Ledger, LedgerError, key, pk_table, sk_writers};

/// How often a removal is tried. The list changes only under the table's lock, so that the first one succeeds.
const REMOVALS: u32 = 3;

impl Ledger {
    /// Records that a run begins to write, unless it did before.
    pub async fn record_writer(&self, table: &str, migration: &str, run: &str) -> Result<(), LedgerError> {
        let one = AttributeValue::L(vec![AttributeValue::S(run.into())]);
        let update = self.client.update_item().table_name(&self.table);
        let update = update
            .set_key(Some(key(&pk_table(table), &sk_writers(migration))))
            .update_expression("SET runs = list_append(if_not_exists(runs, :none), :one)")
            .condition_expression("NOT contains(runs, :run)")
            .expression_attribute_values(":none", AttributeValue::L(Vec::new()))
            .expression_attribute_values(":one", one)
            .expression_attribute_values(":run", AttributeValue::S(run.into()));
        self.took_effect("UpdateItem", table, update.send().await.map(drop)).map(drop)
    }

    /// The runs of a migration that wrote to a table and were not rolled back, the first one first.
    pub async fn writers(&self, table: &str, migration: &str) -> Result<Vec<String>, LedgerError> {
        let item = self.read(&pk_table(table), &sk_writers(migration)).await?.unwrap_or_default();
        let runs = item.get("runs").and_then(|runs| runs.as_l().ok()).into_iter().flatten();
        Ok(runs.filter_map(|run| run.as_s().ok().cloned()).collect())
    }

    /// Removes a run that was rolled back.
    pub async fn remove_writer(&self, table: &str, migration: &str, run: &str) -> Result<(), LedgerError> {
        for _ in 0..REMOVALS {
            let writers = self.writers(table, migration).await?;
            let Some(index) = writers.iter().position(|writer| writer == run) else { break };
            let update = self.client.update_item().table_name(&self.table);
            let update = update
                .set_key(Some(key(&pk_table(table), &sk_writers(migration))))
                .update_expression(format!("REMOVE runs[{index}]"))
                .condition_expression(format!("runs[{index}] = :run"))
                .expression_attribute_values(":run", AttributeValue::S(run.into()));
            if self.took_effect("UpdateItem", table, update.send().await.map(drop))? {
                break;
            }
        }
        Ok(())
    }
}
