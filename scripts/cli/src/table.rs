//! Reads a real table for `check --table` and `test --table`: its description, and a few of its items. Writes nothing.

use crate::runtime::block_on;
use tableshift_aws::CallError;
use tableshift_aws::session::table_sample::{self, Shell};
use tableshift_core::item::table::Table;
use tableshift_core::item::value::Item;
use tableshift_core::language::diagnostics::table::Facts;
use thiserror::Error;

/// Why a table cannot be read.
#[derive(Debug, Error)]
pub enum TableError {
    /// The runtime for the calls did not start.
    #[error("cannot start the AWS client")]
    Runtime(#[source] std::io::Error),
    /// A call to DynamoDB failed.
    #[error("cannot read table {table}; Region and credentials come from the same places as for the AWS CLI")]
    Call {
        /// The table's name.
        table: String,
        /// The error of the call.
        #[source]
        source: CallError,
    },
}

/// Reads what a review needs to know about a table.
pub fn facts(name: &str) -> Result<Facts, TableError> {
    let table = run(name, async |shell| shell.tables().describe_without_recovery(name).await)?;
    Ok(Facts { name: table.name, keys: table.keys, index_keys: table.index_keys, time_to_live: table.time_to_live })
}

/// Reads a table's description and at most `items` of its items, from all parts of the table.
pub fn sample(name: &str, items: u32) -> Result<(Table, Vec<Item>), TableError> {
    run(name, async |shell| {
        let table = shell.tables().describe_without_recovery(name).await?;
        let items = table_sample::sample(&shell.items(name), items).await?;
        Ok((table, items))
    })
}

fn run<T>(name: &str, work: impl AsyncFnOnce(Shell) -> Result<T, CallError>) -> Result<T, TableError> {
    block_on(TableError::Runtime, async {
        let result = work(Shell::from_env().await).await;
        result.map_err(|source| TableError::Call { table: name.to_owned(), source })
    })
}
