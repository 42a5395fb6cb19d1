//! What the world around a run says of writing: change calendars and alarms.
//!
//! One of the run's workers looks at them each minute and leaves what it saw on the control item, as an [`MonitorStatus`],
//! which every worker reads. A closed calendar holds the run until a look finds it open. An alarm holds the run until
//! no monitors alarm was seen in ALARM for [`QUIET_MILLIS`]; a critical one ends it.

/// How often calendars and alarms are looked at while a run writes, in milliseconds.
pub const READ_EVERY_MILLIS: i64 = 60_000;
/// How long alarms must have been quiet before a run goes on that one of them held, in milliseconds.
pub const QUIET_MILLIS: i64 = 5 * 60_000;
/// What one look saw.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonitorReading {
    /// That a calendar is closed.
    pub closed: Option<Closed>,
    /// Which of the monitors alarms are in ALARM, the critical ones among them.
    pub in_alarm: Vec<String>,
}

/// That the calendars are closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Closed {
    /// When that may change, in epoch milliseconds, as far as the calendars tell.
    pub until: Option<i64>,
}

/// What the looks so far come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MonitorStatus {
    /// When somebody last set out to look, in epoch milliseconds.
    pub last_read_at: i64,
    /// That the calendars were closed.
    pub closed: Option<Closed>,
    /// The alarm that holds the run.
    pub alarm: Option<Alarm>,
}

/// An alarm that was seen in ALARM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Its name; that of the first, if there are several.
    pub name: String,
    /// When it was first seen in ALARM, in epoch milliseconds.
    pub since: i64,
    /// When an alarm was last seen in ALARM, in epoch milliseconds.
    pub seen: i64,
}

impl MonitorStatus {
    /// Whether it is time for another look.
    pub fn is_due(&self, now: i64) -> bool {
        now.saturating_sub(self.last_read_at) >= READ_EVERY_MILLIS
    }

    /// The monitor_status after a look at `now`.
    pub fn after(&self, reading: &MonitorReading, now: i64) -> Self {
        let held = self.alarm.as_ref().filter(|alarm| alarm.holds(now));
        let alarm = match reading.in_alarm.first() {
            Some(name) => Some(Alarm { name: name.clone(), since: held.map_or(now, |alarm| alarm.since), seen: now }),
            None => held.cloned(),
        };
        Self { last_read_at: now, closed: reading.closed, alarm }
    }
}

impl Alarm {
    /// Whether alarms have not been quiet for long enough.
    pub fn holds(&self, now: i64) -> bool {
        now < self.seen.saturating_add(QUIET_MILLIS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::monitors::Monitors;

    fn ringing(name: &str) -> MonitorReading {
        MonitorReading { in_alarm: vec![name.into()], ..MonitorReading::default() }
    }

    #[test]
    fn a_look_is_due_once_a_minute() {
        let monitor_status = MonitorStatus { last_read_at: 1_000, ..MonitorStatus::default() };
        assert!(!monitor_status.is_due(60_999));
        assert!(monitor_status.is_due(61_000));
    }

    #[test]
    fn an_alarm_holds_until_all_were_quiet_for_five_minutes_and_remembers_when_it_began() {
        let first = MonitorStatus::default().after(&ringing("latency"), 0);
        let second = first.after(&ringing("errors"), 60_000);
        assert_eq!(second.alarm, Some(Alarm { name: "errors".into(), since: 0, seen: 60_000 }));
        let quiet = second.after(&MonitorReading::default(), 120_000);
        assert_eq!(quiet.alarm, second.alarm);
        assert!(quiet.alarm.as_ref().unwrap().holds(359_999));
        assert!(!quiet.alarm.as_ref().unwrap().holds(360_000));
        assert_eq!(quiet.after(&MonitorReading::default(), 360_000).alarm, None);
        let again = quiet.after(&ringing("errors"), 400_000);
        assert_eq!(again.alarm.unwrap().since, 400_000);
    }

    #[test]
    fn only_an_alarm_of_the_critical_list_is_critical() {
        let monitors = Monitors { alarms: vec!["a".into()], critical_alarms: vec!["c".into()], calendars: Vec::new() };
        assert_eq!(monitors.critical(&ringing("a").in_alarm), None);
        let both = MonitorReading { in_alarm: vec!["a".into(), "c".into()], ..MonitorReading::default() };
        assert_eq!(monitors.critical(&both.in_alarm), Some("c"));
    }
}
