//! Stopping a run: by a worker that met an error, and by an operator. A worker may stop it only while its fencing token is the
//! run's latest.

use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::AttributeValue;
use tableshift_core::error::failure::{Named, chain, end_of_run};

use crate::ledger::control::{NOT_STOPPED, SK_CONTROL};
use crate::ledger::table::{EPOCH, Ledger, LedgerError, NOT_LATER, SK_RUN, key, pk_run};

/// Records why a worker of a run gave up and stops the other workers, so that they do not all run into the same error.
/// The recorded cause is what people read: a Map state reports only that too many of its children failed. A worker whose
/// fencing token `epoch` is no longer the lock's changes nothing: its successor may not meet the error at all.
pub async fn stop_run_for(ledger: &Ledger, run: &str, epoch: u64, error: &impl Named, now: i64) {
    let Some((name, cause)) = end_of_run(error) else { return };
    let recorded = async {
        if !ledger.record_cause(run, epoch, name.as_str(), &cause).await? {
            tracing::info!(epoch, "the run has a later fencing token, so this worker does not stop it");
            return Ok(());
        }
        ledger.stop_as(run, epoch, &format!("{}: {cause}", name.as_str()), now).await
    };
    let recorded: Result<(), LedgerError> = recorded.await;
    if let Err(error) = recorded {
        tracing::warn!(cause = chain(&error), "the cause could not be recorded in the ledger");
    }
}

impl Ledger {
    /// Stops the run for an operator, at `now` (epoch milliseconds). If it is stopped already, the first reason stays.
    pub async fn stop(&self, run: &str, reason: &str, now: i64) -> Result<(), LedgerError> {
        let update = self.stop_update(run, reason, now).condition_expression(NOT_STOPPED);
        self.took_effect("UpdateItem", run, update.send().await.map(drop)).map(drop)
    }

    /// Stops the run for a worker with this fencing token, unless the run has a later one.
    async fn stop_as(&self, run: &str, epoch: u64, reason: &str, now: i64) -> Result<(), LedgerError> {
        let update = self.stop_update(run, reason, now);
        let update = update
            .condition_expression(format!("({NOT_STOPPED}) AND {NOT_LATER}"))
            .expression_attribute_values(":epoch", AttributeValue::N(epoch.to_string()));
        self.took_effect("UpdateItem", run, update.send().await.map(drop)).map(drop)
    }

    fn stop_update(&self, run: &str, reason: &str, now: i64) -> UpdateItemFluentBuilder {
        let update = self.control_update(run, "SET #state = :stopped, #since = :now, #reason = :reason");
        update
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#since", "since")
            .expression_attribute_names("#reason", "reason")
            .expression_attribute_values(":stopped", AttributeValue::S("stopped".into()))
            .expression_attribute_values(":reason", AttributeValue::S(reason.into()))
            .expression_attribute_values(":now", AttributeValue::N(now.to_string()))
    }

    /// Records the fencing token that the run works with from now on: a worker with an older one can no longer stop it.
    pub async fn raise_epoch(&self, run: &str, epoch: u64) -> Result<(), LedgerError> {
        // Without its record, the run would get an incomplete one.
        let recorded = format!("attribute_exists(pk) AND {NOT_LATER}");
        for (sk, condition) in [(SK_CONTROL, NOT_LATER), (SK_RUN, &recorded)] {
            let update = self.client.update_item().table_name(&self.table).set_key(Some(key(&pk_run(run), sk)));
            let update = update
                .update_expression(format!("SET {EPOCH} = :epoch"))
                .condition_expression(condition)
                .expression_attribute_values(":epoch", AttributeValue::N(epoch.to_string()));
            self.took_effect("UpdateItem", run, update.send().await.map(drop))?;
        }
        Ok(())
    }
}
