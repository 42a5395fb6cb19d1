//! The layout of the ledger, and what all its records share.
//!
//! The ledger is one DynamoDB table. It stores what must survive an execution. Its keys, the strings `pk` and `sk`, are all built
//! here:
//!
//! | pk            | sk                              | what                                   |
//! |---------------|---------------------------------|----------------------------------------|
//! | `TABLE#<table>` | `LOCK`                        | which run may work on the table, and until when |
//! | `TABLE#<table>` | `APPLIED#<migration>`         | a migration that was applied to the table |
//! | `RUN#<run>`   | `RUN`                           | the state of the run                   |
//! | `RUN#<run>`   | `NAME`                          | which execution took the run's name |
//! | `RUN#<run>`   | `CONTROL`                       | pause, stop, rates and monitors: what all workers of the run read |
//! | `RUN#<run>`   | `CHECKPOINT#<phase>#<part>`     | the progress of a part               |
//! | `RUN#<run>`   | `APPROVAL`                      | the question to the approvers, and the answer |
//! | `APPROVAL#<run>` | `SECRETS`                    | what an approver needs to answer; only approvers may read it |
//! | `SIGNATURE#<hash>` | `USED`                     | what a signature was used for        |

use std::collections::HashMap;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::AttributeValue;
use tableshift_core::ErrorName;

use crate::error::CallError;

/// An item of the ledger as the SDK returns it.
pub(crate) type LedgerItem = HashMap<String, AttributeValue>;

/// Why the ledger cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The call to DynamoDB failed.
    #[error(transparent)]
    Call(CallError),
    /// An item lacks an attribute, or has one of another type.
    #[error("the ledger's item {pk} {sk} has no valid attribute {attribute}; check whether it was edited by hand")]
    Malformed {
        /// The item's partition key.
        pk: String,
        /// The item's sort key.
        sk: String,
        /// The name of the attribute.
        attribute: &'static str,
    },
}

impl LedgerError {
    /// The error name that a worker reports, unless the caller has a more exact one.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::Call(error) => error.name(),
            Self::Malformed { .. } => ErrorName::Internal,
        }
    }
}

/// The ledger. Its methods are in the files of this folder, with the records that they read and write.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// The client that it is read and written with.
    pub client: aws_sdk_dynamodb::Client,
    /// The ledger table's name.
    pub table: String,
}

impl Ledger {
    /// The ledger in this table.
    pub fn new(client: aws_sdk_dynamodb::Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Reads one item consistently: the workers decide by it whether they may write.
    pub(crate) async fn read(&self, pk: &str, sk: &str) -> Result<Option<LedgerItem>, LedgerError> {
        let request = self.client.get_item().table_name(&self.table);
        let request = request.set_key(Some(key(pk, sk))).consistent_read(true);
        let answer = request
            .send()
            .await
            .map_err(|error| LedgerError::Call(CallError::new("GetItem", self.named(pk, sk), error)))?;
        Ok(answer.item)
    }

    /// Whether a conditional write took effect. A condition that failed is an answer, not an error.
    pub(crate) fn took_effect<E>(
        &self,
        operation: &'static str,
        resource: &str,
        sent: Result<(), SdkError<E, HttpResponse>>,
    ) -> Result<bool, LedgerError>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        match sent {
            Ok(()) => Ok(true),
            Err(error) => {
                let error = CallError::new(operation, format!("{} for {resource}", self.table), error);
                if error.has_code("ConditionalCheckFailedException") {
                    Ok(false)
                } else {
                    Err(LedgerError::Call(error))
                }
            }
        }
    }

    /// The name of an item in error messages.
    pub(crate) fn named(&self, pk: &str, sk: &str) -> String {
        format!("{}[{pk}, {sk}]", self.table)
    }
}

/// The key of an item.
pub(crate) fn key(pk: &str, sk: &str) -> LedgerItem {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(pk.to_owned())),
        ("sk".to_owned(), AttributeValue::S(sk.to_owned())),
    ])
}

/// The string attribute with this name, if the item has it.
pub(crate) fn text(item: &LedgerItem, name: &str) -> Option<String> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned()
}

/// The string attribute with this name; an error if the item does not have it.
pub(crate) fn required(item: &LedgerItem, name: &'static str) -> Result<String, LedgerError> {
    text(item, name).ok_or_else(|| malformed(item, name))
}

/// The whole number in the attribute with this name, if the item has it.
pub(crate) fn number<N: std::str::FromStr>(item: &LedgerItem, name: &str) -> Option<N> {
    let value = item.get(name).and_then(|value| value.as_n().ok());
    value.and_then(|digits| digits.parse().ok())
}

/// The error for an attribute that is missing or has the wrong type.
pub(crate) fn malformed(item: &LedgerItem, attribute: &'static str) -> LedgerError {
    LedgerError::Malformed {
        pk: text(item, "pk").unwrap_or_default(),
        sk: text(item, "sk").unwrap_or_default(),
        attribute,
    }
}

/// The attribute of a run's record and control item with the fencing token of the execution that works on the run.
pub(crate) const EPOCH: &str = "epoch";
/// The condition that an item has no later fencing token than `:epoch`.
pub(crate) const NOT_LATER: &str = "(attribute_not_exists(epoch) OR epoch <= :epoch)";

/// Sort key of a table's lock.
pub const SK_LOCK: &str = "LOCK";
/// Sort key of a run's record.
pub const SK_RUN: &str = "RUN";
/// Sort key of the owner of a run's name.
pub const SK_NAME: &str = "NAME";
/// Sort key of a run's approval.
pub const SK_APPROVAL: &str = "APPROVAL";
/// Sort key of the secrets of an approval.
pub const SK_SECRETS: &str = "SECRETS";
/// Sort key of a used signature.
pub const SK_USED: &str = "USED";

/// Partition key of the lock and the applied migrations of a table.
pub fn pk_table(name: &str) -> String {
    format!("TABLE#{name}")
}

/// Partition key of all records of a run except the secrets of its approval.
pub fn pk_run(run: &str) -> String {
    format!("RUN#{run}")
}

/// Partition key of the secrets of a run's approval. The template grants access to keys with this prefix.
pub fn pk_approval(run: &str) -> String {
    format!("APPROVAL#{run}")
}

/// Partition key of the record of a used signature.
pub fn pk_signature(hash: &str) -> String {
    format!("SIGNATURE#{hash}")
}

/// Sort key of the record of an applied migration.
pub fn sk_applied(migration: &str) -> String {
    format!("APPLIED#{migration}")
}

/// Sort key of the list of runs of a migration that wrote to a table.
pub fn sk_writers(migration: &str) -> String {
    format!("WRITERS#{migration}")
}

/// Sort key of the checkpoint of one part (a segment or an export file) of a phase.
pub fn sk_checkpoint_of(phase: &str, part: &str) -> String {
    format!("CHECKPOINT#{phase}#{part}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_follow_the_documented_layout() {
        assert_eq!(pk_table("airports"), "TABLE#airports");
        assert_eq!(pk_run("r-1"), "RUN#r-1");
        assert_eq!(sk_applied("split"), "APPLIED#split");
        assert_eq!(sk_checkpoint_of("migrate", "000007"), "CHECKPOINT#migrate#000007");
    }
}
