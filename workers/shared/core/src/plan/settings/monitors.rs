//! The monitors of a run: the change calendars and CloudWatch alarms that it watches while it writes. Their last known
//! status is in [`control::monitor_status`](crate::control::monitor_status).

use serde::{Deserialize, Serialize};

/// The most alarms that a run can watch: as many as one call takes. Source: CloudWatch API reference, DescribeAlarms,
/// AlarmNames.
pub const MAX_ALARMS: usize = 100;

/// The monitors of a run. They do not change after the run is planned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Monitors {
    /// Names or ARNs of Systems Manager change calendars, all of which must be open.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<String>,
    /// Names of alarms that put the run on hold.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub alarms: Vec<String>,
    /// Names of alarms that end the run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub critical_alarms: Vec<String>,
}

impl Monitors {
    /// Whether the run has no monitors.
    pub fn is_empty(&self) -> bool {
        self.calendars.is_empty() && self.alarms.is_empty() && self.critical_alarms.is_empty()
    }

    /// The names of all alarms, critical ones included.
    pub fn all_alarms(&self) -> Vec<String> {
        self.alarms.iter().chain(&self.critical_alarms).cloned().collect()
    }

    /// The first critical alarm in a list of alarms that are in ALARM.
    pub fn critical<'s>(&self, in_alarm: &'s [String]) -> Option<&'s str> {
        let mut found = in_alarm.iter().filter(|name| self.critical_alarms.contains(name));
        found.next().map(String::as_str)
    }
}
