//! Reads the monitors of a run: CloudWatch alarms and Systems Manager change calendars, at most once a minute per run.

pub mod alarms;
pub mod calendars;
pub mod reader;
