//! Many seeds, on every core, and a summary of their results.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::campaign::faults::sabotage::Sabotage;
use crate::campaign::runs::with_faults::{SeedResult, simulate};

/// The results of many seeds.
#[derive(Debug, Default)]
pub struct Findings {
    /// How many seeds ran.
    pub seeds: u64,
    /// How long they took.
    pub took: Duration,
    /// The guarantee that was broken on purpose.
    pub sabotage: Option<Sabotage>,
    /// How often each fault and each event happened.
    pub counted: BTreeMap<String, u64>,
    /// The promises that were not kept, by seed.
    pub violations: BTreeMap<u64, Vec<String>>,
}

/// Runs seeds until `enough` returns true, and calls `progress` after each.
pub fn run_seeds(
    seeds: Range<u64>,
    sabotage: Option<Sabotage>,
    enough: impl Fn(&Findings) -> bool,
    mut progress: impl FnMut(&Findings),
) -> Findings {
    let started = Instant::now();
    let mut findings = Findings { sabotage, ..Findings::default() };
    let next = &AtomicU64::new(seeds.start);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            let (sender, end) = (sender.clone(), seeds.end);
            scope.spawn(move || {
                while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < end) {
                    if sender.send(simulate(seed, sabotage, false)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for result in &receiver {
            findings.add(result);
            findings.took = started.elapsed();
            progress(&findings);
            if enough(&findings) {
                next.store(seeds.end, Ordering::Relaxed);
            }
        }
    });
    findings
}

impl Findings {
    fn add(&mut self, result: SeedResult) {
        self.seeds += 1;
        for (what, times) in result.counted {
            *self.counted.entry(what).or_default() += times;
        }
        if !result.violations.is_empty() {
            self.violations.insert(result.seed, result.violations);
        }
    }

    /// The number of violations.
    pub fn violation_count(&self) -> usize {
        self.violations.values().map(Vec::len).sum()
    }

    /// How many faults were injected.
    pub fn faults(&self) -> u64 {
        self.counted.iter().filter(|(what, _)| what.starts_with("fault: ")).map(|(_, times)| times).sum()
    }

    /// The command that repeats a seed and prints each step.
    pub fn replay(&self, seed: u64) -> String {
        let sabotage = self.sabotage.map(|sabotage| format!(" --sabotage {}", sabotage.as_str()));
        format!("./scripts/fault-campaign --seed {seed}{}", sabotage.unwrap_or_default())
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, what: &str, times: u64| writeln!(f, "  {what:<58} {times:>9}");
        writeln!(f, "Faults injected")?;
        for (what, times) in &self.counted {
            if let Some(kind) = what.strip_prefix("fault: ") {
                line(f, kind, *times)?;
            }
        }
        line(f, "all", self.faults())?;
        writeln!(f, "What happened")?;
        for (what, times) in
            self.counted.iter().filter(|(what, _)| !what.starts_with("fault: ") && !what.starts_with("asked"))
        {
            line(f, what, *times)?;
        }
        for (seed, violations) in &self.violations {
            writeln!(f, "Seed {seed}: {}", self.replay(*seed))?;
            for violation in violations {
                writeln!(f, "  - {violation}")?;
            }
        }
        writeln!(f, "{} seeds in {:.1} s: {} violations", self.seeds, self.took.as_secs_f64(), self.violation_count())
    }
}
