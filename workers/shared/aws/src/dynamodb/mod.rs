//! Calls to DynamoDB on the tables that are migrated: descriptions, backups, exports, and reading and writing items.
//!
//! For the stack's own table, see [`ledger`](crate::ledger).

pub mod backups;
pub mod batch;
mod batch_body;
pub mod exports;
pub mod get;
pub mod items;
pub mod scan;
mod scan_answer;
pub mod tables;
pub(crate) mod throttles;
pub mod update;
