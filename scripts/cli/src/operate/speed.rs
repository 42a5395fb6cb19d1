//! How fast a phase is, and how long it still takes, computed from successive snapshots.

use super::progress::Progress;
use super::snapshot::Snapshot;
use std::collections::VecDeque;

/// Speeds are averages over this many milliseconds.
const AVERAGED_MILLIS: i64 = 30_000;

/// Keeps the progress of the last half minute.
#[derive(Debug, Default)]
pub struct SpeedMeter {
    /// Times in epoch milliseconds, oldest first.
    samples: VecDeque<(i64, Progress)>,
}

/// The speed of a phase.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Speed {
    /// Items a second.
    pub items: f64,
    /// Write units a second.
    pub write_units: f64,
    /// The estimated time until the phase is done, in seconds; none while no items are processed.
    pub left: Option<u64>,
}

impl SpeedMeter {
    /// Adds a snapshot and returns the speed over the last half minute. Measuring starts over with a new phase, a new
    /// budget and a hold, because the speed before it says nothing about the speed after it.
    pub fn add(&mut self, snapshot: &Snapshot) -> Option<Speed> {
        let progress = snapshot.progress.clone()?;
        let differs = |before: &Progress| before.phase != progress.phase || before.budget != progress.budget;
        let has_paused = snapshot.on_hold.is_some() || snapshot.stopping.is_some();
        if has_paused || self.samples.back().is_some_and(|(_, before)| differs(before)) {
            self.samples.clear();
        }
        self.samples.push_back((snapshot.at, progress));
        while self.samples.len() > 2 && self.samples[1].0 <= snapshot.at - AVERAGED_MILLIS {
            self.samples.pop_front();
        }
        let ((then, before), (now, after)) = (self.samples.front()?, self.samples.back()?);
        let seconds = (now - then) as f64 / 1000.0;
        (seconds > 0.0).then(|| speed(before, after, seconds))
    }
}

fn speed(before: &Progress, after: &Progress, seconds: f64) -> Speed {
    let items = after.processed().saturating_sub(before.processed()) as f64 / seconds;
    let write_units = (after.tally.units.write - before.tally.units.write).max(0.0) / seconds;
    let left = after.items.saturating_sub(after.processed()) as f64 / items;
    Speed { items, write_units, left: (items > 0.0).then_some(left.ceil() as u64) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::RunStatus;
    use tableshift_core::plan::phase::Phase;
    use tableshift_core::write::counts::{Counts, Tally, Units};

    fn snapshot(at: i64, phase: Phase, scanned: u64, write: f64) -> Snapshot {
        let counts = Counts { scanned, ..Counts::default() };
        let tally = Tally { counts, units: Units { read: 0.0, write }, ..Tally::default() };
        let progress = Progress {
            phase,
            segments: 10,
            done: 2,
            running: 4,
            items: 1000,
            tally,
            budget: Some(100.0),
            slowed: None,
        };
        Snapshot {
            run: "r".into(),
            migration: None,
            table: None,
            status: RunStatus::InProgress,
            state: None,
            wave: None,
            bakes_until: None,
            on_hold: None,
            stopping: None,
            error: None,
            cause: None,
            execution: String::new(),
            progress: Some(progress),
            at,
        }
    }

    #[test]
    fn the_speed_is_the_average_of_half_a_minute_and_gives_the_time_left() {
        let mut meter = SpeedMeter::default();
        assert_eq!(meter.add(&snapshot(0, Phase::Migrate, 0, 0.0)), None);
        meter.add(&snapshot(10_000, Phase::Migrate, 100, 200.0));
        meter.add(&snapshot(30_000, Phase::Migrate, 100, 200.0));
        let speed = meter.add(&snapshot(40_000, Phase::Migrate, 400, 500.0)).unwrap();
        // Measured from the snapshot at 10 s on: older ones do not count.
        assert_eq!(speed, Speed { items: 10.0, write_units: 10.0, left: Some(60) });
    }

    #[test]
    fn measuring_starts_over_with_a_new_phase_and_gives_no_time_left_without_progress() {
        let mut meter = SpeedMeter::default();
        meter.add(&snapshot(0, Phase::Migrate, 900, 0.0));
        assert_eq!(meter.add(&snapshot(1_000, Phase::Verify, 0, 0.0)), None);
        assert_eq!(meter.add(&snapshot(2_000, Phase::Verify, 0, 0.0)).unwrap().left, None);
    }

    #[test]
    fn measuring_starts_over_after_a_hold_and_with_a_new_budget() {
        let mut meter = SpeedMeter::default();
        meter.add(&snapshot(0, Phase::Migrate, 0, 0.0));
        assert!(meter.add(&snapshot(2_000, Phase::Migrate, 100, 100.0)).is_some());
        let on_hold = Snapshot { on_hold: Some("paused".into()), ..snapshot(4_000, Phase::Migrate, 120, 120.0) };
        assert_eq!(meter.add(&on_hold), None);
        let resumed = meter.add(&snapshot(6_000, Phase::Migrate, 140, 140.0)).unwrap();
        assert_eq!(resumed.items, 10.0);
        let mut slower = snapshot(8_000, Phase::Migrate, 150, 150.0);
        slower.progress.as_mut().unwrap().budget = Some(50.0);
        assert_eq!(meter.add(&slower), None);
    }
}
