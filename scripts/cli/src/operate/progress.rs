//! How fast a phase goes and when it will be done, from two looks at it. Pure.

use super::look::{Progress, Seen};
use std::collections::VecDeque;
use tableshift_core::plan::phase::Phase;

/// Over how many milliseconds speeds are averaged.
const OVER: i64 = 30_000;

/// The looks of the last half minute.
#[derive(Debug, Default)]
pub struct Pace {
    looks: VecDeque<(i64, Progress)>,
}

/// How fast a phase goes.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Speed {
    /// Items a second.
    pub items: f64,
    /// Write units a second.
    pub write_units: f64,
    /// Seconds until it is done; none while nothing moves.
    pub left: Option<u64>,
}

impl Pace {
    /// Takes a look in and gives the speed over the last half minute; none in the first look at a phase, at a new budget, or
    /// after a hold: what was before tells nothing of what will be.
    pub fn take(&mut self, seen: &Seen) -> Option<Speed> {
        let progress = seen.progress.clone()?;
        let other = |before: &Progress| before.phase != progress.phase || before.budget != progress.budget;
        if seen.held.is_some() || self.looks.back().is_some_and(|(_, before)| other(before)) {
            self.looks.clear();
        }
        self.looks.push_back((seen.at, progress));
        while self.looks.len() > 2 && self.looks[1].0 <= seen.at - OVER {
            self.looks.pop_front();
        }
        let ((then, before), (now, after)) = (self.looks.front()?, self.looks.back()?);
        let seconds = (now - then) as f64 / 1000.0;
        (seconds > 0.0).then(|| speed(before, after, seconds))
    }
}

fn speed(before: &Progress, after: &Progress, seconds: f64) -> Speed {
    let items = after.looked_at().saturating_sub(before.looked_at()) as f64 / seconds;
    let write_units = (after.tally.units.write - before.tally.units.write).max(0.0) / seconds;
    let left = after.items.saturating_sub(after.looked_at()) as f64 / items;
    Speed { items, write_units, left: (items > 0.0).then_some(left.ceil() as u64) }
}

impl Progress {
    /// How many items it has dealt with. A way back goes by the journal and scans nothing.
    pub fn looked_at(&self) -> u64 {
        let (counts, journal) = (&self.tally.counts, &self.tally.journal);
        match self.phase {
            Phase::RollBack => journal.restored + journal.already_restored + journal.spared + journal.gone,
            Phase::DryRun | Phase::Migrate | Phase::Verify => counts.scanned,
        }
    }

    /// How much is done, from 0 to 1: by items where their number is known, and never whole before all segments are.
    pub fn fraction(&self) -> f64 {
        let by_items = self.looked_at() as f64 / self.items.max(1) as f64;
        let by_segments = self.done as f64 / self.segments.max(1) as f64;
        match (self.segments > 0 && self.done == self.segments, self.items > 0) {
            (true, _) => 1.0,
            (false, true) => by_items.min(0.99),
            (false, false) => by_segments.min(0.99),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operate::ended::Standing;
    use tableshift_core::write::counts::{Counts, JournalCounts, Tally, Units};

    pub fn seen(at: i64, phase: Phase, scanned: u64, write: f64) -> Seen {
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
        Seen {
            run: "r".into(),
            migration: None,
            table: None,
            standing: Standing::UnderWay,
            state: None,
            wave: None,
            bakes_until: None,
            held: None,
            error: None,
            cause: None,
            execution: String::new(),
            progress: Some(progress),
            at,
        }
    }

    #[test]
    fn speed_is_averaged_over_half_a_minute_and_tells_what_is_left() {
        let mut pace = Pace::default();
        assert_eq!(pace.take(&seen(0, Phase::Migrate, 0, 0.0)), None);
        pace.take(&seen(10_000, Phase::Migrate, 100, 200.0));
        pace.take(&seen(30_000, Phase::Migrate, 100, 200.0));
        let speed = pace.take(&seen(40_000, Phase::Migrate, 400, 500.0)).unwrap();
        // From the look at 10 s on: what is older does not count.
        assert_eq!(speed, Speed { items: 10.0, write_units: 10.0, left: Some(60) });
    }

    #[test]
    fn another_phase_begins_anew_and_what_stands_still_has_no_end() {
        let mut pace = Pace::default();
        pace.take(&seen(0, Phase::Migrate, 900, 0.0));
        assert_eq!(pace.take(&seen(1_000, Phase::Verify, 0, 0.0)), None);
        assert_eq!(pace.take(&seen(2_000, Phase::Verify, 0, 0.0)).unwrap().left, None);
    }

    #[test]
    fn a_hold_and_a_new_budget_begin_anew() {
        let mut pace = Pace::default();
        pace.take(&seen(0, Phase::Migrate, 0, 0.0));
        assert!(pace.take(&seen(2_000, Phase::Migrate, 100, 100.0)).is_some());
        let held = Seen { held: Some("paused".into()), ..seen(4_000, Phase::Migrate, 120, 120.0) };
        assert_eq!(pace.take(&held), None);
        let on = pace.take(&seen(6_000, Phase::Migrate, 140, 140.0)).unwrap();
        assert_eq!(on.items, 10.0);
        let mut slower = seen(8_000, Phase::Migrate, 150, 150.0);
        slower.progress.as_mut().unwrap().budget = Some(50.0);
        assert_eq!(pace.take(&slower), None);
    }

    #[test]
    fn nothing_is_whole_before_every_segment_is_done() {
        let mut progress = seen(0, Phase::Migrate, 5000, 0.0).progress.unwrap();
        assert_eq!(progress.fraction(), 0.99);
        progress.done = 10;
        assert_eq!(progress.fraction(), 1.0);
        progress.phase = Phase::RollBack;
        progress.tally.journal = JournalCounts { restored: 3, spared: 1, ..JournalCounts::default() };
        assert_eq!(progress.looked_at(), 4);
    }
}
