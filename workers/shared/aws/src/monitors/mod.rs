//! The monitors of a run: CloudWatch alarms and Systems Manager change calendars, read at most once a minute for a whole run.

pub mod alarms;
pub mod calendars;
pub mod reader;
