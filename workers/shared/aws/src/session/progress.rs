//! Reads from the ledger how far a run is, and what was applied to a table.

use aws_sdk_dynamodb::types::AttributeValue;
use tableshift_core::plan::phase::Phase;
use tableshift_core::plan::wave::Wave;
use tableshift_core::write::counts::Tally;

use crate::error::CallError;
use crate::ledger::checkpoints::checkpoint;
use crate::ledger::runs::{Applied, applied};
use crate::ledger::table::{Ledger, LedgerError, LedgerItem, pk_run, pk_table, sk_applied, sk_checkpoint_of, text};

/// The sum over the segments, or parts, of a phase.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SegmentCounts {
    /// How many were taken up.
    pub begun: u64,
    /// How many are done.
    pub done: u64,
    /// What they counted so far.
    pub tally: Tally,
}

impl Ledger {
    /// What the parts of a phase come to so far in this wave. Read from the ledger's checkpoints, which workers save at every page.
    pub async fn progress(&self, run: &str, phase: Phase, wave: Wave) -> Result<SegmentCounts, LedgerError> {
        let mut sum = SegmentCounts::default();
        for item in self.under(&pk_run(run), &sk_checkpoint_of(phase.as_str(), "")).await? {
            let checkpoint = checkpoint(&item)?;
            // What a canary wrote stays written; what it verified is verified once more.
            if phase == Phase::Verify && checkpoint.wave != wave {
                continue;
            }
            sum.begun += 1;
            sum.done += u64::from(checkpoint.done);
            sum.tally.add(checkpoint.tally);
        }
        Ok(sum)
    }

    /// The migrations that are applied to a table, by id.
    pub async fn all_applied(&self, table: &str) -> Result<Vec<(String, Applied)>, LedgerError> {
        let prefix = sk_applied("");
        let items = self.under(&pk_table(table), &prefix).await?;
        let named = items.iter().map(|item| {
            let id = text(item, "sk").unwrap_or_default().trim_start_matches(&prefix).to_owned();
            Ok((id, applied(item)?))
        });
        named.collect()
    }
}

impl Ledger {
    /// The items of a partition whose sort key begins so.
    async fn under(&self, pk: &str, prefix: &str) -> Result<Vec<LedgerItem>, LedgerError> {
        let request = self.client.query().table_name(&self.table);
        let mut pages = request
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .expression_attribute_values(":prefix", AttributeValue::S(prefix.to_owned()))
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(item) = pages.next().await {
            let item =
                item.map_err(|error| LedgerError::Call(CallError::new("Query", self.named(pk, prefix), error)))?;
            items.push(item);
        }
        Ok(items)
    }
}
