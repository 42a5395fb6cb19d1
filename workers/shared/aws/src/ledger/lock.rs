//! The lock of a table: a lease with a fencing token (`epoch`), so that two runs never work on the same table.
//!
//! The item stays when the lock is released, because the epoch must only grow. A worker with an older epoch notices when it
//! renews the lease.

use aws_sdk_dynamodb::types::AttributeValue;
use tableshift_core::ErrorName;
use tableshift_core::control::lock::Lock;
use tableshift_core::plan::run_plan::RunPlan;

use crate::ledger::table::{Ledger, LedgerError, SK_LOCK, key, malformed, number, pk_table, required, text};

/// Why a run cannot keep the lock of its table.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// A request to the ledger failed.
    #[error("the lock of table `{table}` could not be renewed")]
    NotRenewed {
        /// The table's name.
        table: String,
        /// The failed request.
        #[source]
        source: LedgerError,
    },
    /// Another run or another execution holds the lock.
    #[error(
        "run `{run}` lost the lock of table `{table}` to another execution, so this execution writes nothing more; \
         if the other execution does not continue the run, start a new one with `action: resume`"
    )]
    Lost {
        /// The run's id.
        run: String,
        /// The table's name.
        table: String,
    },
}

impl LeaseError {
    /// The error name that a worker reports.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::NotRenewed { source, .. } => source.name(),
            Self::Lost { .. } => ErrorName::LeaseLost,
        }
    }
}

/// Takes, renews and releases the locks of tables; the tests of Report replace it.
pub trait LockTable {
    /// The lock of this table; `None` if it was never taken.
    async fn lock(&self, table: &str) -> Result<Option<Lock>, LedgerError>;
    /// Takes the lock, if it is still as `seen`. False: another execution was faster.
    async fn take(&self, lock: &Lock, seen: Option<&Lock>) -> Result<bool, LedgerError>;
    /// Extends the lease until `lease_until` (epoch seconds), if this run has the lock with this epoch. It never shortens a
    /// lease. False: the run does not have the lock.
    async fn renew(&self, table: &str, run: &str, epoch: u64, lease_until: i64) -> Result<bool, LedgerError>;
    /// Extends the run's lease so that it ends a whole lease after `idle_until` (epoch seconds), until which nothing else
    /// renews it. Fails with [`LeaseError::Lost`] if the run does not have the lock with this epoch.
    async fn renew_beyond(&self, plan: &RunPlan, epoch: u64, idle_until: i64) -> Result<(), LeaseError> {
        let table = &plan.table.name;
        let lease_until = idle_until.saturating_add_unsigned(plan.lease_seconds);
        match self.renew(table, &plan.run, epoch, lease_until).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(LeaseError::Lost { run: plan.run.clone(), table: table.clone() }),
            Err(source) => Err(LeaseError::NotRenewed { table: table.clone(), source }),
        }
    }
    /// Releases the lock, if this execution has it. False: it does not.
    async fn release(&self, table: &str, execution: &str) -> Result<bool, LedgerError>;
}

impl Ledger {
    /// Gives the lock of this run a new fencing token, so that workers with the token `epoch` stop. The execution keeps the
    /// lock. Returns the new token, also in a retry; `None`: the run does not have the lock with `epoch`.
    pub async fn fence(
        &self,
        table: &str,
        run: &str,
        epoch: u64,
        lease_until: i64,
    ) -> Result<Option<u64>, LedgerError> {
        let pk = pk_table(table);
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key(&pk, SK_LOCK)));
        let update = update
            .update_expression("SET epoch = :next, fenced = :epoch, lease_until = :until")
            .condition_expression("#run = :run AND epoch = :epoch AND attribute_exists(execution)")
            .expression_attribute_names("#run", "run")
            .expression_attribute_values(":run", AttributeValue::S(run.into()))
            .expression_attribute_values(":epoch", AttributeValue::N(epoch.to_string()))
            .expression_attribute_values(":next", AttributeValue::N((epoch + 1).to_string()))
            .expression_attribute_values(":until", AttributeValue::N(lease_until.to_string()));
        if self.took_effect("UpdateItem", table, update.send().await.map(drop))? {
            return Ok(Some(epoch + 1));
        }
        // The answer to an earlier attempt may have been lost. Another execution that takes the lock replaces the item, so
        // that it has no `fenced`.
        let item = self.read(&pk, SK_LOCK).await?;
        let ours = item.is_some_and(|item| {
            let held = text(&item, "run").as_deref() == Some(run) && item.contains_key("execution");
            held && number(&item, "epoch") == Some(epoch + 1) && number(&item, "fenced") == Some(epoch)
        });
        Ok(ours.then_some(epoch + 1))
    }
}

impl LockTable for Ledger {
    async fn lock(&self, table: &str) -> Result<Option<Lock>, LedgerError> {
        let Some(item) = self.read(&pk_table(table), SK_LOCK).await? else { return Ok(None) };
        Ok(Some(Lock {
            table: table.to_owned(),
            run: required(&item, "run")?,
            epoch: number(&item, "epoch").ok_or_else(|| malformed(&item, "epoch"))?,
            execution: text(&item, "execution"),
            lease_until: number(&item, "lease_until").ok_or_else(|| malformed(&item, "lease_until"))?,
        }))
    }

    async fn take(&self, lock: &Lock, seen: Option<&Lock>) -> Result<bool, LedgerError> {
        let execution = lock.execution.clone().unwrap_or_default();
        let mut item = key(&pk_table(&lock.table), SK_LOCK);
        item.insert("run".into(), AttributeValue::S(lock.run.clone()));
        item.insert("epoch".into(), AttributeValue::N(lock.epoch.to_string()));
        item.insert("execution".into(), AttributeValue::S(execution));
        item.insert("lease_until".into(), AttributeValue::N(lock.lease_until.to_string()));
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        let put = match seen {
            None => put.condition_expression("attribute_not_exists(pk)"),
            Some(seen) => put
                .condition_expression("epoch = :epoch AND lease_until = :lease_until")
                .expression_attribute_values(":epoch", AttributeValue::N(seen.epoch.to_string()))
                .expression_attribute_values(":lease_until", AttributeValue::N(seen.lease_until.to_string())),
        };
        self.took_effect("PutItem", &lock.table, put.send().await.map(drop))
    }

    async fn renew(&self, table: &str, run: &str, epoch: u64, lease_until: i64) -> Result<bool, LedgerError> {
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key(&pk_table(table), SK_LOCK)));
        let update = update
            .update_expression("SET lease_until = :until")
            .condition_expression(
                "#run = :run AND epoch = :epoch AND attribute_exists(execution) AND lease_until < :until",
            )
            .expression_attribute_names("#run", "run")
            .expression_attribute_values(":run", AttributeValue::S(run.to_owned()))
            .expression_attribute_values(":epoch", AttributeValue::N(epoch.to_string()))
            .expression_attribute_values(":until", AttributeValue::N(lease_until.to_string()));
        if self.took_effect("UpdateItem", table, update.send().await.map(drop))? {
            return Ok(true);
        }
        // The lease may be long enough already, as it is while a run waits for an approval.
        let lock = self.lock(table).await?;
        Ok(lock.is_some_and(|lock| lock.run == run && lock.epoch == epoch && lock.execution.is_some()))
    }

    async fn release(&self, table: &str, execution: &str) -> Result<bool, LedgerError> {
        let update = self.client.update_item().table_name(&self.table).set_key(Some(key(&pk_table(table), SK_LOCK)));
        let update = update
            .update_expression("SET lease_until = :zero REMOVE execution")
            .condition_expression("execution = :execution")
            .expression_attribute_values(":zero", AttributeValue::N("0".into()))
            .expression_attribute_values(":execution", AttributeValue::S(execution.to_owned()));
        self.took_effect("UpdateItem", table, update.send().await.map(drop))
    }
}
