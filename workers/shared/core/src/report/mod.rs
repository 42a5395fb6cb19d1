//! What people and programs read about a run: the report, its summary for approvers, messages and links. The HTML of the
//! report page belongs in the `report` worker, the sending of messages in the `aws` crate.

pub mod event;
pub mod links;
pub mod message;
pub mod number_format;
pub mod run_report;
pub mod summary;
