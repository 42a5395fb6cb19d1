//! DynamoDB's API as far as runs use it: tables, backups, exports, and reading and writing items.
//!
//! The stack's own table is in [`ledger`](crate::ledger).

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
