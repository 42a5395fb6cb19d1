//! What people and programs read about a run: the report, its summary, messages and links.
//!
//! The report page's HTML is in the `report` worker.

pub mod event;
pub mod links;
pub mod message;
pub mod run_report;
pub mod summary;
