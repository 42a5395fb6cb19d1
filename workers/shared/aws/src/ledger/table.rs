//! The ledger: one DynamoDB table that remembers what outlives an execution.
//!
//! Every item has the string keys `pk` and `sk`, and every key is built here, so that the layout
//! can be read in one place:
//!
//! | pk            | sk                              | what                                   |
//! |---------------|---------------------------------|----------------------------------------|
//! | `TABLE#<table>` | `LOCK`                        | who may work on the table, until when  |
//! | `TABLE#<table>` | `APPLIED#<migration>`         | a migration that ended well            |
//! | `RUN#<run>`   | `RUN`                           | the run's record                       |
//! | `RUN#<run>`   | `CONTROL`                       | what the run's workers are told        |
//! | `RUN#<run>`   | `CHECKPOINT#<phase>#<part>`     | how far a part got                   |
//! | `RUN#<run>`   | `APPROVAL`                      | the question put to a person, and the answer |
//! | `APPROVAL#<run>` | `SECRETS`                    | what it takes to answer: for approvers alone |
//! | `SIGNATURE#<hash>` | `USED`                     | that a signature was taken, and for what |

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use tableshift_core::ErrorName;

use crate::error::CallError;

/// An item of the ledger as DynamoDB gives it.
pub(crate) type LedgerItem = HashMap<String, AttributeValue>;

/// What can go wrong with the ledger.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The call failed.
    #[error(transparent)]
    Call(CallError),
    /// An item lacks an attribute, or holds one of another type.
    #[error("the ledger's item {pk} {sk} has no usable attribute {attribute}; was it edited by hand?")]
    Malformed {
        /// The item's partition key.
        pk: String,
        /// The item's sort key.
        sk: String,
        /// The attribute.
        attribute: &'static str,
    },
}

impl LedgerError {
    /// The name under which a worker reports this failure unless it knows better.
    pub fn name(&self) -> ErrorName {
        match self {
            Self::Call(error) => error.name(),
            Self::Malformed { .. } => ErrorName::Internal,
        }
    }
}

/// The ledger table and the client that reaches it. Its capabilities are the narrow traits of
/// `ledger_lock`, `ledger_runs`, `ledger_approvals` and `ledger_checkpoints`.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// The DynamoDB client.
    pub client: aws_sdk_dynamodb::Client,
    /// The ledger table's name.
    pub table: String,
}

impl Ledger {
    /// A ledger kept in `table`.
    pub fn new(client: aws_sdk_dynamodb::Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }
}

impl Ledger {
    /// Reads one item as it is now: what the ledger is asked for decides about writing.
    pub(crate) async fn read(&self, pk: &str, sk: &str) -> Result<Option<LedgerItem>, LedgerError> {
        let request = self.client.get_item().table_name(&self.table);
        let request = request.set_key(Some(key(pk, sk))).consistent_read(true);
        let answer = request
            .send()
            .await
            .map_err(|error| LedgerError::Call(CallError::new("GetItem", self.named(pk, sk), error)))?;
        Ok(answer.item)
    }

    /// How an error calls an item.
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

/// The string attribute `name`, if the item has it.
pub(crate) fn text(item: &LedgerItem, name: &str) -> Option<String> {
    item.get(name).and_then(|value| value.as_s().ok()).cloned()
}

/// The string attribute `name`, which every item of its kind has.
pub(crate) fn required(item: &LedgerItem, name: &'static str) -> Result<String, LedgerError> {
    text(item, name).ok_or_else(|| malformed(item, name))
}

/// The whole number in the attribute `name`, if the item has it.
pub(crate) fn number<N: std::str::FromStr>(item: &LedgerItem, name: &str) -> Option<N> {
    let value = item.get(name).and_then(|value| value.as_n().ok());
    value.and_then(|digits| digits.parse().ok())
}

/// The error that says which attribute of which item is unusable.
pub(crate) fn malformed(item: &LedgerItem, attribute: &'static str) -> LedgerError {
    LedgerError::Malformed {
        pk: text(item, "pk").unwrap_or_default(),
        sk: text(item, "sk").unwrap_or_default(),
        attribute,
    }
}

/// Sort key of a table's lock.
pub const SK_LOCK: &str = "LOCK";
/// Sort key of a run's record.
pub const SK_RUN: &str = "RUN";
/// Sort key of a run's approval.
pub const SK_APPROVAL: &str = "APPROVAL";
/// Sort key of what it takes to answer.
pub const SK_SECRETS: &str = "SECRETS";
/// Sort key of a signature that was taken.
pub const SK_USED: &str = "USED";

/// Partition key of everything the ledger knows about the table `name`.
pub fn pk_table(name: &str) -> String {
    format!("TABLE#{name}")
}

/// Partition key of everything the ledger knows about the run `run`.
pub fn pk_run(run: &str) -> String {
    format!("RUN#{run}")
}

/// Partition key of what it takes to answer for the run `run`. The template grants it by its beginning.
pub fn pk_approval(run: &str) -> String {
    format!("APPROVAL#{run}")
}

/// Partition key of what is known of a signature.
pub fn pk_signature(hash: &str) -> String {
    format!("SIGNATURE#{hash}")
}

/// Sort key of the record that `migration` was applied.
pub fn sk_applied(migration: &str) -> String {
    format!("APPLIED#{migration}")
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
