//! The one place that reaches AWS: looking at a table, and at a few of its items. Nothing here writes.

use tableshift_aws::CallError;
use tableshift_aws::session::table_sample::{self, Shell};
use tableshift_core::item::table::Table;
use tableshift_core::item::value::Item;
use tableshift_core::language::diagnostics::table::Facts;
use thiserror::Error;

/// Why a table cannot be looked at.
#[derive(Debug, Error)]
pub enum TableError {
    /// The calls could not even be started.
    #[error("no calls to AWS can be made from here")]
    Runtime(#[source] std::io::Error),
    /// A call failed.
    #[error("the table {table} cannot be looked at, with the Region and the credentials that the AWS CLI would take")]
    Call {
        /// The table's name.
        table: String,
        /// The call.
        #[source]
        source: CallError,
    },
}

/// What a review wants to know of a table.
pub fn facts(name: &str) -> Result<Facts, TableError> {
    let table = run(name, async |shell| shell.tables().describe_without_recovery(name).await)?;
    Ok(Facts { name: table.name, keys: table.keys, index_keys: table.index_keys, time_to_live: table.time_to_live })
}

/// A table, and at most this many of its items, from all over it.
pub fn sample(name: &str, items: u32) -> Result<(Table, Vec<Item>), TableError> {
    run(name, async |shell| {
        let table = shell.tables().describe_without_recovery(name).await?;
        let items = table_sample::sample(&shell.items(name), items).await?;
        Ok((table, items))
    })
}

fn run<T>(name: &str, work: impl AsyncFnOnce(Shell) -> Result<T, CallError>) -> Result<T, TableError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(TableError::Runtime)?;
    let worked = runtime.block_on(async { work(Shell::from_env().await).await });
    worked.map_err(|source| TableError::Call { table: name.to_owned(), source })
}
