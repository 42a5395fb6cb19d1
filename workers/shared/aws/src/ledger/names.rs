//! Which execution took the name of a run.

use aws_sdk_dynamodb::types::AttributeValue;

use crate::ledger::table::{Ledger, LedgerError, SK_NAME, pk_run, required};

/// The execution that took a run's name. After 90 days another execution can have the same ARN, but not the same start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameOwner {
    /// The execution's ARN.
    pub execution: String,
    /// When it started, ISO 8601.
    pub started: String,
}

impl Ledger {
    /// The execution that took the run's name; `None` if none did.
    pub async fn name_owner(&self, run: &str) -> Result<Option<NameOwner>, LedgerError> {
        let item = self.read(&pk_run(run), SK_NAME).await?;
        let owner =
            |item| Ok(NameOwner { execution: required(&item, "execution")?, started: required(&item, "started")? });
        item.map(owner).transpose()
    }

    /// Records the execution that takes the run's name.
    pub async fn put_name_owner(&self, run: &str, owner: &NameOwner) -> Result<(), LedgerError> {
        let NameOwner { execution, started } = owner;
        let parts = [("execution", execution), ("started", started)];
        let item = parts.into_iter().map(|(name, value)| (name.to_owned(), AttributeValue::S(value.clone()))).collect();
        self.put(&pk_run(run), SK_NAME, item).await
    }
}
