//! The monitors of a run: the change calendars and CloudWatch alarms that it watches while it writes.
//!
//! What they said last is in [`control::monitor_status`](crate::control::monitor_status).

use serde::{Deserialize, Serialize};

/// The most alarms that a run watches. Source: CloudWatch API reference, DescribeAlarms, AlarmNames.
pub const MAX_ALARMS: usize = 100;

/// What a run looks at while it writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Monitors {
    /// Names or ARNs of Systems Manager change calendars, all of which must be open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<String>,
    /// Names of alarms that hold the run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// Names of alarms that end the run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub critical_alarms: Vec<String>,
}

impl Monitors {
    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        self.calendars.is_empty() && self.alarms.is_empty() && self.critical_alarms.is_empty()
    }

    /// Every monitors alarm.
    pub fn all_alarms(&self) -> Vec<String> {
        self.alarms.iter().chain(&self.critical_alarms).cloned().collect()
    }

    /// The critical alarm among those that are in ALARM.
    pub fn critical<'s>(&self, in_alarm: &'s [String]) -> Option<&'s str> {
        let mut found = in_alarm.iter().filter(|name| self.critical_alarms.contains(name));
        found.next().map(String::as_str)
    }
}
