//! The status of a run's [monitors](crate::plan::settings::monitors): its change calendars and alarms.
//!
//! One of the run's workers reads them every minute and stores a [`MonitorStatus`] on the control item, which every worker
//! reads. A closed calendar puts the run on hold until a reading finds it open. An alarm puts the run on hold until none
//! has been in ALARM for [`QUIET_MILLIS`]; a critical alarm ends the run.

/// How often calendars and alarms are read while a run writes, in milliseconds.
pub const READ_EVERY_MILLIS: i64 = 60_000;
/// How long alarms must be quiet before a hold ends, in milliseconds.
pub const QUIET_MILLIS: i64 = 5 * 60_000;

/// The result of reading calendars and alarms once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonitorReading {
    /// Set if a calendar is closed.
    pub closed: Option<Closed>,
    /// The names of the run's alarms that are in ALARM, critical ones included.
    pub in_alarm: Vec<String>,
}

/// A change calendar is closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Closed {
    /// When that may change, in epoch milliseconds; `None` if the calendar does not say.
    pub until: Option<i64>,
}

/// The status of the monitors after all readings so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonitorStatus {
    /// When a worker last started to read them, in epoch milliseconds.
    pub last_read_at: i64,
    /// Set if a calendar was closed in the last reading.
    pub closed: Option<Closed>,
    /// The alarm that keeps the run on hold, if any.
    pub alarm: Option<Alarm>,
}

/// An alarm that was in ALARM in a recent reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The name of the alarm; the first one if there are several.
    pub name: String,
    /// When the hold by alarms started, in epoch milliseconds.
    pub since: i64,
    /// When an alarm was last seen in ALARM, in epoch milliseconds.
    pub seen: i64,
}

impl MonitorStatus {
    /// Whether the monitors must be read again at `now` (epoch milliseconds).
    pub fn is_due(&self, now: i64) -> bool {
        now.saturating_sub(self.last_read_at) >= READ_EVERY_MILLIS
    }

    /// The status after a reading at `now` (epoch milliseconds).
    pub fn after(&self, reading: &MonitorReading, now: i64) -> Self {
        let current = self.alarm.as_ref().filter(|alarm| alarm.holds(now));
        let alarm = match reading.in_alarm.first() {
            Some(name) => {
                Some(Alarm { name: name.clone(), since: current.map_or(now, |alarm| alarm.since), seen: now })
            }
            None => current.cloned(),
        };
        Self { last_read_at: now, closed: reading.closed, alarm }
    }
}

impl Alarm {
    /// Whether the run is on hold at `now` (epoch milliseconds), because alarms have not been quiet for long enough.
    pub fn holds(&self, now: i64) -> bool {
        now < self.seen.saturating_add(QUIET_MILLIS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::settings::monitors::Monitors;

    fn in_alarm(name: &str) -> MonitorReading {
        MonitorReading { in_alarm: vec![name.into()], ..MonitorReading::default() }
    }

    #[test]
    fn a_reading_is_due_once_a_minute() {
        let status = MonitorStatus { last_read_at: 1_000, ..MonitorStatus::default() };
        assert!(!status.is_due(60_999));
        assert!(status.is_due(61_000));
    }

    #[test]
    fn an_alarm_holds_until_all_were_quiet_for_five_minutes() {
        let first = MonitorStatus::default().after(&in_alarm("latency"), 0);
        let second = first.after(&in_alarm("errors"), 60_000);
        assert_eq!(second.alarm, Some(Alarm { name: "errors".into(), since: 0, seen: 60_000 }));
        let quiet = second.after(&MonitorReading::default(), 120_000);
        assert_eq!(quiet.alarm, second.alarm);
        assert!(quiet.alarm.as_ref().unwrap().holds(359_999));
        assert!(!quiet.alarm.as_ref().unwrap().holds(360_000));
        assert_eq!(quiet.after(&MonitorReading::default(), 360_000).alarm, None);
        let again = quiet.after(&in_alarm("errors"), 400_000);
        assert_eq!(again.alarm.unwrap().since, 400_000);
    }

    #[test]
    fn only_an_alarm_of_the_critical_list_is_critical() {
        let monitors = Monitors { alarms: vec!["a".into()], critical_alarms: vec!["c".into()], calendars: Vec::new() };
        assert_eq!(monitors.critical(&in_alarm("a").in_alarm), None);
        let both = MonitorReading { in_alarm: vec!["a".into(), "c".into()], ..MonitorReading::default() };
        assert_eq!(monitors.critical(&both.in_alarm), Some("c"));
    }
}
